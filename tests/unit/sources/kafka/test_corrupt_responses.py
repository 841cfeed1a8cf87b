"""Responses with wrong bytes in them: a failure at worst, and never an unexpected error."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kafka.errors import KafkaProtocolError
from kafka.protocol.consumer import ListOffsetsResponse

from exporter.settings import Cluster
from exporter.sources import ClusterUnavailable
from exporter.sources.kafka.framing import Framing
from exporter.sources.kafka.messages import ListGroupsRequest
from exporter.sources.kafka.source import KafkaSource
from tests.support.kafka_responses import (
    OneBroker,
    assigned,
    described,
    describing,
    fetched,
    listing,
    metadata,
    topic,
)


def list_offsets() -> ListOffsetsResponse:
    topic_class = ListOffsetsResponse.ListOffsetsTopicResponse
    partition = topic_class.ListOffsetsPartitionResponse(version=5, partition_index=0, error_code=0, offset=42)
    return ListOffsetsResponse(version=5, topics=[topic_class(version=5, name="t", partitions=[partition])])


GOOD = {
    "Metadata": metadata(1, topics=[topic("t", {0: 1}), topic("__consumer_offsets", {0: 1})]),
    "ListGroups": listing(("g", "Stable", "classic"), ("h", "Empty", "consumer")),
    "OffsetFetch": fetched(("g", 0, {"t": {0: (40, 0)}}), ("h", 0, {"t": {0: (41, 0)}})),
    "DescribeGroups": describing(described(assigned("t", [0]))),
    "ListOffsets": list_offsets(),
}


def encoded(response: Any, correlation_id: int = 1) -> bytes:
    response.with_header(correlation_id=correlation_id)
    return bytes(response.encode(header=True, framed=True))


def with_changes(good: bytes, changes: list[tuple[int, int]]) -> bytes:
    changed = bytearray(good)
    for position, byte in changes:
        changed[position % len(changed)] = byte
    return bytes(changed)


CHANGES = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4)


@given(kind=st.sampled_from(sorted(GOOD)), changes=CHANGES)
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_changed_bytes_never_cause_an_unexpected_error(
    kind: str, changes: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    response = GOOD[kind]
    try:
        changed = type(response).decode(with_changes(bytes(response.encode()), changes), version=response.API_VERSION)
    except Exception:
        return  # the framing makes an error of the connection of it
    broker = OneBroker(**GOOD | {kind: changed})
    monkeypatch.setattr("exporter.sources.kafka.source.BrokerConnections", lambda _: broker)
    source = KafkaSource(Cluster("c", ("k:1",), members_refresh=0.0))
    with suppress(ClusterUnavailable):
        source.refresh_members(source.observe(10.0))
        source.observe(10.0)


@given(changes=CHANGES, pieces=st.lists(st.integers(1, 20), max_size=5))
def test_changed_bytes_are_a_response_or_an_error_of_the_protocol(
    changes: list[tuple[int, int]], pieces: list[int]
) -> None:
    framing = Framing("client")
    request = ListGroupsRequest()
    request.API_VERSION = 5
    framing.send_request(request)
    framing.send_bytes()
    rest = with_changes(encoded(GOOD["ListGroups"]), changes)
    with suppress(KafkaProtocolError):
        for piece in [*pieces, len(rest)]:
            framing.receive_bytes(rest[:piece])
            rest = rest[piece:]


@given(st.lists(st.integers(1, 30), max_size=8))
def test_a_response_is_complete_in_whatever_pieces_it_arrives(pieces: list[int]) -> None:
    framing = Framing("client")
    for _ in range(2):
        request = ListGroupsRequest()
        request.API_VERSION = 5
        framing.send_request(request)
    rest = encoded(GOOD["ListGroups"], 1) + encoded(GOOD["ListGroups"], 2)
    received = []
    for piece in [*pieces, len(rest)]:
        received += framing.receive_bytes(rest[:piece])
        rest = rest[piece:]
    assert [correlation_id for correlation_id, _ in received] == [1, 2]
    assert [group.group_id for group in received[1][1].groups] == ["g", "h"]
