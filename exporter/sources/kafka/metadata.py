"""Which brokers and topics a cluster has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from exporter.core.model import Failure
from exporter.core.placement import Placement
from exporter.settings import Filter
from exporter.sources import ClusterUnavailable
from exporter.sources.kafka import failure_reasons
from exporter.sources.kafka.connections import Node
from exporter.sources.kafka.failure_reasons import reason_of_code
from exporter.sources.kafka.messages import MetadataRequest, MetadataResponse
from exporter.sources.kafka.replicas import placement_of
from exporter.sources.kafka.request_round import NoResponse, RequestRound

NO_LEADER: Final = -1
MIN_VERSION_WITH_TOPIC_IDS: Final = 10

NEXT_BROKER_SECONDS: Final = 1.0
"""A broker that has not responded with metadata after so long is no longer the only one that is waited for."""

MAX_MISSING_PARTITIONS: Final = 10_000
"""Metadata lists every partition of a topic. So many may be missing before an id counts as corrupt, instead of as the
size of an array."""

DELETED: Final = "unknown_topic_or_partition"
"""The error for a topic that is being deleted."""

FORBIDDEN: Final = "topic_authorization_failed"

OFFSETS_TOPIC: Final = "__consumer_offsets"
"""The topic that holds the commits; the leader of one of its partitions coordinates the groups in it."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """A cluster's brokers and topics.

    ``leaders``: topic → node by partition id, NO_LEADER without one. ``topic_ids``: topic → id, from Kafka 2.8 on.
    ``unreadable``: topics that exist, but were returned with an error. ``coordinators``: the leaders of OFFSETS_TOPIC
    by partition id, NO_LEADER without one; empty where the topic cannot be seen.
    """

    brokers: tuple[Node, ...]
    leaders: Mapping[str, list[int]]
    topic_ids: Mapping[str, str]
    unreadable: frozenset[str]
    failures: tuple[Failure, ...]
    coordinators: tuple[int, ...] = ()
    topics: int = 0
    """How many topics there are, those that the filter does not admit included."""
    placement: Placement | None = None
    """Where the partitions are, if that was asked for."""


async def read_metadata(requests: RequestRound, topics: Filter, *, placement: bool = False) -> Metadata:
    """Returns the metadata of the broker that responds first. Raises ClusterUnavailable if none does.

    ``placement``: with where the partitions are, which the same response tells.
    """
    failures: list[NoResponse] = []

    async def attempt(node: Node) -> Metadata | None:
        try:
            return await _read_from(requests, node, topics, placement=placement)
        except NoResponse as failure:
            failures.append(failure)
            return None

    nodes = requests.connections.bootstrap_nodes()
    seconds = min(NEXT_BROKER_SECONDS, requests.timeout / max(len(nodes), 1))
    metadata = await requests.connections.first([partial(attempt, node) for node in nodes], seconds)
    if metadata is not None:
        return metadata
    # One error is reported: an authentication failure if there is one, because it has to be fixed first.
    failures.sort(key=lambda failure: failure.reason == "authentication")
    last = failures[-1] if failures else NoResponse("connection", "no bootstrap server")
    raise ClusterUnavailable(last.reason, str(last))


async def _read_from(requests: RequestRound, node: Node, topics: Filter, *, placement: bool) -> Metadata:
    """Reads one broker's metadata. Raises NoResponse, also if it knows of no broker: it has just started."""

    def read(response: MetadataResponse) -> Metadata:
        metadata = metadata_of(response, topics)
        if metadata.brokers:
            requests.connections.learn_brokers(response)
        return replace(metadata, placement=placement_of(response, metadata.leaders)) if placement else metadata

    metadata = await requests.send(node, MetadataRequest(topics=None, allow_auto_topic_creation=False), read)
    if not metadata.brokers:
        name = requests.connections.name(node)
        raise NoResponse("broker_not_available", f"broker {name}: its metadata lists no brokers yet")
    if not metadata.topics:
        await _check_rights(requests, node)
    return metadata


