"""A history of one partition, written out entry by entry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exporter.core import rules
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import NO_LAG, Commits, History, Windows
from exporter.core.layout import Layout
from exporter.core.model import Status

Entry = tuple[int, int, int | None]
"""Offset, time (ms) and lag of a commit; a lag of None is not known."""


def history_of(commits: Sequence[Entry], ends: Sequence[tuple[int, int]], *, own_times: bool, capacity: int) -> History:
    """One group on one partition; ``ends`` are (offset, time in ms). All oldest first."""
    columns = Commits.empty(1, capacity)
    columns.own_times[0] = own_times
    columns.windows.count[0] = len(commits)
    for column, (offset, time, lag) in enumerate(commits, start=capacity - len(commits)):
        columns.windows.offset[0, column] = offset
        columns.windows.time[0, column] = time
        columns.lag[0, column] = NO_LAG if lag is None else lag
    columns.last_time[:] = columns.windows.time[:, -1]
    retained = Windows.empty(1, capacity)
    retained.count[0] = len(ends)
    for column, (offset, time) in enumerate(ends, start=capacity - len(ends)):
        retained.offset[0, column] = offset
        retained.time[0, column] = time
    return History(Layout.of([("t", 1)]), retained, Layout.of([(("g", "t"), 1)]), columns, np.zeros(1, dtype=np.int64))


def verdict(history: History, *, current_lag: int, now: int, settings: EvaluationSettings) -> tuple[Status, float]:
    """Status and completeness of the one partition at ``now`` (ms)."""
    found = rules.judge(history, np.array([current_lag]), now, settings)
    return Status(int(found.status[0])), float(found.complete[0])


def burrow_verdict(
    commits: Sequence[Entry],
    ends: Sequence[int],
    *,
    intervals: int,
    current_lag: int,
    now: int,
    allowed_lag: int = 0,
    minimum_complete: float = 0.0,
) -> tuple[Status, float]:
    """The same of commits that brought their own times, which are judged by count as Burrow does."""
    settings = EvaluationSettings(intervals=intervals, allowed_lag=allowed_lag, minimum_complete=minimum_complete)
    history = history_of(commits, [(end, 0) for end in ends], own_times=True, capacity=intervals)
    return verdict(history, current_lag=current_lag, now=now, settings=settings)
