"""The lag of share groups: Kafka's own number, or none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from kafka.errors import IncompatibleBrokerVersion, KafkaTimeoutError
from kafka.protocol.consumer import ListOffsetsResponse

from exporter.core.model import NOT_READ, Failure, Observation
from exporter.settings import Cluster, Groups
from exporter.sources.kafka.messages import DescribeShareGroupOffsetsResponse
from exporter.sources.kafka.source import KafkaSource
from tests.support.kafka_responses import OneBroker, fetched, listing, metadata, topic

UNKNOWN_TOPIC, FORBIDDEN, NOT_FOUND, UNKNOWN_SERVER_ERROR = 3, 30, 69, -1

_Group = DescribeShareGroupOffsetsResponse.DescribeShareGroupOffsetsResponseGroup
_Topic = _Group.DescribeShareGroupOffsetsResponseTopic
_Partition = _Topic.DescribeShareGroupOffsetsResponsePartition


def lags(group: str, topics: Mapping[str, Mapping[int, tuple[int, int]]], error: int = 0) -> Any:
    """One group of a response; ``topics``: topic → partition → (lag, error code)."""
    return _Group(
        version=1,
        group_id=group,
        error_code=error,
        topics=[
            _Topic(
                version=1,
                topic_name=name,
                partitions=[
                    _Partition(version=1, partition_index=number, start_offset=0, lag=lag, error_code=code)
                    for number, (lag, code) in partitions.items()
                ],
            )
            for name, partitions in topics.items()
        ],
    )


def response(*groups: Any) -> DescribeShareGroupOffsetsResponse:
    return DescribeShareGroupOffsetsResponse(version=1, groups=list(groups))


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> OneBroker:
    broker = OneBroker(
        Metadata=metadata(1, topics=[topic("t", {0: 1, 1: 1, 2: 1}), topic("other", {0: 1})]),
        ListGroups=listing(("g", "Empty", "classic"), ("s", "Stable", "share"), ("denied", "Stable", "share")),
        OffsetFetch=fetched(("g", 0, {})),
        ListOffsets=ListOffsetsResponse(version=7, topics=[]),
    )
    monkeypatch.setattr("exporter.sources.kafka.source.BrokerConnections", lambda _: broker)
    return broker


def observe(broker: OneBroker, answer: Any) -> Observation:
    broker.responses["DescribeShareGroupOffsets"] = answer
    settings = Cluster("c", ("k:1",), groups=Groups(deny=re.compile("denied")), topics=Groups(deny=re.compile("other")))
    return KafkaSource(settings).observe(10.0)


def failures(observation: Observation) -> tuple[Failure, ...]:
    """Those that concern the share group."""
    return tuple(failure for failure in observation.failures if failure.subject.startswith("s"))


def test_the_lag_is_kafkas_and_there_is_none_where_nothing_was_acknowledged_yet(broker: OneBroker) -> None:
    observation = observe(broker, response(lags("s", {"t": {0: (7, 0), 1: (-1, 0), 5: (9, 0)}, "other": {0: (1, 0)}})))
    group = observation.share_groups["s"]
    assert (group.state, group.coordinator) == ("Stable", 1)
    assert {name: offsets.tolist() for name, offsets in group.lags.items()} == {"t": [7, NOT_READ, NOT_READ]}
    assert observation.share_groups.keys() == {"s"}
    assert observation.other_groups == {"s": "share"}
    assert failures(observation) == ()


def test_a_broker_that_does_not_count_lag_is_no_failure(broker: OneBroker) -> None:
    observation = observe(broker, IncompatibleBrokerVersion())
    assert observation.share_groups["s"].lags == {}
    assert failures(observation) == ()
    assert broker.disconnected == []


def test_a_slow_coordinator_costs_only_the_lag(broker: OneBroker) -> None:
    observation = observe(broker, KafkaTimeoutError())
    assert observation.share_groups["s"].lags == {}
    assert failures(observation) == (Failure("group", "s", "timeout"),)
    assert observation.groups.keys() == {"g"}
    assert broker.sent[-1] == "DescribeShareGroupOffsets"


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        (lags("s", {}, FORBIDDEN), (Failure("group", "s", "group_authorization_failed"),)),
        (lags("s", {}, NOT_FOUND), ()),
        (lags("s", {"t": {0: (-1, UNKNOWN_SERVER_ERROR)}}), (Failure("partition", "s/t/0", "unknown"),)),
        (lags("s", {"t": {0: (-1, UNKNOWN_TOPIC)}}), ()),
    ],
)
def test_what_a_coordinator_does_not_say_is_a_failure_unless_it_is_gone(
    broker: OneBroker, group: Any, expected: tuple[Failure, ...]
) -> None:
    assert failures(observe(broker, response(group))) == expected


def test_nothing_is_requested_where_there_is_no_share_group(broker: OneBroker) -> None:
    broker.responses["ListGroups"] = listing(("g", "Empty", "classic"))
    observe(broker, KafkaTimeoutError())
    assert "DescribeShareGroupOffsets" not in broker.sent
