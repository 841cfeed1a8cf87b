"""One report per topic: how many records it holds, and who consumes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exporter.core.groups import GroupReport
from exporter.core.layout import Layout
from exporter.core.model import Int64s, Status
from exporter.core.partitions import PartitionColumns


@dataclass(frozen=True, slots=True)
class ConsumerReport:
    """A group with readable commits on a topic: its worst status there, and its lags in records and seconds.

    ``worst``: NOTFOUND where the settings say that there is none. ``partitions``: on how many; ``unreadable``: how many
    more have a commit, but could not be read; ``lag_is_lower_bound``: some partition's lag in seconds is.
    """

    group: str
    worst: Status
    total_lag: int
    max_lag: int
    max_lag_seconds: float
    lag_is_lower_bound: bool
    unreadable: int
    partitions: int

    @property
    def status(self) -> Status:
        """The group's status on the topic; NOTFOUND where all that could be read is OK, but some could not be."""
        return self.worst.known(self.unreadable)

    @property
    def rank(self) -> tuple[float, float, int, str]:
        """The key to sort consumers by, worst first: status, lag in seconds, lag, name."""
        return -self.worst.severity(self.unreadable), -self.max_lag_seconds, -self.total_lag, self.group


@dataclass(frozen=True, slots=True)
class TopicPartition:
    """A partition: its offsets (None: not read), and the group with the highest lag on it, None without a consumer."""

    partition: int
    start: int | None
    end: int | None
    furthest_behind: str | None
    lag: int

    @property
    def records(self) -> int | None:
        """How many offsets it spans; None while that is not known."""
        return None if self.start is None or self.end is None else max(self.end - self.start, 0)


@dataclass(frozen=True, slots=True)
class TopicReport:
    """A topic; ``records``: how many offsets it spans, None unless all of its partitions could be read."""

    name: str
    partitions: int
    records: int | None
    consumers: tuple[ConsumerReport, ...]
    """Worst first."""

    @property
    def rank(self) -> tuple[float, float, int, str]:
        """The key to sort topics by, that with the worst consumer first; those without a consumer last."""
        seconds = max((consumer.max_lag_seconds for consumer in self.consumers), default=0.0)
        return -self._worst.severity(self.unreadable), -seconds, -self.lag, self.name

    @property
    def status(self) -> Status:
        """The status of the worst consumer; NOTFOUND without one that is judged, or where that is not known."""
        return self._worst.known(self.unreadable)

    @property
    def unreadable(self) -> int:
        """On how many partitions a consumer could not be read, those of each counted."""
        return sum(consumer.unreadable for consumer in self.consumers)

    @property
    def _worst(self) -> Status:
        return max((consumer.worst for consumer in self.consumers), default=Status.NOTFOUND)

    @property
    def lag(self) -> int:
        """The highest lag of a consumer (records)."""
        return max((consumer.total_lag for consumer in self.consumers), default=0)


def topic_reports(columns: PartitionColumns) -> dict[str, TopicReport]:
    """Every topic."""
    consumers: dict[str, list[ConsumerReport]] = {}
    for topic, consumer in _consumers(columns):
        consumers.setdefault(topic, []).append(consumer)
    layout, offsets = columns.history.topics, columns.snapshot.topics
    read = (offsets.start >= 0) & (offsets.end >= 0)
    spanned = np.where(read, np.maximum(offsets.end - offsets.start, 0), 0)
    reports: dict[str, TopicReport] = {}
    for name in layout.keys:
        block = _block(layout, name)
        reports[name] = TopicReport(
            name=name,
            partitions=block.stop - block.start,
            records=int(spanned[block].sum()) if read[block].all() else None,
            consumers=tuple(sorted(consumers.get(name, ()), key=lambda consumer: consumer.rank)),
        )
    return reports


def topic_partitions(columns: PartitionColumns, groups: Mapping[str, GroupReport], topic: str) -> list[TopicPartition]:
    """The partitions of a topic in order; of several groups with the highest lag the first by name is named."""
    now, block = columns.snapshot, _block(columns.history.topics, topic)
    size = block.stop - block.start
    lag, furthest = np.full(size, -1, dtype=np.int64), np.full(size, -1, dtype=np.int64)
    names = [name for name, group in groups.items() if topic in group.topics]
    for position, name in enumerate(names):
        rows = groups[name].topics[topic]
        of_group = np.where(now.readable[rows], now.lag[rows], -1)
        further = of_group > lag
        lag[further], furthest[further] = of_group[further], position
    ids = zip(now.topics.start[block].tolist(), now.topics.end[block].tolist(), strict=True)
    return [
        TopicPartition(
            partition=partition,
            start=start if start >= 0 else None,
            end=end if end >= 0 else None,
            furthest_behind=names[furthest[partition]] if furthest[partition] >= 0 else None,
            lag=max(int(lag[partition]), 0),
        )
        for partition, (start, end) in enumerate(ids)
    ]


def _consumers(columns: PartitionColumns) -> list[tuple[str, ConsumerReport]]:
    """The topic of each block with a readable row, and the report on its group there."""
    layout, now = columns.history.group_topics, columns.snapshot
    # For an empty block reduceat would return its neighbour's first value.
    filled = np.flatnonzero(np.diff(layout.starts))
    if not filled.size:
        return []
    starts: Int64s = layout.starts[filled]
    readable = now.readable
    values = zip(
        filled.tolist(),
        np.maximum.reduceat(np.where(readable, columns.verdicts.status, 0), starts).tolist(),
        np.add.reduceat(now.lag, starts).tolist(),
        np.maximum.reduceat(now.lag, starts).tolist(),
        np.maximum.reduceat(np.where(readable, columns.lag_seconds, 0.0), starts).tolist(),
        np.logical_or.reduceat(readable & columns.lag_is_lower_bound, starts).tolist(),
        np.add.reduceat(now.unreadable.astype(np.int64), starts).tolist(),
        np.add.reduceat(readable.astype(np.int64), starts).tolist(),
        strict=True,
    )
    return [
        (layout.keys[position][1], ConsumerReport(layout.keys[position][0], Status(status), *others))
        for position, status, *others in values
        if others[-1]
    ]


def _block(layout: Layout[str], topic: str) -> slice:
    block = layout.block(topic)
    return slice(0, 0) if block is None else block
