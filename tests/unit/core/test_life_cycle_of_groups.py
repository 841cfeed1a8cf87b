"""What becomes of groups, topics and partitions: a test for each row about them of the table in docs/history.md.

The rows about clusters and the exporter itself are in tests/unit/test_life_cycle_of_clusters.py.
"""

from __future__ import annotations

from exporter.core.model import NO_OFFSET, NOT_READ, Failure, Observation, Status
from tests.support.life_cycle import WINDOW, healthy, status_of, young
from tests.support.observations import column, folded, group, members, observation, reported, statuses, window


def absent(at: int, committed: int = 1000) -> Observation:
    """Nobody is there, and others go on writing."""
    return observation(at, {"g": group({"t": [committed]}, state="Empty")}, {"t": [1100 + 10 * at]})


def test_a_group_is_deleted() -> None:
    before = [healthy(at) for at in WINDOW]
    gone = observation(210, {}, {"t": [1210]})

    assert reported([*before, gone]).groups == {}
    assert folded([*before, gone]).group_topics.rows == 0
    assert young(reported([*before, gone, healthy(240)]))


def test_commits_expire_or_are_deleted() -> None:
    before = [observation(at, {"g": group({"t": [10, 20]})}, {"t": [50, 50]}) for at in WINDOW]
    one = observation(210, {"g": group({"t": [NO_OFFSET, 20]}, state="Empty")}, {"t": [50, 50]})
    none = observation(240, {"g": group({}, state="Empty")}, {"t": [50, 50]})

    assert reported(before).groups["g"].total_lag == 70
    of_one, of_none = reported([*before, one]), reported([*before, one, none])
    assert (of_one.groups["g"].partitions, of_one.groups["g"].total_lag) == (1, 30)
    assert (status_of(of_none), of_none.groups["g"].partitions, of_none.groups["g"].total_lag) == (0, 0, 0)
    assert window(folded([*before, one]), row=0) == []


def test_a_group_loses_its_members() -> None:
    before = [healthy(at) for at in WINDOW]
    away = [absent(at, committed=1180) for at in range(210, 601, 30)]

    found = [status_of(reported([*before, *away[:number]])) for number in range(1, len(away) + 1)]

    # It was caught up at 180 s, and its silence is longer than the window, 120 s, from 300 s on.
    assert found == [Status.OK] * 3 + [Status.ERR] * 11
    assert statuses(reported([*before, *away])) == [Status.STOP]


def test_a_group_comes_back() -> None:
    before = [healthy(at) for at in WINDOW] + [absent(at, committed=1180) for at in range(210, 601, 30)]
    back = observation(630, {"g": group({"t": [7200]})}, {"t": [7400]})

    assert status_of(reported(before)) == Status.ERR
    found = reported([*before, back])
    assert status_of(found) == Status.OK
    assert found.groups["g"].complete == 1.0


def test_a_group_leaves_a_topic() -> None:
    def seen(at: int) -> Observation:
        subscribed = members({"kept": [0]})
        commits = group({"kept": [at], "left": [100]}, protocol="consumer", members=subscribed)
        return observation(at, {"g": commits}, {"kept": [at], "left": [200 + at]})

    found = reported([seen(at) for at in WINDOW])

    assert found.groups["g"].subscribed == {"kept": True, "left": False}
    assert (statuses(found, topic="kept"), statuses(found, topic="left")) == ([Status.OK], [Status.STOP])


def test_a_group_cannot_be_read() -> None:
    before = [healthy(at) for at in WINDOW]
    unread = [
        observation(
            at,
            {},
            {"t": [1000 + at]},
            unread_groups=frozenset({"g"}),
            failures=(Failure("broker", "2", "timeout"),),
        )
        for at in range(210, 901, 30)
    ]
    back = observation(930, {"g": group({"t": [1900]})}, {"t": [1930]})

    while_unread = reported([*before, *unread])
    assert while_unread.groups == {}
    assert while_unread.failures == (Failure("broker", "2", "timeout"),)
    assert window(folded([*before, *unread])) == window(folded(before))
    again = reported([*before, *unread, back])
    assert (status_of(again), again.groups["g"].complete) == (Status.OK, 1.0)


def test_a_group_gets_another_coordinator() -> None:
    before = [observation(at, {"g": group({"t": [at]}, coordinator=1)}, {"t": [at]}) for at in WINDOW]
    moved = observation(210, {"g": group({"t": [210]}, coordinator=2)}, {"t": [210]})

    found = reported([*before, moved])

    assert (found.groups["g"].coordinator, found.groups["g"].complete) == (2, 1.0)


def test_a_group_becomes_one_of_another_type() -> None:
    before = [observation(at, {"g": group({"t": [at]}, type="classic")}, {"t": [at]}) for at in WINDOW]
    consumer = observation(210, {"g": group({"t": [210]}, type="consumer")}, {"t": [210]})
    share = observation(240, {}, {"t": [240]}, other_groups={"g": "share"})

    assert reported([*before, consumer]).groups["g"].complete == 1.0
    found = reported([*before, consumer, share])
    assert (found.groups, found.not_evaluated) == ({}, {"g": "share"})
    assert found.history.group_topics.rows == 0


