"""kafka-lag-exporter, whose names klag-exporter and others have too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np

from exporter.core.report import Outcome, Report
from exporter.metrics.compatibility import numbers
from exporter.metrics.compatibility.peer import Peer, columns, few, per_group
from exporter.metrics.family import Column, Level, Names

NAMES: Final = Names(cluster="cluster_name", group="group", owner=("client_id", "consumer_id", "member_host"))

_WITHOUT_COMMIT: Final = "absent where the original says NaN, on partitions without a commit"


def _of_groups(combine: np.ufunc) -> Callable[[Report], Column]:
    """The lags to the end of each group, combined over all of its partitions with a commit."""

    def column(report: Report) -> Column:
        lag, layout = numbers.lag_to_end(report), report.history.group_topics
        of_group: dict[str, Any] = {}
        for (group, _), start, stop in zip(layout.keys, layout.starts[:-1], layout.starts[1:], strict=True):
            shown = lag.numbers[start:stop][lag.shown[start:stop]]
            if shown.size:
                value = combine.reduce(shown)
                of_group[group] = value if group not in of_group else combine(of_group[group], value)
        values = np.array([of_group.get(group, -1) for group in report.groups], dtype=np.int64)
        return Column(values, values >= 0)

    return column


def _poll_time(outcome: Outcome) -> Iterable[tuple[Mapping[str, str], float]]:
    if outcome.report is not None and "total" in outcome.report.stages:
        yield {}, outcome.report.stages["total"] * 1000


KAFKA_LAG_EXPORTER: Final = Peer(
    name="kafka_lag_exporter",
    title="kafka-lag-exporter",
    names=NAMES,
    cost="its labels name the member of each partition: their text is made anew when members are described "
    "(`members_refresh`), and a partition that moves to another member begins a new series",
    given=(
        columns(
            "kafka_partition_latest_offset",
            "Latest offset of a partition",
            Level.TOPIC_PARTITION,
            numbers.end_offsets,
            "of all topics that are watched, also those that no group reads",
        ),
        columns(
            "kafka_partition_earliest_offset",
            "Earliest offset of a partition",
            Level.TOPIC_PARTITION,
            numbers.start_offsets,
            "of all topics that are watched; absent with `start_offsets: false`",
        ),
        columns(
            "kafka_consumergroup_group_offset",
            "Last group consumed offset of a partition",
            Level.GROUP_PARTITION,
            numbers.commits,
            _WITHOUT_COMMIT,
        ),
        columns(
            "kafka_consumergroup_group_lag",
            "Group offset lag of a partition",
            Level.GROUP_PARTITION,
            numbers.lag_to_end,
            _WITHOUT_COMMIT,
        ),
        columns(
            "kafka_consumergroup_group_lag_seconds",
            "Group time lag of a partition",
            Level.GROUP_PARTITION,
            numbers.lag_seconds,
            "read from retained end offsets: never negative; past them a lower bound where the original extrapolates",
        ),
        columns(
            "kafka_consumergroup_group_max_lag",
            "Max group offset lag",
            Level.GROUP,
            _of_groups(np.maximum),
        ),
        per_group(
            "kafka_consumergroup_group_max_lag_seconds",
            "Max group time lag",
            lambda group: group.max_lag_seconds if group.partitions else None,
            "as `kafka_consumergroup_group_lag_seconds`",
        ),
        columns("kafka_consumergroup_group_sum_lag", "Sum of group offset lag", Level.GROUP, _of_groups(np.add)),
        columns(
            "kafka_consumergroup_group_topic_sum_lag",
            "Sum of group offset lag across topic partitions",
            Level.GROUP_TOPIC,
            numbers.sum_by_group_topic(numbers.lag_to_end),
        ),
        few("kafka_consumergroup_poll_time_ms", "Group time poll time", (), _poll_time),
    ),
    not_given={
        "custom labels of a cluster": "add them where Prometheus scrapes",
        "kafka_consumergroup_group_{messages_lost,retention_margin,lag_retention_ratio,state}": (
            "klag-exporter's own; see `burrow_kafka_consumer_partition_lost_records`, `_retention_margin_ratio`, "
            "`_info`"
        ),
        "kafka_lag_exporter_*": "klag-exporter's own; see `burrow_kafka_cluster_up`, `burrow_exporter_*`",
    },
)
