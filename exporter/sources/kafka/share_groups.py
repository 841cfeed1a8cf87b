"""The lag of share groups (KIP-932), as Kafka counts it (KIP-1226).

The coordinator of a share group knows which of the records after its start offset are done with; from outside that
cannot be seen. So the lag is Kafka's, or there is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from exporter.core.model import NOT_READ, Failure, Int64s, ShareGroup
from exporter.sources.kafka.connections import Node
from exporter.sources.kafka.coordinated_groups import GONE, ListedGroup
from exporter.sources.kafka.failure_reasons import UNSUPPORTED_VERSION, reason_of_code
from exporter.sources.kafka.messages import DescribeShareGroupOffsetsRequest
from exporter.sources.kafka.metadata import DELETED
from exporter.sources.kafka.request_round import NoResponse, RequestRound

GROUPS_PER_REQUEST: Final = 100

MIN_VERSION_WITH_LAG: Final = 1
"""Kafka 4.2; before it a broker only tells start offsets."""

Lags = Mapping[str, Int64s]

_Group = DescribeShareGroupOffsetsRequest.DescribeShareGroupOffsetsRequestGroup


@dataclass(slots=True)
class _Described:
    """What one response says: group → topic → lag by partition id, and what could not be read."""

    lags: dict[str, Lags] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)


async def read_share_groups(
    requests: RequestRound, groups: Iterable[ListedGroup], sizes: Mapping[str, int]
) -> tuple[dict[str, ShareGroup], tuple[Failure, ...]]:
    """Each share group with its lags, without any where its broker does not count them, and the failures.

    ``sizes``: topic → number of partitions; lags on anything else are left out.
    """
    listed = {group.name: group for group in groups}
    names: dict[Node, list[str]] = defaultdict(list)
    for group in listed.values():
        names[group.coordinator].append(group.name)
    described = await requests.connections.gather(
        _read(requests, node, of_node[start : start + GROUPS_PER_REQUEST], sizes)
        for node, of_node in names.items()
        for start in range(0, len(of_node), GROUPS_PER_REQUEST)
    )
    lags = {name: found for one in described for name, found in one.lags.items()}
    return (
        {name: ShareGroup(group.state, int(group.coordinator), lags.get(name, {})) for name, group in listed.items()},
        tuple(failure for one in described for failure in one.failures),
    )


async def _read(requests: RequestRound, node: Node, names: list[str], sizes: Mapping[str, int]) -> _Described:
    """The lags of some groups of one coordinator."""
    request = DescribeShareGroupOffsetsRequest(
        groups=[_Group(group_id=name, topics=None) for name in names], min_version=MIN_VERSION_WITH_LAG
    )
    try:
        # Without an alternative, but an old broker is no fault either.
        return await requests.send(node, request, lambda response: lags_of(response, sizes), has_alternative=True)
    except NoResponse as failure:
        if failure.reason == UNSUPPORTED_VERSION:
            return _Described()
        return _Described(failures=[Failure("group", name, failure.reason) for name in names])


def lags_of(response: Any, sizes: Mapping[str, int]) -> _Described:
    """The lags of a DescribeShareGroupOffsets response, and what it could not read."""
    found = _Described()
    for group in response.groups:
        reason = reason_of_code(group.error_code)
        if reason is None:
            found.lags[group.group_id] = {
                topic.topic_name: _lags(group.group_id, topic, sizes[topic.topic_name], found.failures)
                for topic in group.topics
                if topic.topic_name in sizes
            }
        elif reason != GONE:
            found.failures.append(Failure("group", group.group_id, reason))
    return found


def _lags(group: str, topic: Any, size: int, failures: list[Failure]) -> Int64s:
    """The lag on each partition of a topic, NOT_READ where Kafka gives none; what failed is added to ``failures``.

    Kafka gives none until the group has acknowledged something on the partition for the first time.
    """
    lags = np.full(size, NOT_READ, dtype=np.int64)
    for partition in topic.partitions:
        if not 0 <= partition.partition_index < size:
            continue
        reason = reason_of_code(partition.error_code)
        if reason is None and partition.lag >= 0:
            lags[partition.partition_index] = partition.lag
        elif reason not in (None, DELETED):
            failures.append(Failure("partition", f"{group}/{topic.topic_name}/{partition.partition_index}", reason))
    return lags
