"""A cluster's report in the terms of Burrow's API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from exporter.core.model import Int64s, Members, Owner, Status
from exporter.core.report import Report
from exporter.core.windows import NO_LAG
from exporter.web.v3.go_json import Value

Fields = Mapping[str, Value]

NO_OWNER = Owner("", "")


class BurrowReport:
    """One cluster's report in Burrow's terms. Lists are in order."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._commits = report.history.commits
        self._columns = report.columns

    def __contains__(self, group: object) -> bool:
        """True if commits of the group are retained, even if it cannot be read now."""
        found = self._report.groups.get(group) if isinstance(group, str) else None
        if found is not None:
            return any(map(self._is_touched, found.topics.values()))
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
        return sorted({group for group, _ in self._touched})

    def consumers_of(self, topic: str) -> Sequence[str]:
        """The groups with retained commits on the topic."""
        return sorted(group for group, on in self._touched if on == topic)

    def offsets(self, topic: str) -> Sequence[Value]:
        """The end offset of each partition in order, None if it could not be read."""
        return [offset if offset >= 0 else None for offset in self._report.end_offsets[topic].tolist()]

    def is_readable(self, group: str) -> bool:
        """True if the group could be read now, so that its status is current."""
        found = self._report.groups.get(group)
        return found is not None and found.status is not Status.NOTFOUND

    def detail(self, group: str) -> Mapping[str, Sequence[Fields]]:
        """Topic → the retained window of each partition, in order of the partitions.

        As in Burrow, a window always has as many entries as it can hold, with None in front for missing ones, or
        no entries if nothing was committed.
        """
        members = self._report.groups[group].members
        return {
            topic: [self._window(row, _owner(members, topic, row - rows.start)) for row in range(rows.start, rows.stop)]
            for topic, rows in self._topics_of(group)
        }

    def status(self, group: str, *, everything: bool) -> Fields:
        """The group's verdict, with all of its partitions or those that are worse than OK.

        As in Burrow, a partition without a commit counts if another one of the topic has one. Partitions that cannot
        be read now are left out.
        """
        found = self._report.groups[group]
        columns, count = self._columns, self._commits.windows.count
        judged = [
            (row, self._partition(row, topic, _owner(found.members, topic, row - rows.start)))
            for topic, rows in self._topics_of(group)
            for row in range(rows.start, rows.stop)
            if columns.shown[row] or not count[row]
        ]
        lags = [int(columns.lag[row]) for row, _ in judged]
        complete = sum(columns.verdicts.complete[row] >= 1.0 for row, _ in judged)
        return {
            "cluster": self._report.cluster,
            "group": group,
            "status": found.status.name,
            "complete": float(complete / len(judged)),
            "partitions": [
                partition for row, partition in judged if everything or columns.verdicts.status[row] > Status.OK
            ],
            "partition_count": len(judged),
            "maxlag": judged[lags.index(max(lags))][1],
            "totallag": sum(lags),
        }

    def _topics_of(self, group: str) -> Iterator[tuple[str, slice]]:
        for topic, rows in self._report.groups[group].topics.items():
            if self._is_touched(rows):
                yield topic, rows

    def _is_touched(self, rows: slice) -> bool:
        return bool(self._commits.windows.count[rows].any())

    @cached_property
    def _touched(self) -> Sequence[tuple[str, str]]:
        """The (group, topic) pairs with retained commits."""
        layout = self._report.history.group_topics
        before = np.concatenate(([0], np.cumsum(self._commits.windows.count > 0)))
        entries = np.diff(before[layout.starts]).tolist()
        return [key for key, number in zip(layout.keys, entries, strict=True) if number]

    def _partition(self, row: int, topic: str, owner: Owner) -> Fields:
        columns, windows = self._columns, self._commits.windows
        newest = windows.capacity - 1
        committed = bool(windows.count[row])
        return {
            "topic": topic,
            "partition": int(columns.partition[row]),
            "owner": owner.host,
            "client_id": owner.client_id,
            "status": Status(int(columns.verdicts.status[row])).name,
            "start": self._commit(row, int(columns.verdicts.first[row])) if committed else None,
            "end": self._commit(row, newest) if committed else None,
            "current_lag": int(columns.lag[row]),
            "complete": float(columns.verdicts.complete[row]),
        }

    def _window(self, row: int, owner: Owner) -> Fields:
        windows = self._commits.windows
        filled = int(windows.count[row])
        offsets: list[Fields | None] = []
        if filled:
            missing = windows.capacity - filled
            offsets += [None] * missing
            offsets += [self._commit(row, column) for column in range(missing, windows.capacity)]
        return {
            "offsets": offsets,
            "owner": owner.host,
            "client_id": owner.client_id,
            "current-lag": None if filled and not self._columns.shown[row] else int(self._columns.lag[row]),
        }

    def _commit(self, row: int, column: int) -> Fields:
        offset, time = int(self._commits.windows.offset[row, column]), int(self._commits.windows.time[row, column])
        lag = int(self._commits.lag[row, column])
        return {
            "offset": offset,
            "timestamp": time,
            # Burrow truncates this time to whole seconds.
            "observedAt": time // 1000 * 1000,
            "lag": None if lag == NO_LAG else lag,
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


def _owner(members: Members | None, topic: str, partition: int) -> Owner:
    if members is None or members.owners is None or topic not in members.owners:
        return NO_OWNER
    return members.owners[topic].get(partition, NO_OWNER)
