"""One report per consumer group, made from the columns of all its partitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from exporter.core.history import History
from exporter.core.model import EMPTY, Bools, GroupObservation, Int64s, Members, Observation, Status
from exporter.core.rules import Verdicts
from exporter.core.timeline import Seconds
from exporter.core.trend import catch_up_seconds

Number = TypeVar("Number", int, float, bool)


@dataclass(frozen=True, slots=True)
class GroupReport:
    """One consumer group: its verdict over its partitions, and what Kafka reports about it.

    ``status`` is NOTFOUND for a group without a readable commit: it cannot be judged. ``partitions``: how
    many its numbers cover; ``unreadable``: how many more have a commit, but could not be read this time.
    ``complete``: the share of both whose window is complete, which that of an unreadable one is not. Lags in
    records or, where the name says so, seconds; ``lag_is_bound``: some partition's lag in seconds is a lower bound.
    ``catch_up_seconds``: infinite while the lag does not shrink, None while that is not known. ``retention_margin``: of
    the partition that is closest to losing records, how much of its log lies before the commit (1: at the end, 0: about
    to lose, negative: lost); a log from which nothing was ever deleted counts as 1. None if the log start is not known.
    ``beyond_end``: partitions whose commit lies beyond the end of the log.
    """

    name: str
    status: Status
    complete: float
    total_lag: int
    max_lag: int
    max_lag_seconds: float
    lag_is_bound: bool
    catch_up_seconds: float | None
    retention_margin: float | None
    beyond_end: int
    partitions: int
    unreadable: int
    state: str
    type: str
    protocol: str
    coordinator: int | None
    members: Members | None
    topics: Mapping[str, slice]
    """The rows of `Columns` of each topic, topics in order."""
    subscribed: Mapping[str, bool] = field(default_factory=lambda: EMPTY)
    """Topics with commits → whether a live member is assigned to a partition; empty while that is not known."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What is known now of each row of commits; the values of rows that are not ``shown`` are meaningless.

    ``unreadable``: the group has a commit there, but it or the end offset could not be read; such a row is not shown.
    ``partition`` is the partition's id; the offsets and counts are those of `Snapshot`. ``lag_seconds`` is only a
    lower bound where ``lag_is_bound``.
    """

    partition: Int64s
    shown: Bools
    unreadable: Bools
    committed: Int64s
    start: Int64s
    end: Int64s
    lag: Int64s
    lost: Int64s
    lag_seconds: Seconds
    lag_is_bound: Bools
    verdicts: Verdicts


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums and extremes over the shown rows of each group that has rows; the last entry is for groups without any.

    ``unreadable`` counts rows that are not shown.
    """

    partitions: list[int]
    unreadable: list[int]
    status: list[int]
    complete: list[int]
    total_lag: list[int]
    max_lag: list[int]
    max_lag_seconds: list[float]
    lag_is_bound: list[bool]
    retention_margin: list[float]
    beyond_end: list[int]


def group_reports(history: History, columns: Columns, seen: Observation) -> dict[str, GroupReport]:
    """Every group that was read, sorted by name."""
    layout = history.group_topics
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
    found: dict[str, GroupReport] = {}
    for name in sorted(seen.groups):
        group, blocks, at = seen.groups[name], topics.get(name, EMPTY), position_of.get(name, nothing)
        found[name] = GroupReport(
            name=name,
            status=Status(min(sums.status[at], Status.ERR)),
            complete=sums.complete[at] / max(sums.partitions[at] + sums.unreadable[at], 1),
            total_lag=sums.total_lag[at],
            max_lag=sums.max_lag[at],
            max_lag_seconds=sums.max_lag_seconds[at],
            lag_is_bound=bool(sums.lag_is_bound[at]),
            catch_up_seconds=catch_up_seconds(history.trend, name, sums.total_lag[at], seen.at),
            retention_margin=_margin(sums.retention_margin[at]),
            beyond_end=sums.beyond_end[at],
            partitions=sums.partitions[at],
            unreadable=sums.unreadable[at],
            state=group.state,
            type=group.type,
            protocol=group.protocol,
            coordinator=group.coordinator,
            members=group.members,
            topics=blocks,
            subscribed=_subscribed(group, blocks),
        )
    return found


def _margin(smallest: float) -> float | None:
    """The smallest margin of a group, at most 1; None if it has none."""
    return min(smallest, 1.0) if np.isfinite(smallest) else None


def _sums(columns: Columns, starts: Int64s) -> _Sums:
    """Sum up groups whose rows begin at ``starts`` and end where the next one's begin."""
    shown = columns.shown
    with_log = shown & (columns.start >= 0) & (columns.end > columns.start)
    length = np.where(with_log, columns.end - columns.start, 1)
    margin = np.where(with_log, (columns.committed - columns.start) / length, np.inf)
    # Nothing has been deleted from a log that still begins with its first record, and nothing is about to be.
    margin = np.where(with_log & (columns.start == 0), 1.0, margin)
    complete = shown & (columns.verdicts.complete >= 1.0)
    beyond = shown & (columns.committed > columns.end)

    def total(values: npt.NDArray[Any]) -> list[int]:
        return [*(np.add.reduceat(values.astype(np.int64), starts).tolist() if starts.size else ()), 0]

    def highest(values: npt.NDArray[Any], none: Number) -> list[Number]:
        return [*(np.maximum.reduceat(values, starts).tolist() if starts.size else ()), none]

    return _Sums(
        partitions=total(shown),
        unreadable=total(columns.unreadable),
        status=highest(np.where(shown, columns.verdicts.status, Status.NOTFOUND), 0),
        complete=total(complete),
        total_lag=total(columns.lag),
        max_lag=highest(columns.lag, 0),
        max_lag_seconds=highest(np.where(shown, columns.lag_seconds, 0.0), 0.0),
        lag_is_bound=highest(shown & columns.lag_is_bound, none=False),
        retention_margin=[-value for value in highest(-margin, -np.inf)],
        beyond_end=total(beyond),
    )


def _subscribed(group: GroupObservation, topics: Mapping[str, slice]) -> Mapping[str, bool]:
    """Whether each topic of an alive group with known members is assigned to one of them."""
    if not group.alive or group.members is None or group.members.owners is None:
        return EMPTY
    owners = group.members.owners
    return {topic: bool(owners.get(topic)) for topic in topics}
