"""Commits read straight from the bytes, against what the library decodes from them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.errors import KafkaProtocolError
from kafka.protocol.consumer import OffsetFetchRequest, OffsetFetchResponse

from exporter.sources.kafka.fetched_commits import FetchedCommits, commits_of, read_commits
from exporter.sources.kafka.framing import Framing

Group = OffsetFetchResponse.OffsetFetchResponseGroup
Topic = Group.OffsetFetchResponseTopics
Partition = Topic.OffsetFetchResponsePartitions

names = st.text(max_size=200)
lengths = st.sampled_from([None, 0, 0, 0, 1, 30, 126])


@st.composite
def topics(draw: st.DrawFn, version: int, metadata: st.SearchStrategy[str | None] | None = None) -> Any:
    """A topic; without ``metadata`` that of its partitions has one length."""
    length = draw(lengths)
    one_length = st.none() if length is None else st.just("m" * length)

    def partition(number: int) -> Any:
        return Partition(
            version=version,
            partition_index=number,
            committed_offset=draw(st.integers(-1, 2**63 - 1)),
            committed_leader_epoch=draw(st.integers(-1, 2**31 - 1)),
            metadata=draw(one_length if metadata is None else metadata),
            error_code=draw(st.sampled_from([0, 0, 0, -1, 3, 29])),
        )

    numbers = draw(st.lists(st.integers(-1, 2**31 - 1), max_size=5))
    return Topic(version=version, name=draw(names), partitions=[partition(number) for number in numbers])


@st.composite
def responses(draw: st.DrawFn, metadata: st.SearchStrategy[str | None] | None = None) -> Any:
    version = draw(st.sampled_from([8, 9]))
    groups = [
        Group(
            version=version,
            group_id=draw(names),
            error_code=draw(st.sampled_from([0, 0, 16, 69])),
            topics=draw(st.lists(topics(version, metadata), max_size=3)),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    return OffsetFetchResponse(version=version, throttle_time_ms=draw(st.integers(0, 60_000)), groups=groups)


def as_values(commits: FetchedCommits) -> tuple[Any, ...]:
    columns = (commits.partition, commits.offset, commits.error_code)
    return commits.groups, *(column.tolist() for column in columns)


@given(responses())
@settings(deadline=None)
def test_the_bytes_say_what_the_library_decodes_from_them(response: Any) -> None:
    commits = read_commits(b"header" + bytes(response.encode()), len("header"))
    assert commits is not None
    assert as_values(commits) == as_values(commits_of(response))
    assert commits.throttle_time_ms == response.throttle_time_ms


@given(responses(st.none() | st.text(max_size=300)))
@settings(deadline=None)
def test_what_has_another_shape_is_left_to_the_library(response: Any) -> None:
    commits = read_commits(bytes(response.encode()))
    assert commits is None or as_values(commits) == as_values(commits_of(response))


@given(responses(), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4))
@settings(deadline=None)
def test_changed_bytes_are_commits_or_an_error_of_the_protocol(response: Any, changes: list[tuple[int, int]]) -> None:
    response.with_header(correlation_id=1)
    encoded = bytearray(response.encode(header=True, framed=True))
    for position, byte in changes:
        encoded[4 + position % (len(encoded) - 4)] = byte
    with suppress(KafkaProtocolError):
        received(bytes(encoded), response.API_VERSION)


@pytest.mark.parametrize(
    ("metadata", "as_columns"), [("", True), ("checkpoint", True), (None, True), ("m" * 200, False)]
)
def test_no_object_is_made_for_a_partition_of_the_usual_shape(metadata: str | None, as_columns: bool) -> None:
    partitions = [
        Partition(version=9, partition_index=number, committed_offset=number, metadata=metadata, error_code=0)
        for number in range(1000)
    ]
    every = [
        Group(version=9, group_id=name, error_code=0, topics=[Topic(version=9, name="t", partitions=partitions)])
        for name in ("a", "b", "c")
    ]
    response = OffsetFetchResponse(version=9, groups=every)
    response.with_header(correlation_id=1)
    read = received(bytes(response.encode(header=True, framed=True)), 9)
    assert isinstance(read, FetchedCommits) == as_columns
    assert np.array_equal(commits_of(read).offset, np.tile(np.arange(1000), 3))


def received(encoded: bytes, version: int) -> Any:
    """The response that a connection makes of these bytes."""
    framing = Framing("client")
    request = OffsetFetchRequest(groups=[])
    request.API_VERSION = version
    framing.send_request(request)
    ((_, response),) = framing.receive_bytes(encoded)
    return response
