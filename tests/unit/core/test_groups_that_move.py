"""A group that begins to commit to Kafka, and did to ZooKeeper under its name, has no history there."""

from __future__ import annotations

from exporter.core.model import Observation
from tests.support.observations import folded, group, observation, reported, window

START_MS = 1_700_000_000_000


def stored(at: int, offset: int) -> Observation:
    found = group({"t": [offset]}, times={"t": [START_MS + at * 1000]}, type="zookeeper")
    return observation(at, {"g": found}, {"t": [5000]})


def in_kafka(at: int, offset: int) -> Observation:
    return observation(at, {"g": group({"t": [offset]})}, {"t": [5000]})


def test_commits_of_one_place_are_not_continued_by_those_of_the_other() -> None:
    before = [stored(at, 1000 + at) for at in range(0, 121, 30)]
    after = [in_kafka(at, at) for at in range(150, 211, 30)]
    assert len(window(folded(before), row=0)) == 5
    assert [offset for offset, *_ in window(folded([*before, *after]), row=0)] == [150, 180, 210]
    assert reported([*before, *after]).groups["g"].total_lag == 5000 - 210
    assert [offset for offset, *_ in window(folded([*before, *after, stored(240, 1240)]), row=0)] == [1240]


def test_a_group_that_stays_where_it_is_keeps_its_commits() -> None:
    rounds = [stored(0, 10), observation(30, {}, {"t": [5000]}, unread_groups=frozenset({"g"})), stored(60, 20)]
    assert [offset for offset, *_ in window(folded(rounds), row=0)] == [10, 20]
