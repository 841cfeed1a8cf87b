"""Every metric family there is, in the order of the page: to add one is to add an entry here.

Burrow's own six keep its names, labels and numbers (``core/internal/httpserver/prometheus.go`` in
linkedin/Burrow). A name is API: it is not changed once released. HELP texts hold no quote, backslash or newline,
so that both text formats write them alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np

from exporter.core.groups import GroupReport
from exporter.core.model import NOT_READ, Status
from exporter.core.report import Outcome
from exporter.metrics.family import (
    Family,
    LabelValues,
    few,
    per_group,
    per_group_partition,
    per_group_topic,
    per_topic_partition,
)

Found = Iterable[tuple[LabelValues, float]]

MEMBERLESS_STATES: Final = frozenset({"Empty", "Dead"})
"""Group states that say by themselves that there is no member."""

SCALE: Final = "1 OK, 2 WARN (falls behind), 4 STOP (commits no more), 5 STALL (does not move), 6 REWIND (went back)"


def _judged(group: GroupReport, number: float) -> float | None:
    """The number, or None for a group of which nothing can be said."""
    return None if group.status == Status.NOTFOUND else number


def _members(group: GroupReport) -> float | None:
    if group.state in MEMBERLESS_STATES:
        return 0
    return None if group.members is None else group.members.count


def _info(outcome: Outcome) -> Found:
    for group in _groups(outcome):
        coordinator = "" if group.coordinator is None else str(group.coordinator)
        yield (group.name, group.state, group.type, group.protocol, coordinator), 1


def _subscribed(outcome: Outcome) -> Found:
    for group in _groups(outcome):
        for topic, subscribed in group.subscribed.items():
            yield (group.name, topic), subscribed


def _groups(outcome: Outcome) -> Iterable[GroupReport]:
    return outcome.report.groups.values() if outcome.up and outcome.report else ()


def _brokers(outcome: Outcome) -> Found:
    if outcome.up and outcome.report:
        yield (), outcome.report.brokers


def _stages(outcome: Outcome) -> Found:
    if outcome.up and outcome.report:
        yield from (((stage,), seconds) for stage, seconds in sorted(outcome.report.stages.items()))


def _requests(outcome: Outcome) -> Found:
    if outcome.up and outcome.report:
        yield from (((kind,), count) for kind, count in sorted(outcome.report.requests.items()))


def _not_evaluated(outcome: Outcome) -> Found:
    if outcome.up and outcome.report:
        counts = Counter(outcome.report.not_evaluated.values())
        yield from (((kind,), count) for kind, count in sorted(counts.items()))


def _failures(outcome: Outcome) -> Found:
    counts = Counter((failure.scope, failure.reason) for failure in outcome.failures)
    return sorted(counts.items())


def _collected(outcome: Outcome) -> Found:
    # Told of a cluster that is down as well: how old the last good look is.
    if outcome.report:
        yield (), outcome.report.at / 1000


CLUSTER_FAMILIES: Final[tuple[Family, ...]] = (
    few(
        "burrow_kafka_cluster_up",
        "1 if the last collection read the cluster and is what this page shows, 0 if not.",
        lambda outcome: [((), outcome.up)],
    ),
    few("burrow_kafka_cluster_brokers", "Number of brokers that the cluster names.", _brokers),
    per_group(
        "burrow_kafka_consumer_status",
        "Verdict on the consumer group, that of its worst partition: 1 OK, 2 WARN (falls behind), "
        "3 ERR (a partition is stopped, stalled or rewound).",
        lambda group: _judged(group, group.status),
    ),
    per_group(
        "burrow_kafka_consumer_lag_total",
        "Records that the consumer group is behind, summed over its partitions.",
        lambda group: _judged(group, group.total_lag),
    ),
    per_group(
        "burrow_kafka_consumer_max_lag",
        "Records that the consumer group is behind on the partition where it is furthest behind.",
        lambda group: _judged(group, group.max_lag),
    ),
    per_group(
        "burrow_kafka_consumer_complete_ratio",
        "Share (0 to 1) of the consumer group's partitions that have been watched for a whole window; "
        "below 1 the verdict rests on less.",
        lambda group: _judged(group, group.complete),
    ),
    per_group(
        "burrow_kafka_consumer_max_lag_seconds",
        "Seconds that the consumer group is behind on the partition where it is longest behind: how long ago the end "
        "offset passed its commit; 0 when caught up.",
        lambda group: _judged(group, group.max_lag_seconds),
    ),
    per_group(
        "burrow_kafka_consumer_lag_seconds_is_lower_bound",
        "1 if some partition's commit is older than all end offsets that are retained, so that its lag in seconds is "
        "only a lower bound, else 0.",
        lambda group: _judged(group, group.lag_is_bound),
    ),
    per_group(
        "burrow_kafka_consumer_catch_up_seconds",
        "Seconds until the consumer group has caught up if its lag goes on shrinking as over the last window; +Inf "
        "while it does not shrink, absent while that is not known.",
        lambda group: None if group.catch_up_seconds is None else _judged(group, group.catch_up_seconds),
    ),
    per_group(
        "burrow_kafka_consumer_retention_margin_ratio",
        "How far from losing records the consumer group is on the partition where it is closest: (committed - log "
        "start) / (end - log start); 1 at the end or while nothing was ever deleted, 0 about to lose, negative once "
        "records were deleted unread.",
        lambda group: None if group.retention_margin is None else _judged(group, group.retention_margin),
    ),
    per_group(
        "burrow_kafka_consumer_commits_beyond_end",
        "Number of partitions on which the consumer group's commit lies beyond the end of the log: a commit left over "
        "from before the topic was made anew or truncated.",
        lambda group: _judged(group, group.beyond_end),
    ),
    per_group(
        "burrow_kafka_consumer_partitions",
        "Number of partitions that the consumer group has a readable commit on.",
        lambda group: group.partitions,
    ),
    per_group(
        "burrow_kafka_consumer_members",
        "Number of members of the consumer group, as last described; absent where not known.",
        _members,
    ),
    few(
        "burrow_kafka_consumer_info",
        "Always 1; the labels say what Kafka says of the consumer group (coordinator: a broker id).",
        _info,
        "consumer_group",
        "state",
        "type",
        "protocol",
        "coordinator",
    ),
    few(
        "burrow_kafka_consumer_topic_subscribed",
        "1 if a member of the alive consumer group is assigned to the topic, 0 if the group has commits there and "
        "consumes it no longer; absent where members are not known.",
        _subscribed,
        "consumer_group",
        "topic",
        granularities=("partition", "topic"),
    ),
    per_group_topic(
        "burrow_kafka_consumer_topic_status",
        f"Verdict on the consumer group's worst partition of the topic: {SCALE}.",
        np.maximum,
        lambda report: report.columns.verdicts.status,
    ),
    per_group_topic(
        "burrow_kafka_consumer_topic_lag",
        "Records that the consumer group is behind on the topic, summed over its partitions.",
        np.add,
        lambda report: report.columns.lag,
    ),
    per_group_partition(
        "burrow_kafka_topic_partition_status",
        f"Verdict on the consumer group's partition: {SCALE}.",
        lambda report: report.columns.verdicts.status,
    ),
    per_group_partition(
        "burrow_kafka_consumer_current_offset",
        "Offset that the consumer group has committed on the partition.",
        lambda report: report.columns.committed,
    ),
    per_group_partition(
        "burrow_kafka_consumer_partition_lag",
        "Records that the consumer group is behind on the partition: end offset less committed offset, or less the "
        "log start where that is later. On a compacted topic: offsets, of which some hold no record any more.",
        lambda report: report.columns.lag,
    ),
    per_group_partition(
        "burrow_kafka_consumer_partition_lag_seconds",
        "Seconds since the end offset of the partition passed the consumer group's commit; 0 when caught up.",
        lambda report: report.columns.lag_seconds,
    ),
    per_group_partition(
        "burrow_kafka_consumer_partition_lost_records",
        "Records of the partition that were deleted before the consumer group committed past them: log start less "
        "committed offset; absent where the log start is not known.",
        lambda report: np.where(report.columns.start >= 0, report.columns.lost, np.nan),
    ),
    per_topic_partition(
        "burrow_kafka_topic_partition_offset",
        "End offset of the partition: that of the next record to be written.",
        lambda report: report.history.topics.column(report.end_offsets, missing=NOT_READ),
    ),
    per_topic_partition(
        "burrow_kafka_topic_partition_start_offset",
        "Log start offset of the partition: that of the oldest record it still has.",
        lambda report: report.history.topics.column(report.start_offsets, missing=NOT_READ),
    ),
    per_topic_partition(
        "burrow_kafka_topic_partition_last_stable_offset",
        "Last stable offset of a partition that somebody reads with read_committed; what lies between it and the end "
        "offset belongs to open transactions.",
        lambda report: report.history.topics.column(report.stable_offsets, missing=NOT_READ),
    ),
    few(
        "burrow_exporter_collection_duration_seconds",
        "Seconds that each stage of the last collection took.",
        _stages,
        "stage",
    ),
    few(
        "burrow_exporter_last_collection_timestamp_seconds",
        "When the cluster was last read, in seconds since 1970.",
        _collected,
    ),
    few(
        "burrow_exporter_kafka_requests",
        "Number of requests that the last collection sent to Kafka, by kind.",
        _requests,
        "kind",
    ),
    few(
        "burrow_exporter_failures",
        "Number of things that the last collection asked for and did not get, by scope (cluster, broker, group, "
        "topic, partition) and reason.",
        _failures,
        "scope",
        "reason",
    ),
    few(
        "burrow_exporter_groups_not_evaluated",
        "Number of groups of types that commit no offsets and so are not judged, by type.",
        _not_evaluated,
        "type",
    ),
)
"""What is told of each cluster."""

SCRAPE_DEADLINE: Final = Family(
    name="burrow_exporter_scrape_deadline_seconds",
    help="Seconds that this scrape gave the collection: the scrape timeout less a margin.",
)
BUILD_INFO: Final = Family(
    name="burrow_exporter_build_info",
    help="Always 1; the labels say which versions are running.",
    labels=("kafka_python_version", "python_version", "version"),
)

RELOAD_SUCCESSFUL: Final = Family(
    name="burrow_exporter_config_last_reload_successful",
    help="1 if the configuration could be used when it was last loaded, 0 if not and the one before still holds.",
)
RELOAD_SUCCESS_AT: Final = Family(
    name="burrow_exporter_config_last_reload_success_timestamp_seconds",
    help="When the configuration that holds was loaded, in seconds since 1970.",
)

CATALOGUE: Final[tuple[Family, ...]] = (
    *CLUSTER_FAMILIES,
    SCRAPE_DEADLINE,
    RELOAD_SUCCESSFUL,
    RELOAD_SUCCESS_AT,
    BUILD_INFO,
)
"""Every family but those of the process, which are prometheus_client's."""
