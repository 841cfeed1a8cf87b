"""One report per partition that a group has commits on, read from the columns of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from exporter.core.commits import NO_LAG, Commits
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import History
from exporter.core.model import Bools, Members, Owner, Status
from exporter.core.reasons import Reason, reason
from exporter.core.rules import Verdicts
from exporter.core.snapshot import Snapshot
from exporter.core.timeline import Seconds


@dataclass(frozen=True, slots=True)
class PartitionColumns:
    """What is known now of each row of commits; the values of rows that are not readable are meaningless.

    ``history`` is the one after the observation of ``snapshot``. ``lag_seconds`` is only a lower bound where
    ``lag_is_lower_bound``.
    """

    history: History
    snapshot: Snapshot
    lag_seconds: Seconds
    lag_is_lower_bound: Bools
    verdicts: Verdicts


@dataclass(frozen=True, slots=True)
class Commit:
    """A retained commit: its offset, its time (ms), its lag then (records; None: not known).

    The lag of a sampled commit is that of the observation which first saw it, so that it follows the partition; the
    rules measure it otherwise (`exporter.core.retention`). That of one with its own time is the one the rules use.
    """

    offset: int
    time: int
    lag: int | None
    judged: bool
    """Whether the verdict is based on it; older ones are retained in reserve."""


@dataclass(frozen=True, slots=True)
class PartitionReport:
    """A partition of a topic that a group has commits on.

    One that is not ``readable`` has no commit, or could not be read this time (``unreadable``): its offsets are
    NO_OFFSET or NOT_READ, its lag is 0. ``end``: the last stable offset for readers of committed records. ``lag`` and
    ``lost`` in records, ``lag_seconds`` maybe only a lower bound. ``complete``: 0 to 1. ``owner``: the member it
    is assigned to, None without one or while that is not known. ``retained``: how many commits are.
    """

    topic: str
    partition: int
    status: Status
    owner: Owner | None
    _at: _Row = field(repr=False, compare=False)
    complete: float
    readable: bool
    unreadable: bool
    committed: int
    start: int
    end: int
    lag: int
    lost: int
    lag_seconds: float
    lag_is_lower_bound: bool
    retained: int

    @property
    def rank(self) -> tuple[int, float, int, str, int]:
        """The key to sort partitions by, worst first: status, lag in seconds, lag, topic, partition."""
        return -self.status, -self.lag_seconds, -self.lag, self.topic, self.partition

    def reason(self) -> Reason:
        """Why a readable partition has its status."""
        columns, row = self._at.columns, self._at.row
        return reason(row, columns.history.commits.windows, columns.verdicts, self.lag, self._at.settings)

    def commits(self) -> list[Commit]:
        """The retained commits, oldest first."""
        columns, row = self._at.columns, self._at.row
        commits, first = columns.history.commits, int(columns.verdicts.first[row])
        oldest = commits.windows.capacity - self.retained
        entries = zip(
            commits.windows.offset[row, oldest:].tolist(),
            commits.windows.time[row, oldest:].tolist(),
            self._lags(commits, row)[oldest:],
            strict=True,
        )
        return [
            Commit(offset, time, lag, column >= first)
            for column, (offset, time, lag) in enumerate(entries, start=oldest)
        ]

    def _lags(self, commits: Commits, row: int) -> list[int | None]:
        ruled, seen = commits.lag[row].tolist(), commits.records[row].tolist()
        own_times = bool(commits.own_times[row])
        # Without an end offset there was no lag to see.
        unknown = NO_LAG if own_times or not self.readable else None
        shown = ruled if own_times else seen
        return [None if rule == unknown else lag for rule, lag in zip(ruled, shown, strict=True)]

    def ends(self, since: int) -> list[tuple[int, int]]:
        """Times (ms) and end offsets that are retained since a time, oldest first, and the current one."""
        history, snapshot = self._at.columns.history, self._at.columns.snapshot
        timeline, end_row = history.timeline, history.end_row[self._at.row]
        known = [
            (time, int(column[end_row]))
            for time, column in zip(timeline.times, timeline.columns, strict=True)
            if since <= time < snapshot.at and column[end_row] >= 0
        ]
        return [*known, (snapshot.at, self.end)]


@dataclass(frozen=True, slots=True)
class _Row:
    """Where a partition is in the columns, for what is only read of a few."""

    columns: PartitionColumns
    row: int
    settings: EvaluationSettings


def partition_reports(
    columns: PartitionColumns,
    topics: Mapping[str, slice],
    members: Members | None,
    settings: Mapping[str, EvaluationSettings],
) -> Iterator[PartitionReport]:
    """The partitions in these rows by topic, in that order.

    ``members`` are those of their group, ``settings`` those that each topic's partitions are judged by.
    """
    owners = members.owners if members is not None and members.owners is not None else {}
    now, verdicts = columns.snapshot, columns.verdicts
    for topic, rows in topics.items():
        owner_of = owners.get(topic, {})
        numbers: tuple[npt.NDArray[Any], ...] = (
            verdicts.status,
            verdicts.complete,
            now.readable,
            now.unreadable,
            now.committed,
            now.start,
            now.end,
            now.lag,
            now.lost,
            columns.lag_seconds,
            columns.lag_is_lower_bound,
            columns.history.commits.windows.count,
        )
        for partition, (status, *of_row) in enumerate(zip(*(column[rows].tolist() for column in numbers), strict=True)):
            owner, place = owner_of.get(partition), _Row(columns, rows.start + partition, settings[topic])
            yield PartitionReport(topic, partition, Status(status), owner, place, *of_row)
