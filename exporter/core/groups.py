"""One report per consumer group, made from the columns of all its partitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from exporter.core.model import EMPTY, MEMBERLESS_STATES, GroupObservation, Int64s, Members, Observation, Status
from exporter.core.partitions import PartitionColumns
from exporter.core.trend import catch_up_seconds
from exporter.core.uncommitted import UncommittedPartition
from exporter.core.windows import saturated_sums

Number = TypeVar("Number", int, float, bool)


@dataclass(frozen=True, slots=True)
class GroupReport:
    """One consumer group: its verdict over its partitions, and what Kafka reports about it.

    ``worst``: the status of its worst readable partition, NOTFOUND for a group without a readable commit, which cannot
    be judged, and for one that is not to be (``evaluate`` in `EvaluationSettings`). ``partitions``: how many its
    numbers cover; ``unreadable``: how many more have a commit, but could not be read this time. ``complete``: the share
    of both whose window is complete, which that of an unreadable one is not.
    Lags in records or, where the name says so, seconds; ``lag_is_lower_bound``: some partition's lag in seconds is.
    ``catch_up_seconds``: infinite while the lag does not shrink, None while that is not known. ``retention_margin``: of
    the partition that is closest to losing records, how much of its log lies before the commit (1: at the end, 0: about
    to lose, negative: lost); a log from which nothing was ever deleted counts as 1. None if the log start is not known.
    ``beyond_end``: partitions whose commit lies beyond the end of the log. ``uncommitted``: partitions that are
    assigned to a member and have no commit, though records came; one that has waited for too long is a STALL.
    ``rebalances``: how many have been seen. ``lost_records``: how many were seen to be deleted before the
    group committed past them.
    """

    name: str
    worst: Status
    complete: float
    total_lag: int
    max_lag: int
    max_lag_seconds: float
    lag_is_lower_bound: bool
    catch_up_seconds: float | None
    retention_margin: float | None
    beyond_end: int
    partitions: int
    unreadable: int
    uncommitted: tuple[UncommittedPartition, ...]
    state: str
    type: str
    protocol: str
    coordinator: int | None
    members: Members | None
    rebalances: int
    lost_records: int
    topics: Mapping[str, slice]
    """The rows of `PartitionColumns` of each topic, topics in order."""
    subscribed: Mapping[str, bool] = field(default_factory=lambda: EMPTY)
    """Topics with commits → whether a live member is assigned to a partition; empty while that is not known."""

    @property
    def status(self) -> Status:
        """The group's status: that of its worst partition, ERR where that is STOP, STALL or REWIND.

        NOTFOUND where all that could be read is OK, but some partitions could not be.
        """
        return Status(min(self.worst.known(self.unreadable), Status.ERR))

    @property
    def member_count(self) -> int | None:
        """How many members the group has; None while that is not known."""
        if self.state in MEMBERLESS_STATES:
            return 0
        return None if self.members is None else self.members.count

    @property
    def rank(self) -> tuple[float, float, int, str]:
        """The key to sort groups by, worst first: status, lag in seconds, lag, name."""
        return -min(self.worst.severity(self.unreadable), Status.ERR), -self.max_lag_seconds, -self.total_lag, self.name


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums and extremes over the readable rows of each group that has rows; the last entry is for groups without."""

    partitions: list[int]
    unreadable: list[int]
    status: list[int]
    complete: list[int]
    total_lag: list[int]
    max_lag: list[int]
    max_lag_seconds: list[float]
    lag_is_lower_bound: list[bool]
    retention_margin: list[float]
    beyond_end: list[int]


