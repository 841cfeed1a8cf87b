"""Where partitions are, from the same Metadata response that names topics and leaders."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

import numpy as np

from exporter.core.model import Int64s
from exporter.core.placement import NOWHERE, Broker, Placement, Replicas
from exporter.sources.kafka.messages import MetadataResponse


def placement_of(response: MetadataResponse, topics: Container[str]) -> Placement:
    """The brokers of a Metadata response, and the replicas of those of its topics that are among ``topics``."""
    controller = response.controller_id
    return Placement(
        cluster_id=response.cluster_id or "",
        controller=NOWHERE if controller is None else controller,
        brokers=tuple(
            Broker(broker.node_id, broker.host, broker.port, broker.rack or "")
            for broker in sorted(response.brokers, key=lambda broker: int(broker.node_id))
        ),
        topics={topic.name: _replicas(topic.partitions) for topic in response.topics if topic.name in topics},
    )


def _replicas(partitions: Any) -> Replicas:
    size = 1 + max((partition.partition_index for partition in partitions), default=-1)

    def column(read: Callable[[Any], int], missing: int) -> Int64s:
        values = np.full(size, missing, dtype=np.int64)
        for partition in partitions:
            values[partition.partition_index] = read(partition)
        return values

    return Replicas(
        leader=column(lambda partition: int(partition.leader_id), NOWHERE),
        preferred=column(lambda partition: next(iter(partition.replica_nodes), NOWHERE), NOWHERE),
        count=column(lambda partition: len(partition.replica_nodes), 0),
        in_sync=column(lambda partition: len(partition.isr_nodes), 0),
    )
