"""danielqsj's kafka_exporter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from exporter.core.model import Int64s
from exporter.core.placement import NOWHERE, Replicas
from exporter.core.report import Outcome, Report
from exporter.metrics.compatibility import numbers
from exporter.metrics.compatibility.peer import Peer, columns, few, per_group
from exporter.metrics.family import Column, Level, Names

NAMES: Final = Names(cluster="", group="consumergroup")


def _brokers(outcome: Outcome) -> Iterable[tuple[Mapping[str, str], float]]:
    if outcome.report is not None:
        yield {}, outcome.report.brokers


def _broker_info(outcome: Outcome) -> Iterable[tuple[Mapping[str, str], float]]:
    if outcome.report is not None and outcome.report.placement is not None:
        for broker in outcome.report.placement.brokers:
            yield {"id": str(broker.id), "address": f"{broker.host}:{broker.port}"}, 1


def partitions(report: Report) -> Column:
    """The number of partitions of each topic."""
    sizes = np.diff(report.history.topics.starts)
    return Column(sizes, np.ones(len(sizes), dtype=np.bool_))


def _is_preferred(replicas: Replicas) -> Int64s:
    known = replicas.preferred != NOWHERE
    return np.where(known, (replicas.leader == replicas.preferred).astype(np.int64), NOWHERE)


def _is_under_replicated(replicas: Replicas) -> Int64s:
    return (replicas.in_sync < replicas.count).astype(np.int64)


KAFKA_EXPORTER: Final = Peer(
    name="kafka_exporter",
    title="kafka_exporter",
    names=NAMES,
    cost="brokers and replicas come with the Metadata response that is read anyway; no further request",
    given=(
        few("kafka_brokers", "Number of Brokers in the Kafka Cluster.", (), _brokers, once=True),
        few("kafka_broker_info", "Information about the Kafka Broker.", ("id", "address"), _broker_info, once=True),
        columns("kafka_topic_partitions", "Number of partitions for this Topic", Level.TOPIC, partitions),
        columns(
            "kafka_topic_partition_current_offset",
            "Current Offset of a Broker at Topic/Partition",
            Level.TOPIC_PARTITION,
            numbers.end_offsets,
        ),
        columns(
            "kafka_topic_partition_oldest_offset",
            "Oldest Offset of a Broker at Topic/Partition",
            Level.TOPIC_PARTITION,
            numbers.start_offsets,
            "absent with `start_offsets: false`",
        ),
        columns(
            "kafka_topic_partition_leader",
            "Leader Broker ID of this Topic/Partition",
            Level.TOPIC_PARTITION,
            numbers.of_replicas(lambda replicas: replicas.leader),
        ),
        columns(
            "kafka_topic_partition_replicas",
            "Number of Replicas for this Topic/Partition",
            Level.TOPIC_PARTITION,
            numbers.of_replicas(lambda replicas: replicas.count),
        ),
        columns(
            "kafka_topic_partition_in_sync_replica",
            "Number of In-Sync Replicas for this Topic/Partition",
            Level.TOPIC_PARTITION,
            numbers.of_replicas(lambda replicas: replicas.in_sync),
        ),
        columns(
            "kafka_topic_partition_leader_is_preferred",
            "1 if Topic/Partition is using the Preferred Broker",
            Level.TOPIC_PARTITION,
            numbers.of_replicas(_is_preferred),
        ),
        columns(
            "kafka_topic_partition_under_replicated_partition",
            "1 if Topic/Partition is under Replicated",
            Level.TOPIC_PARTITION,
            numbers.of_replicas(_is_under_replicated),
        ),
        columns(
            "kafka_consumergroup_current_offset",
            "Current Offset of a ConsumerGroup at Topic/Partition",
            Level.GROUP_PARTITION,
            numbers.commits_or_none,
        ),
        columns(
            "kafka_consumergroup_current_offset_sum",
            "Current Offset of a ConsumerGroup at Topic for all partitions",
            Level.GROUP_TOPIC,
            numbers.sum_by_group_topic(numbers.commits_or_none),
        ),
        columns(
            "kafka_consumergroup_lag",
            "Current Approximate Lag of a ConsumerGroup at Topic/Partition",
            Level.GROUP_PARTITION,
            numbers.lag_or_none,
            "0 where the original shows a negative number; -1 still means that there is no commit",
        ),
        columns(
            "kafka_consumergroup_lag_sum",
            "Current Approximate Lag of a ConsumerGroup at Topic for all partitions",
            Level.GROUP_TOPIC,
            numbers.sum_by_group_topic(numbers.lag_to_end),
            "negative lags count as 0",
        ),
        per_group(
            "kafka_consumergroup_members",
            "Amount of members in a consumer group",
            lambda group: group.member_count,
            "right for groups of the consumer protocol (KIP-848) too, of which the original says 0; as last described "
            "(`members_refresh`)",
        ),
    ),
    not_given={
        "kafka_consumergroupzookeeper_lag_zookeeper": "it is about commits in ZooKeeper",
        "kafka_exporter_build_info": "this is another program; see `burrow_exporter_build_info`",
    },
)
