"""What coordinators say of Streams groups: which member owns which partition, and which groups still exist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from exporter.core.model import Members, Observation, Owner
from exporter.settings import Cluster
from exporter.sources.kafka.messages import StreamsGroupDescribeResponse
from exporter.sources.kafka.source import KafkaSource
from exporter.sources.kafka.streams_members import streams_group
from tests.support.kafka_responses import OneBroker, absent, fetched, listing, metadata, topic

NOT_FOUND = 69
SIZES = {"orders": 2, "customers": 3, "app-repartition": 2}
ORDERS_AND_CUSTOMERS, REPARTITION = (["orders", "customers"], []), ([], ["app-repartition"])

_Group = StreamsGroupDescribeResponse.DescribedGroup
_Part = _Group.Topology.Subtopology
_Member = _Group.Member
_Assignment = _Member.Assignment
_Tasks = _Assignment.TaskIds


def tasks(partitions: Mapping[str, list[int]]) -> list[Any]:
    """Subtopology → its tasks."""
    return [_Tasks(version=0, subtopology_id=part, partitions=numbers) for part, numbers in partitions.items()]


def member(client: str, active: Mapping[str, list[int]], standby: Mapping[str, list[int]] | None = None) -> Any:
    assignment = _Assignment(version=0, active_tasks=tasks(active), standby_tasks=tasks(standby or {}), warmup_tasks=[])
    return _Member(
        version=0,
        member_id=client,
        client_id=client,
        client_host="/h",
        assignment=assignment,
        target_assignment=assignment,
    )


def described(
    *members: Any, topology: Mapping[str, tuple[list[str], list[str]]] | None, state: str = "Stable", error: int = 0
) -> Any:
    """Group "g"; ``topology``: subtopology → its source topics, and those that repartition."""
    parts = None if topology is None else [subtopology(name, *topics) for name, topics in topology.items()]
    return _Group(
        version=0,
        group_id="g",
        error_code=error,
        group_state=state,
        group_epoch=5,
        topology=_Group.Topology(version=0, epoch=0, subtopologies=parts),
        members=list(members),
    )


def subtopology(name: str, source_topics: list[str], repartition: list[str]) -> Any:
    return _Part(
        version=0,
        subtopology_id=name,
        source_topics=source_topics,
        repartition_source_topics=[_Part.TopicInfo(version=0, name=topic) for topic in repartition],
    )


def test_a_member_owns_what_its_active_tasks_read() -> None:
    group = described(
        member("a", {"0": [0], "1": [0, 1]}, standby={"0": [1]}),
        member("b", {"0": [1, 2]}),
        topology={"0": ORDERS_AND_CUSTOMERS, "1": REPARTITION},
    )
    a, b = Owner("a", "/h"), Owner("b", "/h")
    owners = {"orders": {0: a, 1: b}, "customers": {0: a, 1: b, 2: b}, "app-repartition": {0: a, 1: a}}
    assert streams_group(group, SIZES) == ("Stable", Members(2, owners, 5))


def test_partitions_that_a_topic_does_not_have_are_nobodys() -> None:
    group = described(member("a", {"0": [2]}), topology={"0": (["orders", "customers", "filtered out"], [])})
    assert streams_group(group, SIZES)[1].owners == {
        "orders": {},
        "customers": {2: Owner("a", "/h")},
        "filtered out": {},
    }


@pytest.mark.parametrize("topology", [None, {"9": ORDERS_AND_CUSTOMERS}])
def test_owners_are_not_known_while_the_topology_is_not(topology: Any) -> None:
    group = described(member("a", {"0": [0]}), member("b", {}), topology=topology)
    assert streams_group(group, SIZES) == ("Stable", Members(2, None, 5))


def of_streams_group(state: str) -> dict[str, Any]:
    """The responses of a broker that coordinates "g"."""
    return {
        "Metadata": metadata(1, topics=[topic("orders", {0: 1})]),
        "ListGroups": listing(("g", state, "streams")),
        "OffsetFetch": fetched(("g", 0, {"orders": {0: (4, 0)}})),
        "StreamsGroupDescribe": StreamsGroupDescribeResponse(
            version=0,
            groups=[described(member("a", {"0": [0, 1]}), topology={"0": ORDERS_AND_CUSTOMERS}, state=state)],
        ),
    }


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> OneBroker:
    broker = OneBroker(**of_streams_group("Stable"))
    monkeypatch.setattr("exporter.sources.kafka.source.BrokerConnections", lambda _: broker)
    return broker


def observed(source: KafkaSource) -> Observation:
    """What is observed once the members have been described."""
    source.refresh_members(source.observe(10.0))
    return source.observe(10.0)


def test_a_streams_group_is_read_like_any_other(broker: OneBroker) -> None:
    observation = observed(KafkaSource(Cluster("c", ("k:1",))))
    group = observation.groups["g"]
    assert (group.state, group.type, group.alive) == ("Stable", "streams", True)
    assert group.commits["orders"].tolist() == [4]
    assert group.members == Members(1, {"orders": {0: Owner("a", "/h")}, "customers": {}}, 5)
    assert observation.other_groups == {}


def test_a_streams_group_that_is_not_ready_has_members_but_is_not_alive(broker: OneBroker) -> None:
    broker.responses |= {
        "ListGroups": listing(("g", "NotReady", "streams")),
        "StreamsGroupDescribe": StreamsGroupDescribeResponse(
            version=0, groups=[described(member("a", {}), topology={"0": ORDERS_AND_CUSTOMERS}, state="NotReady")]
        ),
    }
    group = observed(KafkaSource(Cluster("c", ("k:1",)))).groups["g"]
    assert (group.state, group.alive) == ("NotReady", False)
    assert group.members == Members(1, {}, 5)


@pytest.mark.parametrize(("error", "unread"), [(0, {"g"}), (NOT_FOUND, set())])
def test_a_streams_group_that_is_not_listed_is_gone_only_if_its_coordinator_does_not_know_it(
    broker: OneBroker, error: int, unread: set[str]
) -> None:
    source = KafkaSource(Cluster("c", ("k:1",)))
    source.observe(10.0)
    broker.responses |= {
        "ListGroups": listing(),
        "DescribeGroups": absent(NOT_FOUND),
        "StreamsGroupDescribe": StreamsGroupDescribeResponse(
            version=0, groups=[described(topology=None, error=error, state="Stable" if not error else "")]
        ),
    }
    assert source.observe(10.0).unread_groups == unread
