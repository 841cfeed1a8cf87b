"""End offsets and log start offsets, read from the leader of each partition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from exporter.core.model import NOT_READ, Failure, Int64s
from exporter.sources.kafka.connections import Node
from exporter.sources.kafka.failure_reasons import reason_of_code
from exporter.sources.kafka.messages import ListOffsetsRequest
from exporter.sources.kafka.metadata import NO_LEADER
from exporter.sources.kafka.request_round import NoResponse, RequestRound

LATEST: Final = -1
"""The timestamp that stands for the end offset, by Kafka's protocol."""

EARLIEST: Final = -2
"""The timestamp that stands for the log start offset, by Kafka's protocol."""

READ_UNCOMMITTED: Final = 0
READ_COMMITTED: Final = 1
"""The isolation level in which the end of a partition is its last stable offset, by Kafka's protocol."""

PARTITIONS_PER_REQUEST: Final = 10_000

_Topic = ListOffsetsRequest.ListOffsetsTopic
_Partition = _Topic.ListOffsetsPartition

Offsets = Mapping[str, Int64s]


async def read_offsets(
    requests: RequestRound, leaders: Mapping[str, list[int]], timestamp: int, isolation: int = READ_UNCOMMITTED
) -> tuple[Offsets, tuple[Failure, ...]]:
    """Returns topic → offset by partition id, NOT_READ where a leader did not respond, and the failures."""
    offsets = {topic: [NOT_READ] * len(nodes) for topic, nodes in leaders.items()}
    reads = [
        _read_from_leader(requests, node, _request(batch, timestamp, isolation), offsets)
        for node, topics in by_leader(leaders).items()
        for batch in batches(topics)
    ]
    failures = [failure for of_one in await requests.connections.gather(reads) for failure in of_one]
    return {topic: np.array(values, dtype=np.int64) for topic, values in offsets.items()}, tuple(failures)


def _request(topics: Mapping[str, list[int]], timestamp: int, isolation: int) -> ListOffsetsRequest:
    """The request for some partitions of one leader."""
    return ListOffsetsRequest(
        isolation_level=isolation,
        topics=[
            _Topic(name=topic, partitions=[_Partition(partition_index=p, timestamp=timestamp) for p in partitions])
            for topic, partitions in topics.items()
        ],
        min_version=2 if isolation == READ_COMMITTED else 1,
    )


async def _read_from_leader(
    requests: RequestRound, node: Node, request: ListOffsetsRequest, into: dict[str, list[int]]
) -> list[Failure]:
    """Reads and records the offsets that one leader returns, and returns what failed."""
    try:
        return await requests.send(node, request, lambda response: record_offsets(response, into))
    except NoResponse as failure:
        return [Failure("broker", str(node), failure.reason)]


def record_offsets(response: Any, into: dict[str, list[int]]) -> list[Failure]:
    """Records the offsets of a ListOffsets response, and returns the partitions that failed.

    Raises LookupError if it names a partition that was not requested.
    """
    failures = []
    for topic in response.topics:
        offsets = into[topic.name]
        for partition in topic.partitions:
            if partition.partition_index < 0:
                raise IndexError(f"partition {partition.partition_index} of topic {topic.name}")
            if partition.error_code == 0:
                offsets[partition.partition_index] = partition.offset
            else:
                reason = reason_of_code(partition.error_code) or ""
                failures.append(Failure("partition", f"{topic.name}/{partition.partition_index}", reason))
    return failures


def by_leader(leaders: Mapping[str, list[int]]) -> dict[Node, dict[str, list[int]]]:
    """Leader → topic → partition ids; a partition without a leader is left out."""
    partitions: dict[Node, dict[str, list[int]]] = {}
    for topic, nodes in leaders.items():
        for partition, node in enumerate(nodes):
            if node != NO_LEADER:
                partitions.setdefault(node, {}).setdefault(topic, []).append(partition)
    return partitions


def batches(topics: Mapping[str, list[int]], size: int = PARTITIONS_PER_REQUEST) -> Iterator[dict[str, list[int]]]:
    """Splits topic → partition ids into batches of at most ``size`` partitions."""
    batch: dict[str, list[int]] = {}
    room = size
    for topic, partitions in topics.items():
        rest = partitions
        while rest:
            batch[topic], rest = rest[:room], rest[room:]
            room -= len(batch[topic])
            if room == 0:
                yield batch
                batch, room = {}, size
    if batch:
        yield batch
