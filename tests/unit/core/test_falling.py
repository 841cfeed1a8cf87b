"""Falling behind is a matter of time: what grows by more than chance explains, and what only seems to."""

from __future__ import annotations

import random

import pytest

from exporter.core.evaluation import EvaluationSettings
from exporter.core.model import Observation, Status
from exporter.core.rules import Rule
from tests.support.looks import DEFAULT, HOUR, judged, looks, partition, told
from tests.support.observations import column

RATE = 20
"""Records a second."""
WINDOW = int(DEFAULT.window)
T = 1800
"""When it happens, after the usual production is known."""


def keeping_up(until: int) -> list[Observation]:
    return looks(range(0, until, 30), lambda at: RATE * at, lambda at: RATE * at)


def slower(pace: float, until: int) -> list[Observation]:
    """From T on a consumer of this share of what is produced."""
    return looks(range(T, until + 1, 30), lambda at: RATE * T + int(pace * RATE * (at - T)), lambda at: RATE * at)


@pytest.mark.parametrize(("pace", "within"), [(0.1, 240), (0.5, 240), (0.8, 400)])
def test_a_consumer_that_is_too_slow_falls_behind_from_soon_until_it_catches_up(pace: float, within: int) -> None:
    found = told([*keeping_up(T), *slower(pace, T + HOUR)])

    assert [status for _, status in found] == [Status.OK, Status.WARN]
    assert found[1][0] - T <= within


def test_a_consumer_of_nearly_the_producers_pace_keeps_up() -> None:
    assert told([*keeping_up(T), *slower(0.97, T + 2 * HOUR)]) == [(0, Status.OK)]


@pytest.mark.parametrize(("shrinks", "at_least", "at_most"), [(0, WINDOW, 600), (5, 0, 120), (RATE, 0, 60)])
def test_it_stays_so_while_the_lag_stays_and_ends_when_it_shrinks(shrinks: int, at_least: int, at_most: int) -> None:
    until = T + 600

    def committed(at: int) -> int:
        return RATE * at - max(RATE * 600 // 2 - shrinks * (at - until), 0)

    run = [
        *keeping_up(T),
        *slower(0.5, until),
        *looks(range(until + 30, until + 1201, 30), committed, lambda at: RATE * at),
    ]

    found = told(run)

    assert [status for _, status in found] == [Status.OK, Status.WARN, Status.OK]
    assert at_least <= found[2][0] - until <= at_most


def test_a_reader_with_a_delay_is_not_late_because_more_is_produced() -> None:
    # It reads what is ten minutes old while the production grows from 1 to 15 records a second.
    def end(at: int) -> int:
        return at + at * at // 1000

    run = looks(range(600, 2 * HOUR, 30), lambda at: end(at - 600), end)

    found = [partition(each) for each in judged(run)]

    assert {each.status for each in found} == {Status.OK}
    assert found[-1].lag > 5 * found[0].lag


def test_a_lag_of_which_only_a_lower_bound_is_known_grows_with_time_alone() -> None:
    # Ten hours behind as it was first seen, and constantly so.
    run = looks(range(0, 2 * HOUR, 30), lambda at: 2 * at, lambda at: 100_000 + 2 * at + at // 30)

    found = judged(run)

    assert found[-1].groups["g"].lag_is_lower_bound
    assert {partition(each).status for each in found} == {Status.OK}


def test_a_burst_is_given_time_to_be_consumed() -> None:
    # For four minutes 3 times as much comes as can be consumed; then it is worked off.
    def end(at: int) -> int:
        return RATE * at + 5 * RATE * min(max(at - T, 0), 240)

    def committed(at: int) -> int:
        return min(end(at), RATE * min(at, T) + 2 * RATE * max(at - T, 0))

    run = looks(range(0, 2 * HOUR, 30), committed, end)

    assert max(partition(each).lag_seconds for each in judged(run)) > DEFAULT.window
    assert told(run) == [(0, Status.OK)]


@pytest.mark.parametrize("seed", range(4))
def test_batches_of_uneven_length_are_no_trend(seed: int) -> None:
    chance, done = random.Random(seed), [0]  # noqa: S311
    while done[-1] < 3 * HOUR:
        done.append(done[-1] + chance.randint(45, 240))

    def committed(at: int) -> int:
        """What was there when the batch began that was done last."""
        began = [end for end in done if end <= at]
        return RATE * (began[-2] if len(began) > 1 else 0)

    assert told(looks(range(0, 3 * HOUR, 30), committed, lambda at: RATE * at)) == [(0, Status.OK)]


def test_the_reason_says_by_how_much_and_over_how_long() -> None:
    why = partition(judged([*keeping_up(T), *slower(0.5, T + 600)])[-1]).reason()

    assert why.rule == Rule.FALLING_BEHIND
    assert why.lag_growth == pytest.approx(why.growth_span / 2, rel=0.2)
    assert why.growth_span >= DEFAULT.window


def test_a_lag_within_the_allowed_one_does_not_fall_behind() -> None:
    assert told([*keeping_up(T), *slower(0.5, T + 600)], EvaluationSettings(allowed_lag=100_000)) == [(0, Status.OK)]


def test_the_lag_of_a_commit_below_the_log_start_is_that_of_the_oldest_record_there_is() -> None:
    # One record a second; at the end only those of the last two minutes are left.
    before = looks(range(0, 3600, 30), lambda _: 10)
    last = looks([3600], lambda _: 10, more={"start_offsets": {"t": column([3480])}})

    found = partition(judged([*before, *last])[-1])

    assert (found.lag, found.lost) == (120, 3470)
    assert (found.lag_seconds, found.lag_is_lower_bound) == (120, False)
