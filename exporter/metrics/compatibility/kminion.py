"""kminion, under the namespace that is its default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from exporter import __version__
from exporter.core.groups import GroupReport
from exporter.core.model import Owner
from exporter.core.report import Outcome
from exporter.metrics.compatibility import numbers
from exporter.metrics.compatibility.peer import FINE, Peer, columns, few, per_group
from exporter.metrics.family import Level, Names

NAMES: Final = Names(cluster="", group="group_id", partition="partition_id", topic="topic_name")

Numbered = Iterable[tuple[Mapping[str, str], float]]


def _up(outcome: Outcome) -> Numbered:
    yield {"version": __version__}, outcome.up and not outcome.failures


def _cluster_info(outcome: Outcome) -> Numbered:
    if outcome.report is not None and (placement := outcome.report.placement) is not None:
        yield (
            {
                "cluster_version": "unknown",
                "broker_count": str(len(placement.brokers)),
                "controller_id": str(placement.controller),
                "cluster_id": placement.cluster_id,
            },
            1,
        )


def _broker_info(outcome: Outcome) -> Numbered:
    if outcome.report is not None and (placement := outcome.report.placement) is not None:
        for broker in placement.brokers:
            yield (
                {
                    "broker_id": str(broker.id),
                    "address": broker.host,
                    "port": str(broker.port),
                    "rack_id": broker.rack,
                    "is_controller": str(broker.id == placement.controller).lower(),
                },
                1,
            )


def _topic_info(outcome: Outcome) -> Numbered:
    if outcome.report is not None and (placement := outcome.report.placement) is not None:
        for topic, replicas in sorted(placement.topics.items()):
            factor = int(replicas.count[0]) if len(replicas.count) else -1
            count = len(replicas.count)
            yield {"topic_name": topic, "partition_count": str(count), "replication_factor": str(factor)}, 1


def _groups(outcome: Outcome) -> Iterable[GroupReport]:
    return outcome.report.groups.values() if outcome.report is not None else ()


def _group_info(outcome: Outcome) -> Numbered:
    for group in _groups(outcome):
        yield (
            {
                "group_id": group.name,
                "protocol": "",
                "protocol_type": group.protocol,
                "state": group.state,
                "coordinator_id": "" if group.coordinator is None else str(group.coordinator),
            },
            group.state == "Stable",
        )


def _empty_members(group: GroupReport) -> float | None:
    """How many members have no partition; None if each has, or if that is not known."""
    if group.members is None or group.members.owners is None or not group.member_count:
        return None
    busy = {owner.member_id for owners in group.members.owners.values() for owner in owners.values()}
    return group.member_count - len(busy) or None


def _topic_members(outcome: Outcome) -> Numbered:
    for group, topic, owners in _assigned(outcome):
        yield {"group_id": group, "topic_name": topic}, len({owner.member_id for owner in owners.values()})


def _topic_assigned(outcome: Outcome) -> Numbered:
    for group, topic, owners in _assigned(outcome):
        yield {"group_id": group, "topic_name": topic}, len(owners)


def _assigned(outcome: Outcome) -> Iterator[tuple[str, str, Mapping[int, Owner]]]:
    """Each group with each topic that is assigned to its members, and the owners by partition."""
    for group in _groups(outcome):
        if group.members is not None and group.members.owners is not None:
            for topic, owners in sorted(group.members.owners.items()):
                if owners:
                    yield group.name, topic, owners


_OFFSETS_TOPIC: Final = "kminion counts it while it reads the offsets topic; OffsetFetch tells no number of commits"
_LOG_DIRS: Final = "it needs DescribeLogDirs, which is not asked"
_OTHER: Final = "it is about kminion's own client; see `burrow_exporter_kafka_requests`"
_END_TO_END: Final = "it is about records that kminion produces and consumes; this exporter only reads"

KMINION: Final = Peer(
    name="kminion",
    title="kminion",
    names=NAMES,
    cost="brokers and replicas come with the Metadata response that is read anyway; no further request",
    given=(
        few(
            "kminion_exporter_up",
            "Build info about this Prometheus Exporter. Gauge value is 0 if one or more scrapes have failed.",
            ("version",),
            _up,
            "0 if the last collection could not read something; `version` is that of this exporter",
        ),
        few(
            "kminion_kafka_cluster_info",
            "Kafka cluster information",
            ("cluster_version", "broker_count", "controller_id", "cluster_id"),
            _cluster_info,
            "`cluster_version` is always `unknown`: Kafka does not tell it, kminion guesses",
            once=True,
        ),
        few(
            "kminion_kafka_broker_info",
            "Kafka broker information",
            ("broker_id", "address", "port", "rack_id", "is_controller"),
            _broker_info,
            once=True,
        ),
        few(
            "kminion_kafka_topic_info",
            "Info labels for a given topic",
            ("topic_name", "partition_count", "replication_factor"),
            _topic_info,
            "without labels of a topic's configuration such as `cleanup_policy`, which need DescribeConfigs",
            granularities=FINE,
            once=True,
        ),
        columns(
            "kminion_kafka_topic_partition_low_water_mark",
            "Partition Low Water Mark",
            Level.TOPIC_PARTITION,
            numbers.start_offsets,
            "absent with `start_offsets: false`",
        ),
        columns(
            "kminion_kafka_topic_partition_high_water_mark",
            "Partition High Water Mark",
            Level.TOPIC_PARTITION,
            numbers.end_offsets,
        ),
        columns(
            "kminion_kafka_topic_low_water_mark_sum",
            "Sum of all the topic's partition low water marks",
            Level.TOPIC,
            numbers.sum_by_topic(numbers.start_offsets),
            "absent with `start_offsets: false`",
        ),
        columns(
            "kminion_kafka_topic_high_water_mark_sum",
            "Sum of all the topic's partition high water marks",
            Level.TOPIC,
            numbers.sum_by_topic(numbers.end_offsets),
        ),
        few(
            "kminion_kafka_consumer_group_info",
            "Consumer Group info metrics. It will report 1 if the group is in the stable state, otherwise 0.",
            ("group_id", "protocol", "protocol_type", "state", "coordinator_id"),
            _group_info,
            "`protocol` is empty: the name of the assignor is not kept",
        ),
        per_group(
            "kminion_kafka_consumer_group_members",
            "Consumer Group member count metrics. It will report the number of members in the consumer group",
            lambda group: group.member_count,
            "right for groups of the consumer protocol (KIP-848) too, which the original leaves out",
        ),
        per_group(
            "kminion_kafka_consumer_group_empty_members",
            "It will report the number of members in the consumer group with no partition assigned",
            _empty_members,
        ),
        few(
            "kminion_kafka_consumer_group_topic_members",
            "It will report the number of members in the consumer group assigned on a given topic",
            ("group_id", "topic_name"),
            _topic_members,
            granularities=FINE,
        ),
        few(
            "kminion_kafka_consumer_group_topic_assigned_partitions",
            "It will report the number of partitions assigned in the consumer group for a given topic",
            ("group_id", "topic_name"),
            _topic_assigned,
            granularities=FINE,
        ),
        columns(
            "kminion_kafka_consumer_group_topic_offset_sum",
            "The sum of all committed group offsets across all partitions in a topic",
            Level.GROUP_TOPIC,
            numbers.sum_by_group_topic(numbers.commits),
        ),
        columns(
            "kminion_kafka_consumer_group_topic_partition_lag",
            "The number of messages a consumer group is lagging behind the latest offset of a partition",
            Level.GROUP_PARTITION,
            numbers.lag_to_end,
        ),
        columns(
            "kminion_kafka_consumer_group_topic_lag",
            "The number of messages a consumer group is lagging behind across all partitions in a topic",
            Level.GROUP_TOPIC,
            numbers.sum_by_group_topic(numbers.lag_to_end),
        ),
    ),
    not_given={
        "kminion_kafka_consumer_group_offset_commits_total": _OFFSETS_TOPIC,
        "kminion_exporter_offset_consumer_records_consumed_total": _OFFSETS_TOPIC,
        "kminion_kafka_broker_log_dir_size_total_bytes": _LOG_DIRS,
        "kminion_kafka_topic_log_dir_size_total_bytes": _LOG_DIRS,
        "kminion_kafka_requests_sent_total": _OTHER,
        "kminion_kafka_requests_received_total": _OTHER,
        "kminion_kafka_sent_bytes": _OTHER,
        "kminion_kafka_received_bytes": _OTHER,
        "kminion_end_to_end_*": _END_TO_END,
        "another namespace than `kminion`": "names are those of the default; relabel where Prometheus scrapes",
    },
)