def group_reports(
    columns: PartitionColumns,
    observation: Observation,
    uncommitted: Mapping[str, tuple[UncommittedPartition, ...]] = EMPTY,
) -> dict[str, GroupReport]:
    """Every group that was read, sorted by name; ``uncommitted`` by group."""
    layout, trend = columns.history.group_topics, columns.history.trend
    topics: dict[str, dict[str, slice]] = {}
    starts = layout.starts.tolist()
    for position, (name, topic) in enumerate(layout.keys):
        topics.setdefault(name, {})[topic] = slice(starts[position], starts[position + 1])
    # The blocks of a group lie next to each other, because keys are in order.
    rows = {name: next(iter(blocks.values())).start for name, blocks in topics.items()}
    with_rows = [name for name, blocks in topics.items() if any(block.stop > block.start for block in blocks.values())]
    sums = _sums(columns, np.array([rows[name] for name in with_rows], dtype=np.int64))
    position_of = {name: position for position, name in enumerate(with_rows)}
    nothing = len(with_rows)
    reports: dict[str, GroupReport] = {}
    for name in sorted(observation.groups):
        group, blocks, at = observation.groups[name], topics.get(name, EMPTY), position_of.get(name, nothing)
        without = uncommitted.get(name, ())
        reports[name] = GroupReport(
            name=name,
            worst=_worst(Status(sums.status[at]), without),
            complete=sums.complete[at] / max(sums.partitions[at] + sums.unreadable[at], 1),
            total_lag=sums.total_lag[at],
            max_lag=sums.max_lag[at],
            max_lag_seconds=sums.max_lag_seconds[at],
            lag_is_lower_bound=bool(sums.lag_is_lower_bound[at]),
            catch_up_seconds=catch_up_seconds(trend, name, sums.total_lag[at], observation.at),
            retention_margin=_margin(sums.retention_margin[at]),
            beyond_end=sums.beyond_end[at],
            partitions=sums.partitions[at],
            unreadable=sums.unreadable[at],
            uncommitted=without,
            state=group.state,
            type=group.type,
            protocol=group.protocol,
            coordinator=group.coordinator,
            members=group.members,
            rebalances=columns.history.rebalances[name].count,
            lost_records=columns.history.lost_records.get(name, 0),
            topics=blocks,
            subscribed=_subscribed(group, blocks),
        )
    return reports


def _worst(status: Status, uncommitted: tuple[UncommittedPartition, ...]) -> Status:
    """The status of the worst partition, those without a commit included."""
    return max(status, Status.STALL) if any(partition.too_long for partition in uncommitted) else status


def _margin(smallest: float) -> float | None:
    """The smallest margin of a group, at most 1; None if it has none."""
    return min(smallest, 1.0) if np.isfinite(smallest) else None


def _sums(columns: PartitionColumns, starts: Int64s) -> _Sums:
    """Sums up groups whose rows begin at ``starts`` and end where the next one's begin."""
    now, readable = columns.snapshot, columns.snapshot.readable
    with_log = readable & (now.start >= 0) & (now.end > now.start)
    length = np.where(with_log, now.end - now.start, 1)
    margin = np.where(with_log, (now.committed - now.start) / length, np.inf)
    # Nothing has been deleted from a log that still begins with its first record, and nothing is about to be.
    margin = np.where(with_log & (now.start == 0), 1.0, margin)
    complete = readable & (columns.verdicts.complete >= 1.0)
    beyond = readable & (now.committed > now.end)

    def total(values: npt.NDArray[Any]) -> list[int]:
        return [*(saturated_sums(values.astype(np.int64), starts).tolist() if starts.size else ()), 0]

    def highest(values: npt.NDArray[Any], none: Number) -> list[Number]:
        return [*(np.maximum.reduceat(values, starts).tolist() if starts.size else ()), none]

    return _Sums(
        partitions=total(readable),
        unreadable=total(now.unreadable),
        status=highest(np.where(readable, columns.verdicts.status, Status.NOTFOUND), 0),
        complete=total(complete),
        total_lag=total(now.lag),
        max_lag=highest(now.lag, 0),
        max_lag_seconds=highest(np.where(readable, columns.lag_seconds, 0.0), 0.0),
        lag_is_lower_bound=highest(readable & columns.lag_is_lower_bound, none=False),
        retention_margin=[-value for value in highest(-margin, -np.inf)],
        beyond_end=total(beyond),
    )


def _subscribed(group: GroupObservation, topics: Mapping[str, slice]) -> Mapping[str, bool]:
    """Whether each topic of an alive group with known members is assigned to one of them."""
    if not group.alive or group.members is None or group.members.owners is None:
        return EMPTY
    owners = group.members.owners
    return {topic: bool(owners.get(topic)) for topic in topics}
