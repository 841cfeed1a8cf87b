"""A cluster's report in the terms of Burrow's API."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property

from exporter.core.model import Int64s, Owner, Status
from exporter.core.partitions import Commit, PartitionReport
from exporter.core.report import Report
from exporter.web.v3.go_json import Value

Fields = Mapping[str, Value]

NO_OWNER = Owner("", "")


class BurrowReport:
    """One cluster's report in Burrow's terms. Lists are in order."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def __contains__(self, group: object) -> bool:
        """True if commits of the group are retained, even if it cannot be read now."""
        return group in self.consumers

    @property
    def end_offsets(self) -> Mapping[str, Int64s]:
        """Topic → end offsets by partition id."""
        return self._report.end_offsets

    @cached_property
    def topics(self) -> Sequence[str]:
        """All topics."""
        return sorted(self._report.end_offsets)

    @cached_property
    def consumers(self) -> Sequence[str]:
        """The groups with retained commits."""
        return sorted({group for group, _ in self._retained})

    def consumers_of(self, topic: str) -> Sequence[str]:
        """The groups with retained commits on the topic."""
        return sorted(group for group, on in self._retained if on == topic)

    def offsets(self, topic: str) -> Sequence[Value]:
        """The end offset of each partition in order, None if it could not be read."""
        return [offset if offset >= 0 else None for offset in self._report.end_offsets[topic].tolist()]

    def is_readable(self, group: str) -> bool:
        """True if the group could be read now, so that its status is current."""
        found = self._report.groups.get(group)
        return found is not None and found.partitions > 0

    def detail(self, group: str) -> Mapping[str, Sequence[Fields]]:
        """Topic → the retained window of each partition, in order of the partitions.

        As in Burrow, a window always has as many entries as it can hold, with None in front for missing ones, or
        no entries if nothing was committed.
        """
        windows: dict[str, list[Fields]] = {}
        for partition in self._partitions_of(group):
            windows.setdefault(partition.topic, []).append(_window(partition, self._report.window_capacity))
        return windows

    def status(self, group: str, *, everything: bool) -> Fields:
        """The group's verdict, with all of its partitions or those that are worse than OK.

        As in Burrow, a partition without a commit counts if another one of the topic has one. Partitions that cannot
        be read now are left out.
        """
        judged = [one for one in self._partitions_of(group) if one.readable or not one.retained]
        return {
            "cluster": self._report.cluster,
            "group": group,
            "status": self._report.groups[group].status.name,
            "complete": sum(partition.complete >= 1.0 for partition in judged) / len(judged),
            "partitions": [_partition(partition) for partition in judged if everything or partition.status > Status.OK],
            "partition_count": len(judged),
            "maxlag": _partition(max(judged, key=lambda partition: partition.lag)),
            "totallag": sum(partition.lag for partition in judged),
        }

    def _partitions_of(self, group: str) -> Iterator[PartitionReport]:
        """The group's partitions of topics on which any commit is retained."""
        found = self._report.groups[group]
        for topic in found.topics:
            if (group, topic) in self._retained:
                yield from self._report.partitions(found, topic)

    @cached_property
    def _retained(self) -> Collection[tuple[str, str]]:
        """The (group, topic) pairs with retained commits."""
        return frozenset(self._report.retained())


def _partition(partition: PartitionReport) -> Fields:
    owner = partition.owner or NO_OWNER
    judged = [commit for commit in partition.commits() if commit.judged]
    return {
        "topic": partition.topic,
        "partition": partition.partition,
        "owner": owner.host,
        "client_id": owner.client_id,
        "status": partition.status.name,
        "start": _commit(judged[0]) if judged else None,
        "end": _commit(judged[-1]) if judged else None,
        "current_lag": partition.lag,
        "complete": partition.complete,
    }


def _window(partition: PartitionReport, capacity: int) -> Fields:
    owner, commits = partition.owner or NO_OWNER, partition.commits()
    missing = [None] * (capacity - len(commits)) if commits else []
    return {
        "offsets": [*missing, *map(_commit, commits)],
        "owner": owner.host,
        "client_id": owner.client_id,
        "current-lag": None if commits and not partition.readable else partition.lag,
    }


def _commit(commit: Commit) -> Fields:
    return {
        "offset": commit.offset,
        "timestamp": commit.time,
        # Burrow truncates this time to whole seconds.
        "observedAt": commit.time // 1000 * 1000,
        "lag": commit.lag,
    }


def not_found(cluster: str, group: str) -> Fields:
    """Burrow's verdict on an unknown group or cluster."""
    return {
        "cluster": cluster,
        "group": group,
        "status": Status.NOTFOUND.name,
        "complete": 1.0,
        "partitions": [],
        "partition_count": 0,
        "maxlag": None,
        "totallag": 0,
    }
