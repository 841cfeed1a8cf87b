"""What leaders say of offsets: good parts are kept, errors become failures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.protocol.consumer import ListOffsetsResponse

from exporter.core.model import NOT_READ, Failure
from exporter.sources.kafka.failure_reasons import reason_of_code
from exporter.sources.kafka.offsets import batches, by_leader, record_offsets


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


@pytest.mark.parametrize(("name", "partition"), [("t", 3), ("t", -1), ("other", 0)])
def test_offsets_of_a_partition_that_was_not_requested_are_refused(name: str, partition: int) -> None:
    topic_class = ListOffsetsResponse.ListOffsetsTopicResponse
    row = topic_class.ListOffsetsPartitionResponse(version=5, partition_index=partition, error_code=0, offset=42)
    response = ListOffsetsResponse(version=5, topics=[topic_class(version=5, name=name, partitions=[row])])
    with pytest.raises(LookupError):
        record_offsets(response, {"t": [NOT_READ] * 3})
