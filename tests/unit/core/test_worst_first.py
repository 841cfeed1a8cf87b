"""The one order of everything that is listed worst first."""

from __future__ import annotations

from exporter.core.model import Status
from tests.support.looks import AT_ONCE
from tests.support.observations import columns, group, observation, reported


def test_groups_are_ordered_by_status_lag_in_seconds_lag_and_name() -> None:
    steps = range(0, 601, 30)
    groups = [
        {
            "stalled": group({"t": [50, 100 + at]}),
            "stopped, more lag": group({"t": [50, 50]}, state="Empty"),
            "late": group({"t": [100 + at // 10] * 2}),
            "b, as late": group({"t": [100 + at // 10] * 2}),
            "a, ok": group({"t": [100 + at, 100 + at]}),
            "slow to commit": group({"t": [99 + at, 99 + at]}),
            "unread": group({"t": [-2]}),
        }
        for at in steps
    ]
    report = reported(
        [observation(at, each, {"t": [100 + at] * 2}) for at, each in zip(steps, groups, strict=True)], AT_ONCE
    )

    assert [(each.name, each.status) for each in report.worst_first()] == [
        ("stopped, more lag", Status.ERR),
        ("stalled", Status.ERR),
        ("b, as late", Status.WARN),
        ("late", Status.WARN),
        ("slow to commit", Status.OK),
        ("a, ok", Status.OK),
        ("unread", Status.NOTFOUND),
    ]


def test_fewer_records_come_first_where_they_are_older() -> None:
    """Of two with the same status; by records alone the busy topic would hide the old lag."""
    run = [
        observation(
            at,
            {"old": group({"t": [0]}), "busy": group({"u": [100 * at if at <= 60 else 6000]})},
            {"t": [5], "u": [100 * at + 1]},
        )
        for at in range(0, 301, 30)
    ]
    report = reported(run, AT_ONCE)

    first, second = report.worst_first()
    assert (first.name, second.name) == ("old", "busy")
    assert first.status == second.status == Status.ERR
    assert first.total_lag < second.total_lag


def test_a_partition_is_a_value_with_its_offsets_reason_and_commits() -> None:
    run = [observation(at, {"g": group({"t": [10, -1, -2]})}, {"t": [10 + at, 7, 7]}) for at in range(0, 211, 30)]
    report = reported(run, AT_ONCE)
    stalled, never, unread = report.partitions(report.groups["g"])

    assert (stalled.topic, stalled.partition, stalled.status) == ("t", 0, Status.STALL)
    assert (stalled.committed, stalled.end, stalled.lag, stalled.readable) == (10, 220, 210, True)
    assert stalled.reason().rule == "stalled"
    assert [commit.offset for commit in stalled.commits()] == [10] * stalled.retained
    assert stalled.ends(since=run[-2].at) == [(run[-2].at, 190), (run[-1].at, 220)]
    assert [(one.readable, one.unreadable, one.retained, one.lag) for one in (never, unread)] == [
        (False, False, 0, 0),
        (False, True, 0, 0),
    ]
    assert report.statuses(report.groups["g"])[Status.STALL] == 1


def test_topics_name_their_consumers_worst_first() -> None:
    run = [
        observation(
            at,
            {"stuck": group({"t": [0, 0]}), "fine": group({"t": [10 + at, 10 + at]})},
            {"t": [10 + at, 10 + at], "unused": [5]},
            start_offsets=columns({"t": [0, 0], "unused": [0]}),
        )
        for at in range(0, 211, 30)
    ]
    report = reported(run, AT_ONCE)
    topics = report.topics()

    assert [consumer.group for consumer in topics["t"].consumers] == ["stuck", "fine"]
    assert (topics["t"].status, topics["t"].lag, topics["t"].records) == (Status.STALL, 440, 440)
    assert (topics["unused"].status, topics["unused"].consumers, topics["unused"].records) == (Status.NOTFOUND, (), 5)
    assert [one.furthest_behind for one in report.partitions_of_topic("t")] == ["stuck", "stuck"]
