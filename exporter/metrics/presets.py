"""Named sets of metric families, and which families a cluster's settings ask for."""

from __future__ import annotations

from typing import Final

from exporter.metrics.catalogue import CLUSTER_FAMILIES
from exporter.metrics.family import GROUP, Family
from exporter.settings import Metrics

OF_GROUPS: Final = frozenset({GROUP, "share_group"})
"""The labels that name a group of either kind."""

LEAN: Final = frozenset(
    {
        "burrow_kafka_consumer_status",
        "burrow_kafka_consumer_lag_total",
        "burrow_kafka_consumer_max_lag_seconds",
        "burrow_kafka_topic_partition_status",
        "burrow_kafka_consumer_partition_lag",
        # The same at granularity `topic`, and of share groups.
        "burrow_kafka_consumer_topic_status",
        "burrow_kafka_consumer_topic_lag",
        "burrow_kafka_share_group_lag",
        "burrow_kafka_share_group_partition_lag",
        # What the alerts rest on besides; one series for each group, or for each topic of it.
        "burrow_kafka_consumer_complete_ratio",
        "burrow_kafka_consumer_lag_seconds_is_lower_bound",
        "burrow_kafka_consumer_catch_up_seconds",
        "burrow_kafka_consumer_retention_margin_ratio",
        "burrow_kafka_consumer_unreadable_partitions",
        "burrow_kafka_consumer_commits_beyond_end",
        "burrow_kafka_consumer_lost_records_total",
        "burrow_kafka_consumer_members",
        "burrow_kafka_consumer_topic_subscribed",
        # What is told of the cluster and of the exporter itself, which does not grow with either.
        *(
            family.name
            for family in CLUSTER_FAMILIES
            if OF_GROUPS.isdisjoint(family.labels) and "topic" not in family.labels
        ),
    }
)

PRESETS: Final = {"lean": LEAN}
"""By the name that stands for each in the configuration."""


def wanted(family: Family, metrics: Metrics) -> bool:
    """True if the settings ask for a family."""
    if metrics.exclude is not None and _names(family, metrics.exclude):
        return False
    if family.peer:
        return family.peer in (metrics.compatibility or ())
    return metrics.include is None or _names(family, metrics.include)


def _names(family: Family, names: tuple[str, ...]) -> bool:
    return family.name in names or any(family.name in PRESETS[name] for name in names if name in PRESETS)
