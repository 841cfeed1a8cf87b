"""Groups of ZooKeeper beside those of Kafka: none is mixed up, and what cannot be read is neither gone nor guessed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

import pytest

from exporter.core.model import Failure, Observation
from exporter.settings import Cluster, ZooKeeper
from exporter.sources.zookeeper.source import WithZooKeeper
from tests.support.observations import group, observation
from tests.support.stored_groups import Tree

NOW = 1e9
DAY = 86400.0


class Kafka:
    """A Kafka that has what it is given, and remembers what it was told to expect."""

    def __init__(self, groups: Mapping[str, int] | None = None, *, unread: Iterable[str] = ()) -> None:
        self.groups = groups or {}
        self.unread = frozenset(unread)
        self.expected: list[set[str]] = []
        self.timeouts: list[float] = []

    def observe(self, timeout: float) -> Observation:
        self.timeouts.append(timeout)
        found = {name: group({"t": [offset]}) for name, offset in self.groups.items()}
        failures = tuple(Failure("group", name, "timeout") for name in sorted(self.unread))
        return observation(0, found, {"t": [100, 100]}, unread_groups=self.unread, failures=failures)

    def expect(self, groups: Iterable[str], topics: Mapping[str, int]) -> None:
        self.expected.append(set(groups))

    def refresh_members(self, observation: Observation) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def tree(monkeypatch: pytest.MonkeyPatch) -> Tree:
    made = Tree()
    monkeypatch.setattr("exporter.sources.zookeeper.source.Nodes", lambda _: made)
    return made


def source(kafka: Kafka) -> WithZooKeeper:
    there = ZooKeeper(("zookeeper:2181",))
    return WithZooKeeper(Cluster("c", ("a:1",), members_refresh=0), there, kafka, clock=lambda: NOW)


def offsets(seen: Observation) -> dict[str, list[int]]:
    return {name: found.commits["t"].tolist() for name, found in seen.groups.items() if "t" in found.commits}


def test_groups_of_both_are_observed_and_the_commits_have_their_own_times(tree: Tree) -> None:
    tree.commit("old", "t", 7, at=NOW - 5, partition=1)
    seen = source(Kafka({"new": 3})).observe(10)
    assert offsets(seen) == {"new": [3], "old": [-1, 7]}
    assert seen.groups["old"].commit_times["t"].tolist() == [-1, int(NOW - 5) * 1000]
    assert (seen.groups["old"].type, seen.groups["old"].state, seen.groups["old"].protocol) == (
        "zookeeper",
        "Empty",
        "",
    )


def test_a_group_in_both_is_two_and_kafka_s_keeps_the_name(tree: Tree) -> None:
    tree.commit("billing", "t", 7)
    seen = source(Kafka({"billing": 3, "billing@zookeeper": 4})).observe(10)
    assert offsets(seen) == {"billing": [3], "billing@zookeeper": [4], "billing@zookeeper@zookeeper": [7]}


def test_a_group_in_both_of_which_kafka_s_cannot_be_read_leaves_its_name_free(tree: Tree) -> None:
    tree.commit("billing", "t", 7)
    kafka = Kafka(unread=["billing"])
    seen = source(kafka).observe(10)
    assert (offsets(seen), seen.unread_groups) == ({"billing@zookeeper": [7]}, {"billing"})
    assert Failure("group", "billing", "timeout") in seen.failures


def test_topics_that_kafka_does_not_have_and_partitions_beyond_are_left_out(tree: Tree) -> None:
    tree.commit("old", "t", 7)
    tree.commit("old", "t", 8, partition=2)
    tree.commit("old", "deleted", 9)
    seen = source(Kafka()).observe(10)
    assert {topic: found.tolist() for topic, found in seen.groups["old"].commits.items()} == {"t": [7]}


def test_a_group_that_nobody_would_miss_is_left_out_and_one_with_consumers_is_not(tree: Tree) -> None:
    for name in ("dead", "quiet"):
        tree.commit(name, "t", 7, at=NOW - 8 * DAY)
    tree.commit("away", "t", 7, at=NOW - 6 * DAY)
    tree.register("quiet", "t", "c")
    assert set(source(Kafka()).observe(10).groups) == {"away", "quiet"}


def test_what_zookeeper_does_not_answer_is_unread_and_kafka_is_read_nevertheless(tree: Tree) -> None:
    tree.commit("old", "t", 7)
    tree.commit("dead", "t", 7, at=NOW - 8 * DAY)
    kafka = Kafka({"new": 3})
    both = source(kafka)
    both.observe(10)
    tree.broken = "connection"
    seen = both.observe(10)
    assert (offsets(seen), seen.unread_groups) == ({"new": [3]}, {"old"})
    assert seen.failures == (Failure("zookeeper", "zookeeper:2181", "connection"),)
    tree.broken = ""
    assert set(both.observe(10).groups) == {"new", "old"}


def test_zookeeper_has_half_of_the_time_and_a_second_where_it_had_no_connection_before(tree: Tree) -> None:
    tree.broken = "connection"
    both = source(Kafka())
    for most in (5.0, 1.0):
        started = time.monotonic()
        both.observe(10)
        assert tree.patience[-1] - started == pytest.approx(most, abs=0.5)


def test_kafka_is_told_to_expect_its_own_groups_only(tree: Tree) -> None:
    tree.commit("old", "t", 7)
    tree.commit("billing", "t", 7)
    kafka = Kafka()
    both = source(kafka)
    both.expect(["new", "old", "billing", "billing@zookeeper"], {"t": 2})
    both.observe(10)
    assert kafka.expected == [{"new", "billing"}]


def test_before_zookeeper_was_read_all_that_was_known_and_is_not_in_kafka_is_unread(tree: Tree) -> None:
    tree.commit("old", "t", 7)
    tree.broken = "connection"
    kafka = Kafka({"new": 3})
    both = source(kafka)
    both.expect(["new", "old", "console-consumer-1"], {"t": 2})
    assert both.observe(10).unread_groups == {"old"}
    # Kafka was told of it in doubt, and does not know whether it exists: it is ZooKeeper's all the same.
    tree.broken = ""
    kafka.unread = frozenset({"old"})
    seen = both.observe(10)
    assert (offsets(seen), seen.unread_groups, seen.failures) == ({"new": [3], "old": [7]}, frozenset(), ())


def test_members_are_those_of_the_last_refresh(tree: Tree) -> None:
    tree.commit("old", "t", 7)
    tree.register("old", "t", "old_host-1-ab-0")
    both = source(Kafka())
    seen = both.observe(10)
    assert (seen.groups["old"].state, seen.groups["old"].members) == ("Stable", None)
    both.refresh_members(seen)
    found = both.observe(10).groups["old"].members
    assert found is not None
    assert found.count == 1
