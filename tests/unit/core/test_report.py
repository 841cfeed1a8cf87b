"""What is said of a cluster after an observation."""

import pytest

from exporter.core.evaluation import EvaluationSettings
from exporter.core.model import NO_OFFSET, NOT_READ, Observation, Status
from tests.support.looks import AT_ONCE
from tests.support.observations import column, group, members, observation, reported, statuses


def test_the_lag_of_a_group_is_the_sum_over_its_partitions() -> None:
    report = reported([observation(0, {"g": group({"t": [10, 100], "u": [5]})}, {"t": [30, 100], "u": [12]})])

    found = report.groups["g"]
    assert (found.total_lag, found.max_lag, found.partitions) == (27, 20, 3)


def test_a_commit_beyond_the_end_is_no_lag() -> None:
    report = reported([observation(0, {"g": group({"t": [100]})}, {"t": [30]})])

    assert report.groups["g"].total_lag == 0


def test_a_partition_without_a_readable_commit_or_end_offset_is_not_shown() -> None:
    report = reported(
        [observation(0, {"g": group({"t": [10, NO_OFFSET, NOT_READ, 10]})}, {"t": [30, 30, 30, NOT_READ]})]
    )

    assert report.columns.snapshot.readable.tolist() == [True, False, False, False]
    assert (report.groups["g"].partitions, report.groups["g"].total_lag) == (1, 20)


def test_of_a_group_without_any_readable_commit_nothing_is_said() -> None:
    report = reported([observation(0, {"g": group({"gone": [10]}), "h": group({})}, {"t": [30]})])

    for name in ("g", "h"):
        found = report.groups[name]
        assert (found.status, found.complete, found.total_lag, found.partitions) == (Status.NOTFOUND, 0.0, 0, 0)


def test_a_group_that_could_not_be_read_is_not_in_the_report() -> None:
    report = reported(
        [
            observation(0, {"g": group({"t": [10]})}, {"t": [30]}),
            observation(30, {}, {"t": [30]}, unread_groups=frozenset({"g"})),
        ]
    )

    assert dict(report.groups) == {}


def test_a_group_is_at_err_if_a_partition_is_worse_than_warn() -> None:
    quick = EvaluationSettings(window=3, patience=3, min_distance=0)
    stuck_and_fine = [observation(at, {"g": group({"t": [10, 30]})}, {"t": [30, 30]}) for at in range(5)]
    report = reported(stuck_and_fine, quick)

    assert statuses(report) == [Status.STALL, Status.OK]
    assert report.groups["g"].status == Status.ERR


def test_a_group_is_as_complete_as_the_share_of_its_partitions_with_a_complete_window() -> None:
    quick = EvaluationSettings(window=3, patience=3, min_distance=0)
    seen = [observation(at, {"g": group({"t": [10, 30 if at else NO_OFFSET]})}, {"t": [30, 30]}) for at in range(4)]
    report = reported(seen, quick)

    assert report.columns.verdicts.complete.tolist() == [1.0, pytest.approx(2 / 3)]
    assert report.groups["g"].complete == 0.5


def test_an_alive_group_with_known_members_says_which_topics_it_has_left() -> None:
    of_t = members({"t": [0]})
    report = reported([observation(0, {"g": group({"t": [1], "left": [1]}, members=of_t)}, {"t": [9], "left": [9]})])

    assert report.groups["g"].subscribed == {"t": True, "left": False}


@pytest.mark.parametrize("state", ["Empty", "Dead"])
def test_a_group_that_is_not_alive_says_nothing_of_what_it_subscribes_to(state: str) -> None:
    report = reported([observation(0, {"g": group({"t": [1]}, state=state, members=members({}))}, {"t": [9]})])

    assert report.groups["g"].subscribed == {}


def test_a_stuck_consumer_is_a_stall_and_an_absent_one_a_stop() -> None:
    seen = [
        observation(at, {"stuck": group({"t": [10]}), "absent": group({"t": [10]}, state="Empty")}, {"t": [50 + at]})
        for at in range(0, 331, 30)
    ]
    report = reported(seen, AT_ONCE)

    assert statuses(report, "stuck") == [Status.STALL]
    assert statuses(report, "absent") == [Status.STOP]


def test_a_reader_of_committed_records_is_not_blamed_for_a_transaction_that_took_long() -> None:
    def seen(at: int, committed: int, stable: int) -> Observation:
        known = {"stable_offsets": {"t": column([stable])}, "committed_readers": frozenset({"g"})}
        return observation(at, {"g": group({"t": [committed]})}, {"t": [10 * at]}, **known)

    waiting = [seen(at, 0, 0) for at in range(0, 600, 30)]

    assert statuses(reported([*waiting, seen(600, 0, 6000)], AT_ONCE)) == [Status.OK]
    assert statuses(reported([*waiting, seen(600, 50, 6000)], AT_ONCE)) == [Status.OK]
    stuck = [seen(at, 0, 6000) for at in range(600, 751, 30)]
    assert statuses(reported([*waiting, *stuck[:3]], AT_ONCE)) == [Status.OK]
    assert statuses(reported([*waiting, *stuck], AT_ONCE)) == [Status.STALL]


def test_a_topic_that_an_alive_group_no_longer_subscribes_to_is_a_stop() -> None:
    of_t = members({"t": [0]})
    seen = [
        observation(at, {"g": group({"t": [at], "left": [10]}, members=of_t)}, {"t": [at], "left": [50 + at]})
        for at in range(0, 331, 30)
    ]
    report = reported(seen, AT_ONCE)

    assert statuses(report, topic="t") == [Status.OK]
    assert statuses(report, topic="left") == [Status.STOP]


def test_a_log_that_nothing_was_ever_deleted_from_is_no_danger_to_anybody() -> None:
    def margin(*starts: int) -> float | None:
        names = [f"t{number}" for number in range(len(starts))]
        seen = observation(
            0,
            {"g": group({name: [50] for name in names})},
            {name: [1000] for name in names},
            start_offsets={name: column([start]) for name, start in zip(names, starts, strict=True)},
        )
        return reported([seen]).groups["g"].retention_margin

    assert margin(0) == 1.0
    assert margin(0, 40) == pytest.approx(10 / 960)
    assert margin(60) == pytest.approx(-10 / 940)