def test_a_topic_is_deleted() -> None:
    commits = group({"kept": [5], "gone": [10]})
    before = [observation(at, {"g": commits}, {"kept": [6], "gone": [50]}) for at in WINDOW]
    # Kafka takes the commits away a moment later than the topic.
    after = observation(210, {"g": commits}, {"kept": [6]})

    assert reported(before).groups["g"].total_lag == 41
    found = reported([*before, after])
    assert (found.groups["g"].total_lag, set(found.groups["g"].topics), set(found.end_offsets)) == (
        1,
        {"kept"},
        {"kept"},
    )
    assert found.history.topics.keys == ("kept",)


def test_a_topic_is_recreated() -> None:
    before = [
        observation(at, {"g": group({"t": [at]})}, {"t": [500 + 10 * at]}, topic_ids={"t": "first"})
        for at in range(0, 1200, 30)
    ]
    anew = observation(1200, {"g": group({"t": [2]})}, {"t": [5]}, topic_ids={"t": "second"})

    assert status_of(reported(before)) == Status.WARN
    found = reported([*before, anew])
    assert (status_of(found), young(found), found.groups["g"].total_lag) == (Status.OK, True, 3)
    assert found.groups["g"].lag_is_lower_bound
    assert [offset for offset, _, _ in window(found.history)] == [2]


def test_a_topic_is_recreated_and_kafka_does_not_say_so() -> None:
    before = [observation(at, {"g": group({"t": [500 + at]})}, {"t": [500 + at]}) for at in WINDOW]
    left_over = observation(210, {"g": group({"t": [680]})}, {"t": [5]})
    lower = observation(240, {"g": group({"t": [2]})}, {"t": [9]})

    found = reported([*before, left_over])
    assert (found.groups["g"].total_lag, found.groups["g"].beyond_end, status_of(found)) == (0, 1, Status.OK)
    found = reported([*before, left_over, lower])
    assert (found.groups["g"].total_lag, found.groups["g"].beyond_end) == (7, 0)
    assert statuses(found) == [Status.REWIND]


def test_a_topic_has_fewer_partitions() -> None:
    commits = group({"t": [10, 20, 30]})
    before = [observation(at, {"g": commits}, {"t": [50, 50, 50]}, topic_ids={"t": "first"}) for at in WINDOW]
    # Commits on partitions that are gone may still be there.
    fewer = observation(210, {"g": commits}, {"t": [15]}, topic_ids={"t": "second"})

    found = reported([*before, fewer])

    assert (found.groups["g"].partitions, found.groups["g"].total_lag) == (1, 5)
    assert found.history.topics.rows == found.history.group_topics.rows == 1


def test_a_topic_gets_more_partitions() -> None:
    before = [observation(at, {"g": group({"t": [at]})}, {"t": [at]}) for at in WINDOW]
    more = observation(210, {"g": group({"t": [210, NO_OFFSET, 3]})}, {"t": [210, 9, 9]})

    found = reported([*before, more])

    rows = found.groups["g"].topics["t"]
    assert found.columns.snapshot.readable[rows].tolist() == [True, False, True]
    assert found.columns.verdicts.complete[rows].tolist() == [1.0, 0.0, 0.0]
    assert found.groups["g"].complete == 0.5


def test_a_partition_cannot_be_read() -> None:
    before = [observation(at, {"g": group({"t": [at, at]})}, {"t": [at, at]}) for at in WINDOW]
    unread = [observation(at, {"g": group({"t": [at, at]})}, {"t": [NOT_READ, at]}) for at in range(210, 601, 30)]
    back = observation(630, {"g": group({"t": [630, 630]})}, {"t": [630, 630]})

    while_unread = reported([*before, *unread])
    told = while_unread.groups["g"]
    assert (told.partitions, told.unreadable, told.complete) == (1, 1, 0.5)
    assert int(while_unread.history.ends.count[0]) == int(folded(before).ends.count[0])
    again = reported([*before, *unread, back])
    told = again.groups["g"]
    assert (told.partitions, told.unreadable, told.complete) == (2, 0, 1.0)


def test_records_are_deleted_unread() -> None:
    seen = observation(0, {"g": group({"t": [10]})}, {"t": [100]}, start_offsets={"t": column([40])})

    found = reported([seen])

    assert found.groups["g"].total_lag == 60
    assert found.columns.snapshot.lost.tolist() == [30]
    assert found.groups["g"].retention_margin == -0.5


def test_a_log_is_cut_off() -> None:
    before = [observation(at, {"g": group({"t": [100 + at]})}, {"t": [100 + at]}) for at in WINDOW]
    cut = observation(210, {"g": group({"t": [280]})}, {"t": [250]})

    found = reported([*before, cut])

    assert (found.groups["g"].total_lag, found.groups["g"].beyond_end, status_of(found)) == (0, 1, Status.OK)