async def _check_rights(requests: RequestRound, node: Node) -> None:
    """Raises ClusterUnavailable if a cluster seems to have no topics only because they are forbidden.

    Kafka leaves out of a list what may not be described; of a topic that is requested by name it says so.
    """
    request = MetadataRequest(
        topics=[MetadataRequest.MetadataRequestTopic(name=OFFSETS_TOPIC)], allow_auto_topic_creation=False
    )

    def read(response: MetadataResponse) -> set[str | None]:
        return {reason_of_code(topic.error_code) for topic in response.topics}

    if FORBIDDEN in await requests.send(node, request, read):
        raise ClusterUnavailable(FORBIDDEN, "no topic can be seen: the user lacks the permission Describe on topics")


async def with_forbidden(requests: RequestRound, metadata: Metadata, known: Iterable[str]) -> Metadata:
    """The metadata, with those of the ``known`` topics as unreadable that it only lacks because they are forbidden.

    Kafka leaves out of a list what may not be described (any more); a topic that is missing may as well be deleted.
    """
    absent = sorted(set(known) - metadata.leaders.keys() - metadata.unreadable)
    if not absent:
        return metadata
    request = MetadataRequest(
        topics=[MetadataRequest.MetadataRequestTopic(name=name) for name in absent], allow_auto_topic_creation=False
    )

    def read(response: MetadataResponse) -> dict[str, str | None]:
        return {topic.name: reason_of_code(topic.error_code) for topic in response.topics}

    try:
        reasons = await requests.send(requests.connections.bootstrap_nodes()[0], request, read)
    except NoResponse as failure:
        reasons = dict.fromkeys(absent, failure.reason)
    failures = [
        Failure("topic", name, reason) for name in absent if (reason := reasons.get(name)) not in (None, DELETED)
    ]
    return replace(
        metadata,
        unreadable=metadata.unreadable | {failure.subject for failure in failures},
        failures=(*metadata.failures, *failures),
    )


def metadata_of(response: MetadataResponse, topics: Filter) -> Metadata:
    """The brokers of a Metadata response, and its topics that the filter admits. Raises ValueError."""
    leaders: dict[str, list[int]] = {}
    topic_ids: dict[str, str] = {}
    unreadable: set[str] = set()
    failures: list[Failure] = []
    coordinators: list[int] = []
    for topic in response.topics:
        if topic.name == OFFSETS_TOPIC and topic.error_code == 0:
            coordinators = _leaders(topic)
            failures += _without_leader(OFFSETS_TOPIC, coordinators)
        if topic.name is None or not topics.admits(topic.name):
            continue
        reason = reason_of_code(topic.error_code)
        if reason == DELETED:
            continue
        if reason is not None:
            unreadable.add(topic.name)
            failures.append(Failure("topic", topic.name, reason))
            continue
        leaders[topic.name] = _leaders(topic)
        failures += _without_leader(topic.name, leaders[topic.name])
        if response.API_VERSION >= MIN_VERSION_WITH_TOPIC_IDS and topic.topic_id and topic.topic_id.int:
            topic_ids[topic.name] = str(topic.topic_id)
    return Metadata(
        brokers=tuple(broker.node_id for broker in response.brokers),
        leaders=leaders,
        topic_ids=topic_ids,
        unreadable=frozenset(unreadable),
        failures=tuple(dict.fromkeys(failures)),
        coordinators=tuple(coordinators),
        topics=len(response.topics),
    )


def _leaders(topic: Any) -> list[int]:
    """A topic's leaders by partition id, NO_LEADER without one. Raises ValueError for an id that cannot be."""
    leaders = {partition.partition_index: partition.leader_id for partition in topic.partitions}
    highest = max(leaders, default=-1)
    if min(leaders, default=0) < 0 or highest >= len(leaders) + MAX_MISSING_PARTITIONS:
        raise ValueError(f"partitions {min(leaders)} to {highest} of topic {topic.name}, which has {len(leaders)}")
    return [leaders.get(id_, NO_LEADER) for id_ in range(highest + 1)]


def _without_leader(topic: str, leaders: list[int]) -> list[Failure]:
    """A failure for each partition without a leader."""
    return [
        Failure("partition", f"{topic}/{id_}", failure_reasons.NO_LEADER)
        for id_, node in enumerate(leaders)
        if node == NO_LEADER
    ]
