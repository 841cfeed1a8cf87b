"""A group some of whose partitions cannot be read: what is not known is not OK, and what is known stays."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from exporter.core.model import NOT_READ, Observation, Status
from tests.support.life_cycle import WINDOW
from tests.support.observations import column, group, observation, reported

LATER = range(210, 331, 30)


def seen(at: int, *, ends: Sequence[int] = (), others: bool = False) -> Observation:
    """On partition 0 of "t" the group has stopped, on partition 1 and on "u" it keeps up."""
    groups = {"g": group({"t": [100, 1000 + at], "u": [at]}, state="Empty")}
    if others:
        groups |= {"fine": group({"u": [at]}), "new": group({"u": [at]})}
    return observation(at, groups, {"t": ends or [1000 + at, 1000 + at], "u": [at]})


STOPPED = [seen(at) for at in WINDOW]


def test_a_group_whose_only_bad_partition_cannot_be_read_is_not_ok() -> None:
    assert reported(STOPPED).groups["g"].status is Status.ERR

    unread = reported([*STOPPED, *(seen(at, ends=[NOT_READ, 1000 + at]) for at in LATER)])
    again = reported([*STOPPED, *(seen(at, ends=[NOT_READ, 1000 + at]) for at in LATER), seen(360)])

    assert (unread.groups["g"].status, unread.groups["g"].worst) == (Status.NOTFOUND, Status.OK)
    assert again.groups["g"].status is Status.ERR


def test_what_is_known_to_be_bad_stays_bad() -> None:
    partly = reported([*STOPPED, *(seen(at, ends=[1000 + at, NOT_READ]) for at in LATER)])
    assert partly.groups["g"].status is Status.ERR


def test_the_status_on_a_topic_and_that_of_the_topic_follow_the_same_rule() -> None:
    topics = reported([*STOPPED, seen(210, ends=[NOT_READ, 1210], others=True)]).topics()
    assert (topics["t"].status, topics["t"].consumers[0].status) == (Status.NOTFOUND, Status.NOTFOUND)
    assert topics["u"].status is Status.OK
    assert [topic.name for topic in sorted(topics.values(), key=lambda topic: topic.rank)] == ["t", "u"]


def test_a_group_that_is_not_known_to_be_ok_is_listed_before_those_that_are() -> None:
    found = reported([*STOPPED, seen(210, ends=[NOT_READ, 1210], others=True)])
    assert [one.name for one in found.worst_first()] == ["g", "fine", "new"]


@pytest.mark.parametrize("others", [False, True])
def test_the_time_to_catch_up_is_not_made_of_partitions_that_have_become_unreadable(others: bool) -> None:
    before = [
        observation(at, {"g": group({"t": [100 + at, 100 + at]})}, {"t": [10_000 + at, 200 + at]}) for at in WINDOW
    ]
    groups = {"g": group({"t": [310, 310]})} | ({"new": group({"t": [1]})} if others else {})
    unread = observation(210, groups, {"t": [NOT_READ, 410]})

    assert reported([*before, unread]).groups["g"].catch_up_seconds is None


def test_the_time_to_catch_up_is_not_made_of_partitions_that_were_not_there_before() -> None:
    def more(at: int, commits: Sequence[int]) -> Observation:
        return observation(at, {"g": group({"t": commits})}, {"t": column([200 + at] * len(commits)).tolist()})

    before = [more(at, [100 + at]) for at in WINDOW]
    assert reported([*before, more(210, [300, 0])]).groups["g"].catch_up_seconds is None
