"""A history of one partition, written out entry by entry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exporter.core import rules
from exporter.core.commits import ASSIGNED, NO_LAG, Commits
from exporter.core.evaluation import EvaluationSettings
from exporter.core.gaps import gapless_clock
from exporter.core.history import Folded, History
from exporter.core.layout import Layout
from exporter.core.model import NO_OFFSET, NOT_READ, Status
from exporter.core.row_settings import row_settings
from exporter.core.snapshot import Snapshot, TopicOffsets
from exporter.core.windows import Windows

Entry = tuple[int, int, int | None]
"""Offset, time (ms) and lag of a commit; a lag of None is not known."""


def history_of(commits: Sequence[Entry], ends: Sequence[tuple[int, int]], *, capacity: int) -> History:
    """One group on one partition whose commits have their own times; ``ends`` are (offset, time in ms).

    All oldest first.
    """
    columns = Commits.empty(1, capacity)
    columns.own_times[0] = True
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
    """Status and completeness of the one partition at ``now`` (ms), when a live consumer is on it."""
    windows, ones = history.commits.windows, np.ones(1, dtype=np.int64)
    committed = ones * (int(windows.offset[0, -1]) if windows.count[0] else NO_OFFSET)
    end, yes, no = committed + current_lag, np.ones(1, dtype=np.bool_), np.zeros(1, dtype=np.bool_)
    unread = ones * NOT_READ
    now_seen = Snapshot(
        at=now,
        committed=committed,
        commit_time=windows.time[:, -1],
        position=committed,
        assigned=np.array([ASSIGNED], dtype=np.int8),
        alive=yes,
        without_members=no,
        of_consumers=yes,
        start=unread,
        log_end=end,
        end=end,
        readable=committed >= 0,
        unreadable=no,
        lag=ones * current_lag,
        lost=ones * 0,
        topics=TopicOffsets(unread, unread, end),
    )
    by_row = row_settings(settings, history.group_topics)
    folded = Folded(history, now_seen, np.zeros(1), no, gapless_clock((), 0), 0.0, by_row)
    found = rules.judge(folded, by_row)
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
    history = history_of(commits, [(end, 0) for end in ends], capacity=intervals)
    return verdict(history, current_lag=current_lag, now=now, settings=settings)
