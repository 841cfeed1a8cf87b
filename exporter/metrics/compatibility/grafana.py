"""Grafana Cloud's fork of kafka_exporter, which calls the lag otherwise and adds one in milliseconds."""

from __future__ import annotations

from typing import Final

from exporter.core.report import Report
from exporter.metrics.compatibility import numbers
from exporter.metrics.compatibility.kafka_exporter import NAMES
from exporter.metrics.compatibility.peer import Peer, columns
from exporter.metrics.family import Column, Level


def _lag_millis(report: Report) -> Column:
    seconds = numbers.lag_seconds(report)
    return Column(seconds.numbers * 1000, seconds.shown)


_GUESSED: Final = "says how the fork guessed; here lag in time is read from retained end offsets"

GRAFANA: Final = Peer(
    name="grafana",
    title="Grafana Cloud's fork of kafka_exporter",
    names=NAMES,
    cost="nothing",
    given=(
        columns(
            "kafka_consumergroup_uncommitted_offsets",
            "Current Approximate count of uncommitted offsets for a ConsumerGroup at Topic/Partition",
            Level.GROUP_PARTITION,
            numbers.lag_or_none,
            "0 where the original shows a negative number; -1 still means that there is no commit",
        ),
        columns(
            "kafka_consumergroup_uncommitted_offsets_sum",
            "Current Approximate count of uncommitted offsets for a ConsumerGroup at Topic for all partitions",
            Level.GROUP_TOPIC,
            numbers.sum_by_group_topic(numbers.lag_to_end),
            "negative lags count as 0",
        ),
        columns(
            "kafka_consumer_lag_millis",
            "Current approximation of consumer lag for a ConsumerGroup at Topic/Partition",
            Level.GROUP_PARTITION,
            _lag_millis,
            "read from retained end offsets, and a lower bound past them",
        ),
    ),
    not_given={
        "kafka_consumer_lag_interpolation": _GUESSED,
        "kafka_consumer_lag_extrapolation": _GUESSED,
        "kafka_consumergroupzookeeper_uncommitted_offsets_zookeeper": "it is about commits in ZooKeeper",
        "all others": "they are called as in kafka_exporter: add `kafka_exporter`",
    },
)
