"""Which brokers and topics a cluster has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from exporter.core.model import Failure
from exporter.settings import Filter
from exporter.sources import ClusterUnavailable
from exporter.sources.kafka.connections import Node
from exporter.sources.kafka.messages import MetadataRequest, MetadataResponse
from exporter.sources.kafka.reasons import reason_of_code
from exporter.sources.kafka.request_round import NoResponse, RequestRound

NO_LEADER = -1
MIN_VERSION_WITH_TOPIC_IDS = 10

NO_TOPIC_ID = str(UUID(int=0))
"""The id of a topic that has none, because ``inter.broker.protocol.version`` is below 2.8."""

DELETED = "unknown_topic_or_partition"
"""The error for a topic that is being deleted."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """A cluster's brokers and topics.

    ``leaders``: topic → node by partition id, NO_LEADER without one. ``topic_ids``: topic → id, from Kafka 2.8 on.
    ``unreadable``: topics that exist, but were returned with an error.
    """

    brokers: tuple[Node, ...]
    leaders: Mapping[str, list[int]]
    topic_ids: Mapping[str, str]
    unreadable: frozenset[str]
    failures: tuple[Failure, ...]


async def read_metadata(requests: RequestRound, topics: Filter) -> Metadata:
    """Reads metadata from one broker after the other until one responds. Raises ClusterUnavailable if none does."""
    failures: list[NoResponse] = []
    for node in requests.connections.bootstrap_nodes():
        try:
            response = await requests.send(node, MetadataRequest(topics=None, allow_auto_topic_creation=False))
        except NoResponse as failure:
            failures.append(failure)
            continue
        metadata = metadata_of(response, topics)
        requests.connections.learn_brokers(response)
        return metadata
    # One error is reported: an authentication failure if there is one, because it has to be fixed first.
    failures.sort(key=lambda failure: failure.reason == "authentication")
    last = failures[-1] if failures else NoResponse("connection", "no bootstrap server")
    raise ClusterUnavailable(last.reason, str(last))


def metadata_of(response: MetadataResponse, topics: Filter) -> Metadata:
    """The brokers of a Metadata response, and its topics that the filter admits."""
    leaders: dict[str, list[int]] = {}
    topic_ids: dict[str, str] = {}
    unreadable: set[str] = set()
    failures: list[Failure] = []
    for topic in response.topics:
        if topic.name is None or not topics.admits(topic.name):
            continue
        reason = reason_of_code(topic.error_code)
        if reason == DELETED:
            continue
        if reason is not None:
            unreadable.add(topic.name)
            failures.append(Failure("topic", topic.name, reason))
            continue
        nodes = [NO_LEADER] * (max((p.partition_index for p in topic.partitions), default=-1) + 1)
        for partition in topic.partitions:
            nodes[partition.partition_index] = partition.leader_id
            if partition.leader_id == NO_LEADER:
                failures.append(Failure("partition", f"{topic.name}/{partition.partition_index}", "no_leader"))
        leaders[topic.name] = nodes
        if response.API_VERSION >= MIN_VERSION_WITH_TOPIC_IDS and str(topic.topic_id) != NO_TOPIC_ID:
            topic_ids[topic.name] = str(topic.topic_id)
    brokers = tuple(broker.node_id for broker in response.brokers)
    return Metadata(brokers, leaders, topic_ids, frozenset(unreadable), tuple(failures))
