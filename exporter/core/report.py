"""What a collection found about one cluster: an immutable value that every page is built from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from exporter.core.evaluation import EvaluationSettings
from exporter.core.groups import GroupReport
from exporter.core.history import History
from exporter.core.model import Failure, Int64s, ShareGroup, Status
from exporter.core.partitions import PartitionColumns, PartitionReport, partition_reports
from exporter.core.placement import Placement
from exporter.core.snapshot import GroupTopic
from exporter.core.topics import TopicPartition, TopicReport, topic_partitions, topic_reports


@dataclass(frozen=True, slots=True)
class Report:
    """One cluster after one collection, at ``at`` (ms since the epoch); ``settings`` are those it was judged by.

    ``end_offsets`` are by topic and partition id, NOT_READ where unread.
    """

    cluster: str
    at: int
    settings: EvaluationSettings
    columns: PartitionColumns
    groups: Mapping[str, GroupReport]
    end_offsets: Mapping[str, Int64s]
    not_evaluated: Mapping[str, str]
    share_groups: Mapping[str, ShareGroup]
    brokers: int
    failures: tuple[Failure, ...]
    requests: Mapping[str, int]
    stages: Mapping[str, float]
    placement: Placement | None

    @property
    def history(self) -> History:
        """The history after the collection."""
        return self.columns.history

    @property
    def window_capacity(self) -> int:
        """How many commits of a partition are retained at most."""
        return self.history.commits.windows.capacity

    def worst_first(self) -> list[GroupReport]:
        """The groups by status, lag in seconds, lag and name."""
        return sorted(self.groups.values(), key=lambda group: group.rank)

    def partitions(self, group: GroupReport, topic: str | None = None) -> Iterator[PartitionReport]:
        """The partitions of the topics, or of one topic, that a group has commits on, in order.

        Those that could not be read, or on which the group has no commit, are among them: see ``readable``.
        """
        topics = group.topics if topic is None else {topic: group.topics[topic]} if topic in group.topics else {}
        settings = {topic: self.settings.of(group.name, topic) for topic in topics}
        return partition_reports(self.columns, topics, group.members, settings)

    def overrides(self, group: GroupReport) -> Mapping[int, Sequence[str]]:
        """The overrides that take partitions of a group, by their position, each with the topics that they take."""
        taken: dict[int, list[str]] = {}
        for topic in group.topics if self.settings.overrides else ():
            if (position := self.settings.override_of(group.name, topic)) is not None:
                taken.setdefault(position, []).append(topic)
        return dict(sorted(taken.items()))

    def statuses(self, group: GroupReport) -> Mapping[Status, int]:
        """How many readable partitions of a group have each status."""
        verdicts, readable = self.columns.verdicts, self.columns.snapshot.readable
        each = [verdicts.status[rows][readable[rows]] for rows in group.topics.values()]
        counts = np.bincount(np.concatenate(each) if each else np.zeros(0, np.int8), minlength=len(Status)).tolist()
        return {status: counts[status] for status in Status}

    def topics(self) -> Mapping[str, TopicReport]:
        """Every topic, with its consumers."""
        return topic_reports(self.columns)

    def partitions_of_topic(self, topic: str) -> list[TopicPartition]:
        """The partitions of a topic, in order."""
        return topic_partitions(self.columns, self.groups, topic)

    def retained(self) -> Sequence[GroupTopic]:
        """The (group, topic) pairs with retained commits, those of groups that could not be read now included."""
        layout, count = self.history.group_topics, self.history.commits.windows.count
        before = np.concatenate(([0], np.cumsum(count > 0)))
        entries = np.diff(before[layout.starts]).tolist()
        return [key for key, number in zip(layout.keys, entries, strict=True) if number]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a page can show of one cluster.

    ``report`` is None where nothing can be shown; ``failures`` then say why. ``up`` is True if it was read for whoever
    asks now; False with a report if the collection is late, and the report is that of the one before. ``last_read``:
    when (ms since the epoch, by a clock that does not jump) the oldest offsets of the last collection that read the
    cluster were, None if none has.
    """

    cluster: str
    report: Report | None
    failures: tuple[Failure, ...]
    up: bool
    last_read: int | None = None
