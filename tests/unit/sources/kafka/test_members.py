"""What coordinators say of the members of groups, and what is known when they say nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.errors import KafkaTimeoutError
from kafka.protocol.metadata import MetadataResponse

from exporter.core.model import EMPTY, Failure, Members, Observation, Owner
from exporter.settings import Cluster
from exporter.sources.kafka.members import classic_group
from exporter.sources.kafka.messages import ConsumerGroupDescribeResponse
from exporter.sources.kafka.source import KafkaSource
from tests.support.kafka_answers import OneBroker, assigned, brokers, described, describing, fetched, listing, refused


def test_a_classic_groups_assignments_are_read() -> None:
    state, members = classic_group(described(assigned("t", [0, 2])))
    assert (state, members.count) == ("Stable", 1)
    assert members.owners == {"t": {0: Owner("me", "/h"), 2: Owner("me", "/h")}}


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


class Watched:
    """A source on a cluster of one broker, whose members are described after every observation."""

    def __init__(self, broker: OneBroker) -> None:
        self.broker = broker
        self.source = KafkaSource(Cluster("c", ("k:1",), members_refresh=0.0))

    def observe(self, **answers: Any) -> Observation:
        """Describe the members, answered like this, and observe."""
        self.broker.answers |= answers
        self.source.refresh_members(self.source.observe(10.0))
        return self.source.observe(10.0)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    broker = OneBroker(Metadata=MetadataResponse(version=12, brokers=brokers(1), topics=[]), **of_groups("a", "b"))
    monkeypatch.setattr("exporter.sources.kafka.source.Connection", lambda cluster: broker)
    return Watched(broker)


def of_groups(*names: str, state: str = "Stable", type_: str = "classic") -> dict[str, Any]:
    """The answers of a broker that coordinates these groups."""
    return {
        "ListGroups": listing(*((name, state, type_) for name in names)),
        "OffsetFetch": fetched(*((name, 0, {}) for name in names)),
    }


def both() -> Any:
    return describing(*(described(assigned("t", [0]), name=name) for name in ("a", "b")))


def known(seen: Observation) -> list[Members | None]:
    return [seen.groups[name].members for name in sorted(seen.groups)]


def test_a_group_that_cannot_be_described_keeps_its_members_and_is_a_failure_until_it_can(watched: Watched) -> None:
    assert known(watched.observe(DescribeGroups=both())) == [KNOWN, KNOWN]
    more = described(assigned("t", [0, 1]), name="b")
    seen = watched.observe(DescribeGroups=describing(refused("a", NOT_AUTHORIZED), more))
    assert known(seen) == [KNOWN, Members(1, {"t": {0: Owner("me", "/h"), 1: Owner("me", "/h")}})]
    assert seen.failures == (Failure("membership", "a", "group_authorization_failed"),)
    assert watched.observe(DescribeGroups=both()).failures == ()


def test_groups_of_a_broker_that_does_not_answer_keep_their_members(watched: Watched) -> None:
    watched.observe(DescribeGroups=both())
    for _ in range(2):
        seen = watched.observe(DescribeGroups=KafkaTimeoutError())
        assert known(seen) == [KNOWN, KNOWN]
        assert seen.failures == (Failure("membership", "a", "timeout"), Failure("membership", "b", "timeout"))


def test_groups_that_cannot_be_read_when_members_are_described_keep_theirs(watched: Watched) -> None:
    watched.observe(DescribeGroups=both())
    assert watched.observe(ListGroups=KafkaTimeoutError()).unread_groups == {"a", "b"}
    watched.broker.answers |= of_groups("a", "b")
    assert known(watched.source.observe(10.0)) == [KNOWN, KNOWN]


def test_the_members_of_a_group_that_was_never_described_are_not_known(watched: Watched) -> None:
    seen = watched.observe(DescribeGroups=KafkaTimeoutError())
    assert known(seen) == [None, None]
    assert len(seen.failures) == 2


def test_a_group_of_the_new_protocol_that_cannot_be_described_is_a_failure(watched: Watched) -> None:
    group_class = ConsumerGroupDescribeResponse.DescribedGroup
    group = group_class(version=0, group_id="a", error_code=NOT_AUTHORIZED, group_state="", members=[])
    answer = ConsumerGroupDescribeResponse(version=0, groups=[group])
    seen = watched.observe(ConsumerGroupDescribe=answer, **of_groups("a", type_="consumer"))
    assert seen.failures == (Failure("membership", "a", "group_authorization_failed"),)


@pytest.mark.parametrize("left", [("b",), ()])
def test_a_group_that_is_deleted_before_it_is_described_is_no_failure(watched: Watched, left: Iterable[str]) -> None:
    watched.observe(DescribeGroups=both())
    seen = watched.observe(DescribeGroups=describing(*(refused(name, NOT_FOUND) for name in ("a", "b"))))
    assert (known(seen), seen.failures) == ([None, None], ())
    watched.observe(DescribeGroups=KafkaTimeoutError())
    watched.broker.answers |= of_groups(*left)
    assert {failure.subject for failure in watched.source.observe(10.0).failures} == set(left)


def test_a_group_without_members_has_none_whatever_was_known(watched: Watched) -> None:
    watched.observe(DescribeGroups=both())
    assert (
        known(watched.observe(DescribeGroups=both(), **of_groups("a", "b", state="Empty"))) == [Members(0, EMPTY)] * 2
    )
