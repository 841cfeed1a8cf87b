"""Traces fed event by event, each commit with its own time, as Burrow itself sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from exporter.core import rules
from exporter.core.commits import NO_LAG, UNKNOWN, Commits
from exporter.core.evaluation import EvaluationSettings
from exporter.core.gaps import gapless_clock
from exporter.core.history import Folded, History, capacity
from exporter.core.layout import Layout
from exporter.core.model import NOT_READ, Int64s, Status
from exporter.core.retention import record_commits, record_ends
from exporter.core.row_settings import row_settings
from exporter.core.snapshot import NO_TIME, Snapshot, TopicOffsets
from exporter.core.windows import Windows, newest
from tests.accuracy.traces import BurrowTrace


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules say at one check of one trace."""

    trace: int
    at: int
    status: str
    complete: float
    lag: int


Window = list[tuple[int, int, int | None]]
"""Offset, time (ms) and lag of each commit held, oldest first."""


def judged(traces: Sequence[BurrowTrace]) -> tuple[list[Judged], dict[int, Window]]:
    """The verdict at every check, and for each trace's number the window at its end."""
    verdicts: list[Judged] = []
    windows: dict[int, Window] = {}
    for (min_distance, intervals), alike in groupby(sorted(traces, key=_kind), key=_kind):
        rows = tuple(alike)
        history = _replay(rows, EvaluationSettings(min_distance=min_distance, intervals=intervals), verdicts)
        windows.update((trace.number, _window(history.commits, row, intervals)) for row, trace in enumerate(rows))
    return verdicts, windows


def _kind(trace: BurrowTrace) -> tuple[int, int]:
    return trace.min_distance, trace.intervals


def _empty(traces: Sequence[BurrowTrace], settings: EvaluationSettings) -> History:
    rows, size = len(traces), capacity(settings)
    return History(
        Layout.of((f"{trace.number:04}", 1) for trace in traces),
        Windows.empty(rows, size),
        Layout.of(((f"{trace.number:04}", f"{trace.number:04}"), 1) for trace in traces),
        Commits.empty(rows, size),
        np.arange(rows),
    )


def _replay(traces: Sequence[BurrowTrace], settings: EvaluationSettings, verdicts: list[Judged]) -> History:
    """The history at the end of the traces, which run side by side; the verdicts on the way go to the list."""
    history = _empty(traces, settings)
    by_second = [{at: list(some) for at, some in groupby(trace.events, key=lambda event: event[1])} for trace in traces]
    checks = [{check.at * 1000 for check in trace.checks} for trace in traces]
    for at in sorted({at for moments in (*by_second, *checks) for at in moments}):
        now = [events.get(at, []) for events in by_second]
        for turn in range(max(len(events) for events in now)):
            history = _event(history, [events[turn] if turn < len(events) else None for events in now], at, settings)
        due = [row for row, moments in enumerate(checks) if at in moments]
        if due:
            now_known = _snapshot(newest(history.commits.windows), newest(history.ends), at)
            lag = now_known.lag
            by_row = row_settings(settings, history.group_topics)
            folded = Folded(
                history, now_known, np.zeros(len(lag)), now_known.unreadable, gapless_clock((), 0), 0.0, by_row
            )
            found = rules.judge(folded, by_row)
            verdicts.extend(
                Judged(
                    traces[row].number,
                    at // 1000,
                    Status(int(found.status[row])).name,
                    float(found.complete[row]),
                    int(lag[row]),
                )
                for row in due
            )
    return history


def _event(
    history: History, events: Sequence[tuple[str, int, int] | None], at: int, settings: EvaluationSettings
) -> History:
    """The history after at most one event of each trace."""
    # Burrow drops commits on a partition of which it knows no end offset yet.
    committed = np.where(history.ends.count > 0, _column(events, "commit"), NOT_READ)
    now = _snapshot(committed, _column(events, "broker"), at)
    by_row = row_settings(settings, history.group_topics)
    commits = record_commits(history.commits, now, np.zeros(len(committed)), history.ends, by_row)
    # Burrow keeps every end offset that it fetches.
    ends = record_ends(history.ends, _column(events, "broker"), at=at, settings=replace(settings, min_distance=0))
    return replace(history, commits=commits, ends=ends)


def _snapshot(committed: Int64s, end: Int64s, at: int) -> Snapshot:
    """Commits with their own times, of groups without a member."""
    rows, nothing = len(committed), np.full(len(committed), NOT_READ, dtype=np.int64)
    return Snapshot(
        at=at,
        committed=committed,
        commit_time=np.where(committed >= 0, at, NO_TIME),
        position=committed,
        assigned=np.full(rows, UNKNOWN, dtype=np.int8),
        alive=np.zeros(rows, dtype=np.bool_),
        without_members=np.ones(rows, dtype=np.bool_),
        of_consumers=np.zeros(rows, dtype=np.bool_),
        start=nothing,
        log_end=end,
        end=end,
        readable=(committed >= 0) & (end >= 0),
        unreadable=np.zeros(rows, dtype=np.bool_),
        lag=np.maximum(end - committed, 0),
        lost=np.zeros(rows, dtype=np.int64),
        topics=TopicOffsets(start=nothing, stable=nothing, end=end),
    )


def _column(events: Sequence[tuple[str, int, int] | None], kind: str) -> Int64s:
    return np.array([event[2] if event and event[0] == kind else NOT_READ for event in events], dtype=np.int64)


def _window(commits: Commits, row: int, intervals: int) -> Window:
    entries = min(int(commits.windows.count[row]), intervals)
    columns = (commits.windows.offset, commits.windows.time, commits.lag)
    newest_of = (column[row, column.shape[1] - entries :].tolist() for column in columns)
    return [(offset, at, None if lag == NO_LAG else lag) for offset, at, lag in zip(*newest_of, strict=True)]
