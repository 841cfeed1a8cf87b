"""End offsets and log start offsets, read from the leader of each partition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from exporter.core.model import NOT_READ, Failure, Int64s
from exporter.sources.kafka.connection import NoAnswer, Node, Round, reason_of_code
from exporter.sources.kafka.messages import ListOffsetsRequest
from exporter.sources.kafka.metadata import NO_LEADER

LATEST: Final = -1
"""The timestamp that asks for the end offset, by Kafka's protocol."""

EARLIEST: Final = -2
"""The timestamp that asks for the log start offset, by Kafka's protocol."""

READ_UNCOMMITTED: Final = 0
READ_COMMITTED: Final = 1
"""The isolation level in which the end of a partition is its last stable offset, by Kafka's protocol."""

PARTITIONS_PER_REQUEST: Final = 10_000

_Topic = ListOffsetsRequest.ListOffsetsTopic
_Partition = _Topic.ListOffsetsPartition

Offsets = Mapping[str, Int64s]


async def read_offsets(
    questions: Round, leaders: Mapping[str, list[int]], timestamp: int, isolation: int = READ_UNCOMMITTED
) -> tuple[Offsets, tuple[Failure, ...]]:
    """Return topic → offset by partition id, NOT_READ where a leader did not answer, and the failures."""
    offsets = {topic: [NOT_READ] * len(nodes) for topic, nodes in leaders.items()}
    asked = by_leader(leaders)
    answers = [
        _ask(questions, node, _request(batch, timestamp, isolation), offsets)
        for node, topics in asked.items()
        for batch in batches(topics)
    ]
    failures = [failure for found in await questions.connection.together(answers) for failure in found]
    return {topic: np.array(values, dtype=np.int64) for topic, values in offsets.items()}, tuple(failures)


def _request(topics: Mapping[str, list[int]], timestamp: int, isolation: int) -> ListOffsetsRequest:
    """Return the request for some partitions of one leader."""
    return ListOffsetsRequest(
        isolation_level=isolation,
        topics=[
            _Topic(name=topic, partitions=[_Partition(partition_index=p, timestamp=timestamp) for p in partitions])
            for topic, partitions in topics.items()
        ],
        min_version=2 if isolation == READ_COMMITTED else 1,
    )


async def _ask(questions: Round, node: Node, request: ListOffsetsRequest, into: dict[str, list[int]]) -> list[Failure]:
    """Ask one leader, note the offsets, and return what failed."""
    try:
        answer = await questions.ask(node, request)
    except NoAnswer as refusal:
        return [Failure("broker", str(node), refusal.reason)]
    return note_offsets(answer, into)


def note_offsets(answer: Any, into: dict[str, list[int]]) -> list[Failure]:
    """Note the offsets of an answer to a ListOffsets request, and return the partitions that failed."""
    failures = []
    for topic in answer.topics:
        offsets = into[topic.name]
        for partition in topic.partitions:
            if partition.error_code == 0:
                offsets[partition.partition_index] = partition.offset
            else:
                reason = reason_of_code(partition.error_code) or ""
                failures.append(Failure("partition", f"{topic.name}/{partition.partition_index}", reason))
    return failures


def by_leader(leaders: Mapping[str, list[int]]) -> dict[Node, dict[str, list[int]]]:
    """Return leader → topic → partitions; a partition without a leader is left out."""
    asked: dict[Node, dict[str, list[int]]] = {}
    for topic, nodes in leaders.items():
        for partition, node in enumerate(nodes):
            if node != NO_LEADER:
                asked.setdefault(node, {}).setdefault(topic, []).append(partition)
    return asked


def batches(topics: Mapping[str, list[int]], size: int = PARTITIONS_PER_REQUEST) -> Iterator[dict[str, list[int]]]:
    """Split topic → partitions into batches of at most ``size`` partitions."""
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
