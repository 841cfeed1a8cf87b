"""Every metric family, in the order of the page: to add one, add an entry here.

Burrow's own six keep its names, labels and numbers (``core/internal/httpserver/prometheus.go`` in
linkedin/Burrow). A name is API: it is not changed once released. HELP texts hold no quote, backslash or newline,
so that both text formats write them alike.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from exporter.metrics import readings
from exporter.metrics.exporter_families import (
    BUILD_INFO,
    RELOAD_SUCCESS_AT,
    RELOAD_SUCCESSFUL,
    SCRAPE_DEADLINE,
    SHARDS,
)
from exporter.metrics.family import (
    Family,
    few,
    per_group,
    per_group_partition,
    per_group_topic,
    per_topic_partition,
)

SCALE: Final = "1 OK, 2 WARN (falling behind), 4 STOP (no commits), 5 STALL (no progress), 6 REWIND (went back)"

CLUSTER_FAMILIES: Final[tuple[Family, ...]] = (
    few(
        "burrow_kafka_cluster_up",
        "1 if the cluster was read for this page, 0 if not: nothing could be read, or that takes longer than a scrape "
        "waits; what was read before is then shown for a while, and burrow_exporter_offsets_age_seconds tells how old "
        "it is.",
        lambda outcome: [((), outcome.up)],
    ),
    few("burrow_kafka_cluster_brokers", "Number of brokers in the cluster's metadata.", readings.brokers, once=True),
    per_group(
        "burrow_kafka_consumer_status",
        "Status of the consumer group, by its worst partition: 1 OK, 2 WARN (falling behind), "
        "3 ERR (a partition is stopped, stalled or rewound); absent where not known: some partitions could not be read "
        "and the others are OK.",
        readings.status,
    ),
    per_group(
        "burrow_kafka_consumer_lag_total",
        "Lag of the consumer group in records, summed over its partitions.",
        lambda group: readings.measured(group, group.total_lag),
    ),
    per_group(
        "burrow_kafka_consumer_max_lag",
        "Lag of the consumer group in records, on the partition where it is largest.",
        lambda group: readings.measured(group, group.max_lag),
    ),
    per_group(
        "burrow_kafka_consumer_complete_ratio",
        "Share (0 to 1) of the consumer group's partitions that could be read now and have been watched for a whole "
        "window; below 1 its verdict is based on less.",
        lambda group: readings.judged(group, group.complete),
    ),
    per_group(
        "burrow_kafka_consumer_max_lag_seconds",
        "Lag of the consumer group in seconds, on the partition where it is largest: how long ago the end offset "
        "passed its commit; 0 when caught up.",
        lambda group: readings.measured(group, group.max_lag_seconds),
    ),
    per_group(
        "burrow_kafka_consumer_lag_seconds_is_lower_bound",
        "1 if some partition's commit is older than all retained end offsets, so that its lag in seconds is only a "
        "lower bound, else 0.",
        lambda group: readings.measured(group, group.lag_is_lower_bound),
    ),
    per_group(
        "burrow_kafka_consumer_catch_up_seconds",
        "Seconds until the consumer group has caught up if its lag keeps shrinking as over the last window; +Inf "
        "while it does not shrink, absent while that is not known.",
        lambda group: None if group.catch_up_seconds is None else readings.measured(group, group.catch_up_seconds),
    ),
    per_group(
        "burrow_kafka_consumer_retention_margin_ratio",
        "How far the consumer group is from losing records, on the partition where it is closest: (committed - log "
        "start) / (end - log start); 1 at the end or while nothing was ever deleted, 0 about to lose records, negative "
        "once unread records were deleted.",
        lambda group: None if group.retention_margin is None else readings.measured(group, group.retention_margin),
    ),
    per_group(
        "burrow_kafka_consumer_commits_beyond_end",
        "Number of partitions on which the consumer group's commit lies beyond the end of the log: a commit left over "
        "from before the topic was recreated or truncated.",
        lambda group: readings.measured(group, group.beyond_end),
    ),
    per_group(
        "burrow_kafka_consumer_uncommitted_partitions",
        "Number of partitions that are assigned to a member of the consumer group while it has never committed there, "
        "although records came since. One on which that lasts longer than the group's rhythm explains is a STALL.",
        lambda group: len(group.uncommitted),
    ),
    per_group(
        "burrow_kafka_consumer_partitions",
        "Number of partitions on which the consumer group has a commit that could be read.",
        lambda group: group.partitions,
    ),
    per_group(
        "burrow_kafka_consumer_unreadable_partitions",
        "Number of the consumer group's partitions that could not be read now; its other numbers leave them out, so "
        "that its lag may be larger and its status worse.",
        lambda group: group.unreadable,
    ),
    per_group(
        "burrow_kafka_consumer_members",
        "Number of members of the consumer group, as last described by Kafka; absent where not known.",
        lambda group: group.member_count,
    ),
    few(
        "burrow_kafka_consumer_info",
        "Always 1; the labels hold what Kafka says about the consumer group (coordinator: a broker id).",
        readings.info,
        "consumer_group",
        "state",
        "type",
        "protocol",
        "coordinator",
    ),
    few(
        "burrow_kafka_consumer_topic_subscribed",
        "1 if a member of the alive consumer group is assigned to the topic, 0 if the group has commits there but no "
        "longer consumes it; absent where members are not known.",
        readings.subscribed,
        "consumer_group",
        "topic",
        granularities=("partition", "topic"),
    ),
    per_group(
        "burrow_kafka_consumer_rebalances_total",
        "Rebalances of the consumer group since it was first seen: by its epoch, or in the classic protocol those that "
        "could be seen by its state, members and assignments, which misses some.",
        lambda group: group.rebalances,
        counter=True,
    ),
    per_group(
        "burrow_kafka_consumer_lost_records_total",
        "Records that were seen to be deleted before the consumer group committed past them, without those of topics "
        "that it no longer consumes; what happens between two scrapes is not seen.",
        lambda group: group.lost_records,
        counter=True,
    ),
    per_group_topic(
        "burrow_kafka_consumer_topic_status",
        f"Status of the consumer group's worst partition of the topic: {SCALE}; absent where not known.",
        np.maximum,
        lambda report: report.columns.verdicts.status,
        only_judged=True,
    ),
    per_group_topic(
        "burrow_kafka_consumer_topic_lag",
        "Lag of the consumer group on the topic in records, summed over its partitions.",
        np.add,
        lambda report: report.columns.snapshot.lag,
    ),
    per_group_partition(
        "burrow_kafka_topic_partition_status",
        f"Status of the consumer group on the partition: {SCALE}.",
        lambda report: report.columns.verdicts.status,
        only_judged=True,
    ),
    per_group_partition(
        "burrow_kafka_consumer_current_offset",
        "Offset that the consumer group has committed on the partition.",
        lambda report: report.columns.snapshot.committed,
    ),
    per_group_partition(
        "burrow_kafka_consumer_partition_lag",
        "Lag of the consumer group on the partition in records: end offset minus committed offset, or minus log start "
        "offset where that is higher. On a compacted topic it counts offsets, some of which no longer hold a record.",
        lambda report: report.columns.snapshot.lag,
    ),
    per_group_partition(
        "burrow_kafka_consumer_partition_lag_seconds",
        "Seconds since the end offset of the partition passed the consumer group's commit; 0 when caught up.",
        lambda report: report.columns.lag_seconds,
    ),
    per_group_partition(
        "burrow_kafka_consumer_partition_lost_records",
        "Records of the partition that were deleted before the consumer group committed past them: log start offset "
        "minus committed offset; absent where the log start offset is not known.",
        lambda report: np.where(report.columns.snapshot.start >= 0, report.columns.snapshot.lost, np.nan),
    ),
    few(
        "burrow_kafka_share_group_lag",
        "Lag of the share group in records, summed over the partitions on which Kafka tells it; absent if there are "
        "none.",
        readings.share_group_lag,
        "share_group",
    ),
    few(
        "burrow_kafka_share_group_partitions",
        "Number of partitions on which Kafka tells the lag of the share group.",
        readings.share_group_partitions,
        "share_group",
    ),
    few(
        "burrow_kafka_share_group_partition_lag",
        "Lag of the share group on the partition in records, as Kafka counts it: those that are not acknowledged, "
        "rejected or given up yet.",
        readings.share_group_partition_lag,
        "share_group",
        "partition",
        "topic",
        granularities=("partition",),
    ),
    few(
        "burrow_kafka_share_group_info",
        "Always 1; the labels hold what Kafka says about the share group (coordinator: a broker id).",
        readings.share_group_info,
        "share_group",
        "state",
        "coordinator",
    ),
    per_topic_partition(
        "burrow_kafka_topic_partition_offset",
        "End offset of the partition: that of the next record to be written.",
        lambda report: report.columns.snapshot.topics.end,
    ),
    per_topic_partition(
        "burrow_kafka_topic_partition_start_offset",
        "Log start offset of the partition: that of the oldest record it still has.",
        lambda report: report.columns.snapshot.topics.start,
    ),
    per_topic_partition(
        "burrow_kafka_topic_partition_last_stable_offset",
        "Last stable offset of a partition that some group reads with read_committed; between it and the end offset "
        "there are open transactions.",
        lambda report: report.columns.snapshot.topics.stable,
        once=False,  # read for the topics of such groups, of which each shard knows its own
    ),
    few(
        "burrow_exporter_collection_duration_seconds",
        "Seconds that each stage of the last collection took.",
        readings.stages,
        "stage",
    ),
    few(
        "burrow_exporter_kafka_requests",
        "Number of requests that the last collection sent to Kafka, by kind.",
        readings.requests,
        "kind",
    ),
    few(
        "burrow_exporter_failures",
        "Number of things that the last collection could not read, by scope (cluster, broker, zookeeper, group, "
        "membership, topic, partition) and reason.",
        readings.failures,
        "scope",
        "reason",
    ),
    few(
        "burrow_exporter_groups_not_evaluated",
        "Number of groups that are not judged because groups of their type commit no offsets, by type.",
        readings.not_evaluated,
        "type",
    ),
)
"""The families of each cluster, the same until there is another report."""

AGE_FAMILIES: Final[tuple[Family, ...]] = (
    few(
        "burrow_exporter_last_collection_timestamp_seconds",
        "Time at which the cluster was last read, in seconds since 1970.",
        readings.collected,
    ),
    few(
        "burrow_exporter_offsets_age_seconds",
        "Seconds since the oldest of the cluster's offsets on this page were read; absent while none are shown.",
        readings.age,
    ),
)
"""The families of each cluster that another moment changes."""

CATALOGUE: Final[tuple[Family, ...]] = (
    *CLUSTER_FAMILIES,
    *AGE_FAMILIES,
    SCRAPE_DEADLINE,
    SHARDS,
    RELOAD_SUCCESSFUL,
    RELOAD_SUCCESS_AT,
    BUILD_INFO,
)
"""Every family except those of the process, which are prometheus_client's."""
