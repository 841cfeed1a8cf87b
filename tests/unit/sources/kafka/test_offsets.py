"""What Kafka says of topics and offsets: good parts are kept, errors become failures, nothing raises."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.protocol.consumer import ListOffsetsResponse
from kafka.protocol.metadata import MetadataResponse

from exporter.core.model import NOT_READ, Failure
from exporter.settings import Filter
from exporter.sources.kafka.metadata import metadata_of
from exporter.sources.kafka.offsets import batches, by_leader, record_offsets
from exporter.sources.kafka.reasons import reason_of_code
from tests.support.kafka_responses import brokers


def test_metadata_tells_leaders_and_what_cannot_be_read() -> None:
    topic_class = MetadataResponse.MetadataResponseTopic
    partition_class = topic_class.MetadataResponsePartition

    def topic(name: str, leaders: dict[int, int], error_code: int = 0, id_: int = 7) -> Any:
        return topic_class(
            version=12,
            name=name,
            error_code=error_code,
            topic_id=UUID(int=id_),
            partitions=[
                partition_class(version=12, partition_index=number, leader_id=leader, error_code=0)
                for number, leader in leaders.items()
            ],
        )

    metadata = metadata_of(
        MetadataResponse(
            version=12,
            brokers=brokers(1, 2),
            topics=[
                topic("t", {1: 2, 0: 1}),
                topic("u", {0: -1}),
                topic("without an id yet", {0: 1}, id_=0),
                topic("gone", {}, 3),
                topic("secret", {}, 29),
            ],
        ),
        Filter(),
    )
    assert metadata.brokers == (1, 2)
    assert metadata.leaders == {"t": [1, 2], "u": [-1], "without an id yet": [1]}
    assert set(metadata.topic_ids) == {"t", "u"}
    assert metadata.unreadable == {"secret"}
    assert metadata.failures == (
        Failure("partition", "u/0", "no_leader"),
        Failure("topic", "secret", "topic_authorization_failed"),
    )


def test_offsets_that_a_leader_refuses_stay_unread() -> None:
    topic_class = ListOffsetsResponse.ListOffsetsTopicResponse
    partition_class = topic_class.ListOffsetsPartitionResponse
    rows = [(0, 0, 42), (1, 6, -1)]
    partitions = [partition_class(version=5, partition_index=n, error_code=c, offset=o) for n, c, o in rows]
    into = {"t": [NOT_READ, NOT_READ, NOT_READ]}
    failures = record_offsets(
        ListOffsetsResponse(version=5, topics=[topic_class(version=5, name="t", partitions=partitions)]), into
    )
    assert into == {"t": [42, NOT_READ, NOT_READ]}
    assert failures == [Failure("partition", "t/1", "not_leader_for_partition")]


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.lists(st.integers(-1, 4), max_size=30)), st.integers(1, 9))
def test_every_led_partition_is_requested_once_in_batches_of_bounded_size(
    leaders: dict[str, list[int]], size: int
) -> None:
    requested = [
        (node, topic, partition)
        for node, topics in by_leader(leaders).items()
        for batch in batches(topics, size)
        for topic, partitions in batch.items()
        for partition in partitions
    ]
    led = [(node, t, p) for t, nodes in leaders.items() for p, node in enumerate(nodes) if node >= 0]
    assert sorted(requested) == sorted(led)
    for topics in by_leader(leaders).values():
        assert all(0 < sum(map(len, batch.values())) <= size for batch in batches(topics, size))


@pytest.mark.parametrize(
    ("code", "reason"),
    [(0, None), (15, "coordinator_not_available"), (30, "group_authorization_failed"), (999, "error_999")],
)
def test_codes_are_told_by_kafkas_names(code: int, reason: str | None) -> None:
    assert reason_of_code(code) == reason
