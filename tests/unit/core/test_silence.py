"""When a silence is a stop, when it is a stall, and when it is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from exporter.core.advance import advance
from exporter.core.history import empty
from exporter.core.model import NOT_READ, Observation, Status
from exporter.core.report import Report
from exporter.core.rules import Rule
from tests.support.looks import AT_ONCE, DEFAULT, HOUR, judged, looks, partition, told
from tests.support.observations import group, members, observation

WINDOW = int(DEFAULT.window)
T = 2 * HOUR
"""When it happens, after a rhythm has been learnt."""


def at_every_look(at: int) -> int:
    return at


def every_10_min(at: int) -> int:
    return at // 600 * 600


def usual(committed: Callable[[int], int], **of_group: str) -> list[Observation]:
    return looks(range(0, T + 1, 30), committed, **of_group)


def after(seconds: Iterable[int], committed: int = T, **more: object) -> list[Observation]:
    """Looks so many seconds after T at a group that does not move any more."""
    return looks((T + second for second in seconds), lambda _: committed, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("rhythm", [at_every_look, every_10_min])
def test_consumers_that_have_left_are_given_the_window_whatever_their_rhythm(rhythm: Callable[[int], int]) -> None:
    run = [*usual(rhythm), *after(range(30, 601, 30), state="Empty")]

    (_, ok), (at, status) = told(run)

    assert (ok, status) == (Status.OK, Status.STOP)
    assert at - T in (WINDOW, WINDOW + 30)


@pytest.mark.parametrize("rhythm", [at_every_look, every_10_min])
@pytest.mark.parametrize("when", [0, 300, 480])
def test_a_deployment_of_90_s_is_no_stop(rhythm: Callable[[int], int], when: int) -> None:
    # At 300 s and 480 s the slow one has already been silent for longer than the window.
    run = [
        *looks(range(0, T + when + 1, 30), rhythm),
        *looks(range(T + when + 30, T + when + 91, 30), lambda _: rhythm(T + when), state="Empty"),
        *looks(range(T + when + 120, T + 2400, 30), rhythm),
    ]

    assert told(run) == [(0, Status.OK)]


def test_a_committer_without_members_is_judged_by_its_rhythm_from_the_first_look_on() -> None:
    alone = {"state": "Empty", "protocol": ""}
    assert told(usual(every_10_min, **alone)) == [(0, Status.OK)]

    silent = judged([*usual(every_10_min, **alone), *after(range(30, HOUR, 30), **alone)])
    found = [partition(each) for each in silent]

    assert found[-1].status == Status.STOP
    for each in found:
        why = each.reason()
        assert (each.status == Status.STOP) == (why.silence >= why.tolerated_silence)
    assert min(each.reason().silence for each in found if each.status == Status.STOP) > 600 + WINDOW


def crash_loop(pause: int, until: int = HOUR) -> list[Observation]:
    """It joins for one look and dies before it commits, again and again."""
    return [
        after([second], state="Stable" if second % pause == 0 else "Empty")[0] for second in range(30, until + 1, 30)
    ]


@pytest.mark.parametrize("rhythm", [at_every_look, every_10_min])
@pytest.mark.parametrize("pause", [60, 120, 300])
def test_a_consumer_that_joins_and_dies_is_bad_until_it_moves(rhythm: Callable[[int], int], pause: int) -> None:
    back = looks(range(T + HOUR + 30, T + HOUR + 301, 30), at_every_look)

    found = told([*usual(rhythm), *crash_loop(pause), *back])

    assert [status for _, status in found] == [Status.OK, Status.STOP, Status.OK]
    assert found[2][0] == T + HOUR + 30
    if rhythm is at_every_look:
        assert found[1][0] - T <= WINDOW + 30


def test_a_consumer_that_comes_back_but_does_not_move_is_a_stall_once_it_has_been_there_for_the_window() -> None:
    run = [*usual(at_every_look), *after(range(30, 301, 30), state="Empty"), *after(range(330, 601, 30))]

    assert told(run) == [(0, Status.OK), (T + 120, Status.STOP), (T + 330 + WINDOW, Status.STALL)]


def test_a_partition_that_the_members_do_not_want_is_a_stop() -> None:
    def wanted(ids: list[int], seconds: Iterable[int]) -> list[Observation]:
        return looks((T + at for at in seconds), lambda _: T, members=members({"t": ids}))

    run = [*usual(at_every_look), *wanted([0], [30]), *wanted([], range(60, 301, 30))]

    assert [status for _, status in told(run)] == [Status.OK, Status.STOP]


def test_a_caught_up_partition_is_never_silent() -> None:
    run = looks(range(0, 3 * HOUR, 30), lambda _: 100, lambda _: 100, state="Empty")

    assert {partition(each).reason().silence for each in judged(run)} == {0}


def test_records_that_come_seldom_and_are_consumed_at_once_are_no_silence() -> None:
    # One record each 50 min, committed 90 s after it came.
    run = looks(range(0, 6 * HOUR, 30), lambda at: max(at - 90, 0) // 3000, lambda at: at // 3000)

    found = judged(run)

    assert {partition(each).status for each in found} == {Status.OK}
    assert max(partition(each).reason().silence for each in found) <= 90


@pytest.mark.parametrize(("seconds", "status"), [(WINDOW // 2, Status.STALL), (600, Status.OK)])
def test_a_partition_without_a_leader_cannot_be_consumed(seconds: int, status: Status) -> None:
    # A look that is missed, or two, excuses nothing; an outage does, and a minute afterwards it moves again.
    run = [
        *usual(at_every_look),
        *looks((T + at for at in range(30, seconds, 30)), lambda _: T, lambda _: NOT_READ),
        *after(range(seconds, max(seconds + 90, WINDOW + 31), 30)),
    ]

    readable = [each for each in judged(run) if partition(each).readable]

    assert partition(readable[-1]).status == status


def outage_of_one() -> list[Observation]:
    """Partition 1 is stuck, and cannot be read from 180 s to 1,200 s; the others meanwhile pause twice for long."""
    moves = [*range(0, 181, 30), 600, 630, 1140, *range(1170, 1501, 30)]
    return [
        observation(
            at,
            {"g": group({"t": [moved, 0, moved]}, state="Empty", protocol="")},
            {"t": [1 + at, NOT_READ if 180 <= at < 1200 else 1 + at, 1 + at]},
        )
        for at in range(0, 1501, 30)
        for moved in [max(move for move in moves if move <= at)]
    ]


def without_the_first_end(at: int) -> Observation:
    """Stuck, with an end offset that could not be read at first, nor from 240 s to 3,000 s."""
    end = NOT_READ if at == 0 or 240 <= at < 3000 else 1 + at
    return observation(at, {"g": group({"t": [0]}, state="Empty", protocol="")}, {"t": [end]})


def test_a_silence_does_not_get_shorter_because_the_end_offsets_at_its_beginning_are_forgotten() -> None:
    run = judged([without_the_first_end(at) for at in range(0, 3061, 30)], AT_ONCE)
    read = [found for each in run if (found := partition(each)).readable]
    silences = [found.reason().silence for found in read]

    assert silences == sorted(silences)
    assert {found.status for found in read[-3:]} == {Status.STOP}


def statuses_on_1(reports: Iterable[Report]) -> list[Status]:
    """The verdicts on partition 1 where it could be read."""
    found = (list(report.partitions(report.groups["g"]))[1] for report in reports)
    return [each.status for each in found if each.readable]


def test_a_stop_does_not_end_because_the_other_partitions_have_paused_for_long() -> None:
    statuses = statuses_on_1(judged(outage_of_one(), AT_ONCE))

    assert set(statuses[statuses.index(Status.STOP) :]) == {Status.STOP}


def test_a_stop_that_other_settings_tolerate_may_be_a_pause() -> None:
    run, found, history = outage_of_one(), [], empty(AT_ONCE)
    for each in run:
        history, report = advance(history, each, replace(AT_ONCE, window=HOUR) if each is run[-1] else AT_ONCE)
        found.append(report)

    assert statuses_on_1(found)[-2:] == [Status.STOP, Status.OK]


def test_after_an_outage_silence_begins_anew() -> None:
    run = [
        *usual(at_every_look),
        *looks((T + at for at in range(30, 600, 30)), lambda _: T, lambda _: NOT_READ),
        *after(range(600, 1201, 30)),
    ]

    silent = {(each.at - run[0].at) // 1000 - T: partition(each) for each in judged(run) if partition(each).readable}

    assert silent[600].reason().silence == 0
    assert silent[690].status == Status.OK
    assert silent[750].status == Status.STALL


def test_a_group_whose_coordinator_was_away_is_not_blamed_for_it() -> None:
    unread = [observation(T + at, {}, {"t": [T + at]}, unread_groups=frozenset({"g"})) for at in range(30, 1800, 30)]
    back = looks(range(T + 1830, T + 2400, 30), at_every_look)
    run = [*usual(at_every_look), *unread, *after([1800]), *back]

    found = [each for each in judged(run) if "g" in each.groups]

    assert {partition(each).status for each in found} == {Status.OK}


def test_it_is_told_from_which_silence_a_stop_follows() -> None:
    why = partition(judged([*usual(at_every_look), *after(range(30, 301, 30), state="Empty")])[-1]).reason()

    assert (why.rule, why.silence, why.usual_silence, why.tolerated_silence) == (Rule.STOPPED, 300, 0, WINDOW)


def test_a_group_that_was_never_seen_with_a_member_but_is_one_of_consumers_has_lost_them() -> None:
    """The exporter started after they had gone."""
    stuck = looks(range(0, 301, 30), lambda _: 5, state="Empty")
    committer = looks(range(0, 301, 30), lambda _: 5, state="Empty", protocol="")
    joining = [observation(at, {"g": group({"t": [5]}, state="")}, {"t": [at]}) for at in range(0, 301, 30)]

    assert told(stuck)[-1][1] == Status.STOP
    assert told(committer) == [(0, Status.OK)]
    assert told(joining) == [(0, Status.OK)]
    assert told(committer, AT_ONCE)[-1][1] == Status.STOP
