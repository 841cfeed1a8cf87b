"""A lag that rests at what only transaction markers occupy is no lag, and everything else is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exporter.core.evaluation import EvaluationSettings
from exporter.core.model import Observation, Status
from exporter.core.resting import MAX_MARKERS, MIN_RESTS
from exporter.core.rules import Rule
from tests.support.looks import HOUR, judged, looks, partition, told

EVERY = 300
"""A transaction of 10 records each so many seconds; 90 s later they have been consumed."""


def at_rest(markers: Callable[[int], int], transactions: int, idle: int = 0) -> list[Observation]:
    """A topic whose n-th transaction ends with so many markers, and a consumer that commits last record + 1."""

    def number(at: int) -> int:
        return min(at // EVERY, transactions)

    def end(at: int) -> int:
        return 1000 + sum(10 + markers(n) for n in range(1, number(at) + 1))

    def committed(at: int) -> int:
        consumed = number(at - 90) if at >= 90 else 0
        return 1000 + sum(10 + markers(n) for n in range(1, consumed + 1)) - (markers(consumed) if consumed else 1)

    return looks(range(0, EVERY * (transactions + 1) + idle, 30), committed, end)


def one(_: int) -> int:
    return 1


def one_or_two(number: int) -> int:
    return 1 + number % 2


@pytest.mark.parametrize("markers", [one, one_or_two], ids=["1", "1 or 2"])
def test_an_idle_topic_of_transactions_is_caught_up_at_its_markers(markers: Callable[[int], int]) -> None:
    run = at_rest(markers, transactions=MIN_RESTS + 2, idle=10 * HOUR)

    assert told(run) == [(0, Status.OK)]
    last = partition(judged(run)[-1])
    assert (last.reason().rule, last.lag) == (Rule.AT_MARKERS, markers(MIN_RESTS + 2))
    assert last.reason().markers == max(markers(1), markers(2))


def test_before_it_has_rested_often_it_is_given_the_patience() -> None:
    run = at_rest(one, transactions=1, idle=3 * HOUR)
    rested_at = EVERY + 90

    found = told(run, EvaluationSettings(patience=2 * HOUR))

    assert [status for _, status in found] == [Status.OK, Status.STALL]
    assert found[1][0] - rested_at == pytest.approx(2 * HOUR, abs=60)


def test_a_consumer_that_is_stuck_on_the_last_record_is_found() -> None:
    # Until now it has always consumed everything.
    last = EVERY * 12
    run = [
        *looks(range(0, last, 30), lambda at: at // EVERY * EVERY, lambda at: at // EVERY * EVERY),
        *looks(range(last, last + HOUR, 30), lambda _: last - 1, lambda _: last),
    ]

    assert [status for _, status in told(run)] == [Status.OK, Status.STALL]
    assert partition(judged(run)[-1]).lag == 1


def test_a_partition_that_has_been_at_0_has_no_markers() -> None:
    learnt = at_rest(one, transactions=MIN_RESTS + 2)
    at, end = 10_000, 1000 + 11 * (MIN_RESTS + 2)
    caught_up = looks([at], lambda _: end, lambda _: end)
    one_more = looks(range(at + 30, at + HOUR, 30), lambda _: end, lambda _: end + 1)

    found = [partition(each) for each in judged([*learnt, *caught_up, *one_more])]

    assert [each.reason().markers for each in found][-1] == 0
    assert found[-1].status == Status.STALL


def test_what_comes_after_the_markers_is_lag() -> None:
    learnt = at_rest(one, transactions=MIN_RESTS + 2)
    at, end = 10_000, 1000 + 11 * (MIN_RESTS + 2)
    more = looks(range(at, at + HOUR, 30), lambda _: end - 1, lambda now: end + (now - at) // 30)

    found = [partition(each) for each in judged([*learnt, *more])]

    assert found[len(learnt)].reason().rule == Rule.AT_MARKERS
    assert (found[-1].status, found[-1].reason().markers) == (Status.STALL, 1)


def test_a_lag_too_large_for_markers_is_none() -> None:
    def many(_: int) -> int:
        return MAX_MARKERS + 1

    last = partition(judged(at_rest(many, transactions=MIN_RESTS + 2, idle=2 * HOUR))[-1])

    assert (last.status, last.reason().markers) == (Status.STALL, 0)


def test_a_hang_at_more_than_it_usually_rests_at_is_found_after_the_patience() -> None:
    usual = looks(range(0, 3600, 30), lambda at: at // 300 * 300, lambda at: at // 300 * 300 + 1)
    hang = looks(range(3600, 9000, 30), lambda _: 3599, lambda _: 3601)
    changes = told([*usual, *hang])
    assert [status for _, status in changes] == [Status.OK, Status.STALL]
    assert changes[-1][0] >= 3600 + EvaluationSettings().patience
