"""Which groups are gone and which are only missing, while brokers come, go and hand over."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.errors import KafkaTimeoutError
from kafka.protocol.consumer import ListOffsetsResponse

from exporter.core.model import Failure, Observation
from exporter.settings import Cluster
from exporter.sources.kafka.known_groups import SETTLED_ROUNDS, SETTLED_SECONDS, coordinator_partition
from exporter.sources.kafka.messages import ConsumerGroupDescribeResponse
from exporter.sources.kafka.source import KafkaSource
from tests.support.kafka_responses import Brokers, absent, fetched, listing, metadata, topic

NOT_COORDINATOR = 16
FORBIDDEN = 30
NOT_FOUND = 69

# By their names: "a" is on partition 1 of two, "b" on 0.
COORDINATED_BY_1, COORDINATED_BY_2 = "b", "a"


def offsets_topic(*leaders: int) -> Any:
    return topic("__consumer_offsets", dict(enumerate(leaders)))


def coordinator(*names: str, type_: str = "classic", error_code: int = 0) -> dict[str, Any]:
    """The responses of a broker that coordinates these groups."""
    return {
        "ListGroups": listing(*((name, "Empty", type_) for name in names), error_code=error_code),
        "OffsetFetch": fetched(*((name, 0, {}) for name in names)),
        "DescribeGroups": absent(NOT_FOUND),
        "ConsumerGroupDescribe": lambda request: ConsumerGroupDescribeResponse(
            version=0,
            groups=[
                ConsumerGroupDescribeResponse.DescribedGroup(
                    version=0, group_id=name, error_code=NOT_FOUND, group_state="", members=[]
                )
                for name in request.group_ids
            ],
        ),
    }


class TwoBrokers:
    """A source on two brokers, each the coordinator of one group, with a clock that stands still."""

    def __init__(self) -> None:
        self.now = 0.0
        self.brokers = Brokers({1: coordinator(COORDINATED_BY_1), 2: coordinator(COORDINATED_BY_2)})
        self.lead(1, 2)
        self.source = KafkaSource(Cluster("c", ("k:1",)))
        self.source._known_groups._clock = lambda: self.now

    def lead(self, *leaders: int, nodes: tuple[int, ...] = (1, 2)) -> None:
        """Lets the metadata name these brokers, and these leaders of the topic with the commits."""
        topics = [topic("orders", {0: 1}), *([offsets_topic(*leaders)] if leaders else [])]
        for responses in self.brokers.of_node.values():
            responses["Metadata"] = metadata(*nodes, topics=topics)
            responses["ListOffsets"] = ListOffsetsResponse(version=5, topics=[])

    def respond(self, node: int, responses: dict[str, Any]) -> None:
        self.brokers.of_node[node] |= responses

    def observe(self) -> Observation:
        return self.source.observe(10.0)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> TwoBrokers:
    cluster = TwoBrokers()
    monkeypatch.setattr("exporter.sources.kafka.source.BrokerConnections", lambda _: cluster.brokers)
    return cluster


def group_failures(observation: Observation) -> set[Failure]:
    return {failure for failure in observation.failures if failure.scope == "group"}


@pytest.mark.parametrize(
    ("group", "partitions", "partition"),
    [
        # As Kafka's own code places them.
        ("my-group", 50, 12),
        ("kafka-txn-0", 50, 30),
        ("polygenelubricants", 50, 0),  # the hash that has no absolute value
        ("a", 2, 1),
        ("", 50, 0),
        ("𝄞", 1000, 1772394 % 1000),  # two UTF-16 units
    ],
)
def test_a_group_is_on_the_partition_that_java_computes(group: str, partitions: int, partition: int) -> None:
    assert coordinator_partition(group, partitions) == partition


@given(st.text(), st.integers(1, 1000))
def test_every_group_is_on_one_of_the_partitions(group: str, partitions: int) -> None:
    assert 0 <= coordinator_partition(group, partitions) < partitions


def test_a_group_is_gone_when_its_coordinator_says_so(cluster: TwoBrokers) -> None:
    assert set(cluster.observe().groups) == {"a", "b"}
    cluster.respond(2, coordinator())
    observation = cluster.observe()
    assert (set(observation.groups), observation.unread_groups) == ({"b"}, frozenset())
    assert group_failures(observation) == set()


@pytest.mark.parametrize("type_", ["classic", "consumer", ""])
def test_a_group_is_gone_although_another_broker_does_not_respond(cluster: TwoBrokers, type_: str) -> None:
    cluster.respond(2, coordinator("a", type_=type_))
    cluster.observe()
    cluster.respond(1, {"ListGroups": KafkaTimeoutError()})
    cluster.respond(2, coordinator())
    assert cluster.observe().unread_groups == {"b"}


def test_thousands_of_temporary_groups_are_not_kept_while_a_broker_does_not_respond(cluster: TwoBrokers) -> None:
    cluster.observe()
    cluster.respond(1, {"ListGroups": KafkaTimeoutError()})
    for number in range(20):
        cluster.respond(2, coordinator(*(f"{number}-{name}" for name in range(100))))
        observation = cluster.observe()
    gone = {f"{number}-{name}" for number in range(19) for name in range(100)}
    assert coordinator_partition("18-1", 2) != coordinator_partition("18-2", 2)
    assert {name for name in gone & observation.unread_groups if coordinator_partition(name, 2) == 1} == set()


def test_groups_whose_commits_have_no_leader_are_unread_and_a_failure(cluster: TwoBrokers) -> None:
    cluster.observe()
    cluster.lead(1, -1, nodes=(1,))
    for _ in range(5):
        cluster.now += SETTLED_SECONDS
        observation = cluster.observe()
        assert (set(observation.groups), observation.unread_groups) == ({"b"}, {"a"})
        assert group_failures(observation) == {Failure("group", "a", "coordinator_not_available")}
        assert Failure("partition", "__consumer_offsets/1", "no_leader") in observation.failures


def test_a_group_that_no_broker_lists_while_it_is_handed_over_is_unread_and_a_failure(cluster: TwoBrokers) -> None:
    cluster.observe()
    cluster.lead(1, 1)
    cluster.respond(1, {"DescribeGroups": absent(NOT_COORDINATOR)})
    cluster.respond(2, {**coordinator(), "DescribeGroups": absent(NOT_COORDINATOR)})
    for _ in range(SETTLED_ROUNDS + 1):
        observation = cluster.observe()
        assert observation.unread_groups == {"a"}
        assert group_failures(observation) == {Failure("group", "a", "not_coordinator")}
    cluster.respond(1, coordinator("a", "b"))
    assert set(cluster.observe().groups) == {"a", "b"}


def test_a_coordinator_that_is_loading_its_groups_has_not_said_that_one_is_gone(cluster: TwoBrokers) -> None:
    cluster.observe()
    cluster.respond(2, coordinator(error_code=14))
    observation = cluster.observe()
    assert observation.unread_groups == {"a"}
    assert observation.failures[0] == Failure("broker", "2", "coordinator_load_in_progress")


def test_where_groups_are_placed_otherwise_a_group_is_gone_when_its_former_coordinator_says_so(
    cluster: TwoBrokers,
) -> None:
    cluster.lead(2, 1)  # not where Kafka would place them
    cluster.respond(1, {"DescribeGroups": absent(NOT_COORDINATOR)})
    cluster.observe()
    cluster.respond(2, coordinator())
    assert cluster.observe().unread_groups == frozenset()


def test_a_group_that_nobody_knows_of_is_gone_once_the_cluster_has_settled(cluster: TwoBrokers) -> None:
    cluster.observe()
    cluster.respond(1, {"DescribeGroups": absent(NOT_COORDINATOR)})
    cluster.respond(2, {**coordinator(), "DescribeGroups": absent(NOT_COORDINATOR)})
    for _ in range(SETTLED_ROUNDS):
        assert cluster.observe().unread_groups == {"a"}
    cluster.now += SETTLED_SECONDS
    assert cluster.observe().unread_groups == frozenset()


def test_a_group_that_may_no_longer_be_described_stays_a_failure(cluster: TwoBrokers) -> None:
    cluster.observe()
    cluster.respond(2, {**coordinator(), "DescribeGroups": absent(FORBIDDEN)})
    for _ in range(SETTLED_ROUNDS + 1):
        cluster.now += SETTLED_SECONDS
        assert group_failures(cluster.observe()) == {Failure("group", "a", "group_authorization_failed")}


@pytest.mark.parametrize("leaders", [(1, 2), ()], ids=["seen", "not seen"])
def test_groups_of_a_retained_history_are_unread_until_their_coordinator_says_that_they_are_gone(
    cluster: TwoBrokers, leaders: tuple[int, ...]
) -> None:
    cluster.lead(*leaders)
    cluster.source.expect(["a", "c"], {})
    cluster.respond(1, {"ListGroups": KafkaTimeoutError()})
    cluster.respond(2, {**coordinator(), "DescribeGroups": absent(NOT_COORDINATOR)})
    assert cluster.observe().unread_groups == {"a", "c"}
    cluster.respond(1, coordinator("b"))
    cluster.respond(2, coordinator())
    assert cluster.observe().unread_groups == frozenset()


def test_a_group_that_two_brokers_list_is_unread(cluster: TwoBrokers) -> None:
    cluster.respond(1, coordinator("a", "b"))
    observation = cluster.observe()
    assert (set(observation.groups), observation.unread_groups) == ({"b"}, {"a"})
    assert group_failures(observation) == {Failure("group", "a", "several_coordinators")}


@pytest.mark.parametrize(("code", "failures"), [(FORBIDDEN, 1), (NOT_FOUND, 0)])
def test_no_group_at_all_is_a_failure_if_none_may_be_described(cluster: TwoBrokers, code: int, failures: int) -> None:
    for node in (1, 2):
        cluster.respond(node, {**coordinator(), "DescribeGroups": absent(code)})
    cluster.source = KafkaSource(Cluster("c", ("k:1",)))
    found = [failure for failure in cluster.observe().failures if failure.scope == "cluster"]
    assert found == [Failure("cluster", "c", "group_authorization_failed")] * failures
