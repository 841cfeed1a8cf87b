"""What coordinators say of the members of groups, and what is known when they say nothing."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.errors import KafkaTimeoutError
from kafka.protocol.metadata import MetadataResponse

from exporter.core.model import EMPTY, Failure, Members, Observation, Owner
from exporter.settings import Cluster
from exporter.sources.kafka.members import classic_group, consumer_group
from exporter.sources.kafka.messages import ConsumerGroupDescribeResponse
from exporter.sources.kafka.source import KafkaSource
from tests.support.kafka_responses import (
    OneBroker,
    absent,
    assigned,
    brokers,
    described,
    describing,
    fetched,
    listing,
    refused,
)


def test_a_classic_groups_assignments_are_read() -> None:
    state, members = classic_group(described(assigned("t", [0, 2])))
    assert (state, members.count) == ("Stable", 1)
    assert members.owners == {"t": {0: Owner("me", "/h"), 2: Owner("me", "/h")}}


@pytest.mark.parametrize(
    "assignment",
    [
        assigned("t", [-1]),
        b"\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff",  # no array of topics
        b"\x00\x01\x00\x00\x00\x01\x00\x01t\xff\xff\xff\xff\xff\xff\xff\xff",  # no array of partitions
        b"\x00\x01\x00\x00\x00\x01\xff\xff\x00\x00\x00\x01\x00\x00\x00\x00\xff\xff\xff\xff",  # no name
        b"\x00\x01\x7f\xff\xff\xff",
    ],
)
def test_a_malformed_assignment_costs_no_other_group_its_members(cluster: OneCluster, assignment: bytes) -> None:
    good = described(assigned("t", [0]), name="b")
    observation = cluster.observe(DescribeGroups=describing(described(assignment, name="a"), good))
    assert known(observation) == [Members(1, None), KNOWN]
    assert observation.failures == ()


@given(st.binary(min_size=1, max_size=60))
def test_an_assignment_that_nobody_can_read_costs_no_more_than_itself(garbage: bytes) -> None:
    state, members = classic_group(described(garbage))
    assert (state, members.count) == ("Stable", 1)


def test_a_protocol_of_its_own_is_not_read_at_all() -> None:
    _, members = classic_group(described(b"\x00\x01whatever", protocol="connect"))
    assert (members.count, members.owners) == (1, None)


KNOWN = Members(1, {"t": {0: Owner("me", "/h")}})
NOT_AUTHORIZED = 30
NOT_FOUND = 69


class OneCluster:
    """A source on a cluster of one broker, whose members are described after every observation."""

    def __init__(self, broker: OneBroker) -> None:
        self.broker = broker
        self.source = KafkaSource(Cluster("c", ("k:1",), members_refresh=0.0))

    def observe(self, **responses: Any) -> Observation:
        """Describe the members, with these responses, and observe."""
        self.broker.responses |= responses
        self.source.refresh_members(self.source.observe(10.0))
        return self.source.observe(10.0)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> OneCluster:
    broker = OneBroker(Metadata=MetadataResponse(version=12, brokers=brokers(1), topics=[]), **of_groups("a", "b"))
    monkeypatch.setattr("exporter.sources.kafka.source.BrokerConnections", lambda _: broker)
    return OneCluster(broker)


def of_groups(*names: str, state: str = "Stable", type_: str = "classic") -> dict[str, Any]:
    """The responses of a broker that coordinates these groups."""
    return {
        "ListGroups": listing(*((name, state, type_) for name in names)),
        "OffsetFetch": fetched(*((name, 0, {}) for name in names)),
    }


def both() -> Any:
    return describing(*(described(assigned("t", [0]), name=name) for name in ("a", "b")))


def known(observation: Observation) -> list[Members | None]:
    """The members of each group, whatever the generation."""
    found = (observation.groups[name].members for name in sorted(observation.groups))
    return [members and replace(members, generation=None) for members in found]


def test_a_group_that_cannot_be_described_keeps_its_members_and_is_a_failure_until_it_can(
    cluster: OneCluster,
) -> None:
    assert known(cluster.observe(DescribeGroups=both())) == [KNOWN, KNOWN]
    more = described(assigned("t", [0, 1]), name="b")
    observation = cluster.observe(DescribeGroups=describing(refused("a", NOT_AUTHORIZED), more))
    assert known(observation) == [KNOWN, Members(1, {"t": {0: Owner("me", "/h"), 1: Owner("me", "/h")}})]
    assert observation.failures == (Failure("membership", "a", "group_authorization_failed"),)
    assert cluster.observe(DescribeGroups=both()).failures == ()


def test_groups_of_a_broker_that_does_not_respond_keep_their_members(cluster: OneCluster) -> None:
    cluster.observe(DescribeGroups=both())
    for _ in range(2):
        observation = cluster.observe(DescribeGroups=KafkaTimeoutError())
        assert known(observation) == [KNOWN, KNOWN]
        assert observation.failures == (Failure("membership", "a", "timeout"), Failure("membership", "b", "timeout"))


def test_groups_that_cannot_be_read_when_members_are_described_keep_theirs(cluster: OneCluster) -> None:
    cluster.observe(DescribeGroups=both())
    assert cluster.observe(ListGroups=KafkaTimeoutError()).unread_groups == {"a", "b"}
    cluster.broker.responses |= of_groups("a", "b")
    assert known(cluster.source.observe(10.0)) == [KNOWN, KNOWN]


@pytest.mark.parametrize("state", ["PreparingRebalance", "CompletingRebalance"])
def test_a_group_that_rebalances_keeps_its_owners_and_is_described_again_at_once(
    cluster: OneCluster, state: str
) -> None:
    cluster.source = KafkaSource(Cluster("c", ("k:1",), members_refresh=3600.0))
    assert known(cluster.observe(DescribeGroups=both())) == [KNOWN, KNOWN]
    cluster.source._members._described_at = float("-inf")  # an hour later
    rebalancing = described(b"", name="a")
    rebalancing.group_state = state
    responses = of_groups("a", "b", state=state) | {
        "DescribeGroups": describing(rebalancing, described(assigned("t", [0]), name="b"))
    }
    assert known(cluster.observe(**responses)) == [KNOWN, KNOWN]
    more = described(assigned("t", [0, 1]), name="a")
    moved = known(cluster.observe(**of_groups("a", "b"), DescribeGroups=describing(more)))[0]
    assert moved is not None
    assert moved.owners is not None
    assert set(moved.owners["t"]) == {0, 1}
    assert known(cluster.observe(DescribeGroups=KafkaTimeoutError()))[0] == moved  # not due


def test_owners_are_not_known_of_a_group_that_is_first_described_while_it_rebalances(cluster: OneCluster) -> None:
    rebalancing = [described(b"", name=name) for name in ("a", "b")]
    for group in rebalancing:
        group.group_state = "CompletingRebalance"
    assert known(cluster.observe(DescribeGroups=describing(*rebalancing))) == [Members(1, None), Members(1, None)]


def test_the_members_of_a_group_that_was_never_described_are_not_known(cluster: OneCluster) -> None:
    observation = cluster.observe(DescribeGroups=KafkaTimeoutError())
    assert known(observation) == [None, None]
    assert len(observation.failures) == 2


def test_a_group_of_the_new_protocol_that_cannot_be_described_is_a_failure(cluster: OneCluster) -> None:
    group_class = ConsumerGroupDescribeResponse.DescribedGroup
    group = group_class(version=0, group_id="a", error_code=NOT_AUTHORIZED, group_state="", members=[])
    response = ConsumerGroupDescribeResponse(version=0, groups=[group])
    observation = cluster.observe(ConsumerGroupDescribe=response, **of_groups("a", type_="consumer"))
    assert observation.failures == (Failure("membership", "a", "group_authorization_failed"),)


@pytest.mark.parametrize("left", [("b",), ()])
def test_a_group_that_is_deleted_before_it_is_described_is_no_failure(cluster: OneCluster, left: Iterable[str]) -> None:
    cluster.observe(DescribeGroups=both())
    observation = cluster.observe(DescribeGroups=describing(*(refused(name, NOT_FOUND) for name in ("a", "b"))))
    assert (known(observation), observation.failures) == ([None, None], ())
    cluster.observe(DescribeGroups=KafkaTimeoutError())
    cluster.broker.responses |= of_groups(*left) | {"DescribeGroups": absent(NOT_FOUND)}
    assert {failure.subject for failure in cluster.source.observe(10.0).failures} == set(left)


def test_a_group_without_members_has_none_whatever_was_known(cluster: OneCluster) -> None:
    cluster.observe(DescribeGroups=both())
    assert (
        known(cluster.observe(DescribeGroups=both(), **of_groups("a", "b", state="Empty"))) == [Members(0, EMPTY)] * 2
    )


def test_the_generation_of_a_classic_group_changes_with_its_members_and_what_they_are_assigned() -> None:
    def generation(*members: tuple[str, bytes], state: str = "Stable") -> object:
        group = described(b"")
        group.group_state = state
        (template,) = group.members
        group.members = [copy(template) for _ in members]
        for member, (id_, assignment) in zip(group.members, members, strict=True):
            member.member_id, member.member_assignment = id_, assignment
        found = classic_group(group)[1]
        assert found is not None
        return found.generation

    one, two = ("m1", assigned("t", [0])), ("m2", assigned("t", [1]))
    generations = [
        generation(one, two),
        generation(one),
        generation(("m1", two[1]), ("m2", one[1])),
        generation(("m3", one[1]), two),
    ]
    assert len(set(generations)) == len(generations)
    assert generation(two, one) == generations[0]
    assert generation(one, two, state="CompletingRebalance") is None
    assert None not in generations


def test_the_generation_of_a_group_of_the_new_protocol_is_its_epoch() -> None:
    group = ConsumerGroupDescribeResponse.DescribedGroup(
        version=0, group_id="a", group_state="Stable", group_epoch=7, members=[]
    )
    assert consumer_group(group) == ("Stable", Members(0, {}, 7))
