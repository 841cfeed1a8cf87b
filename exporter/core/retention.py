"""How commits and end offsets are retained: which are recorded, and with what lag."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from exporter.core.commits import NO_LAG, Commits
from exporter.core.evaluation import EvaluationSettings
from exporter.core.model import NO_OFFSET, Bools, Int64s
from exporter.core.row_settings import RowSettings
from exporter.core.snapshot import Snapshot
from exporter.core.timeline import Seconds
from exporter.core.windows import Windows, append_entries, newest, newest_time, offset_at, shift_left

LOOKBACK: Final = 1 / 4
"""A sampled commit's lag is measured against the end offset of this share of ``window`` earlier: 30 s of 120 s."""

ANY_LAG = np.iinfo(np.int64).max
"""Stands for a current lag that is not known: higher than any lag."""


def record_commits(
    commits: Commits, now: Snapshot, lag_seconds: Seconds, ends: Windows, settings: RowSettings
) -> Commits:
    """The commits after one more observation of every row; ``ends``: the end offsets retained for each row.

    A row without a commit is emptied; one that could not be read is left alone. A commit with its own time is recorded
    when that is new; any other when the committed offset moved, for between two observations nobody knows whether the
    same offset was committed again.

    A commit with its own time is measured against the newest retained end offset, as in Burrow; a sampled one against
    that of LOOKBACK of the window earlier, so that neither the scrapes' pace nor a missed one changes its lag. The
    current lag is an upper bound: deleted records are no lag, nor are those of an open transaction to a reader of
    committed records.

    A commit closer than ``min_distance`` to the newest retained one replaces it and keeps its time, as in
    Burrow's ``core/internal/storage/inmemory.go``.
    """
    windows, offsets, at = commits.windows, now.committed, now.at
    if windows.offset.shape[0] == 0:
        return commits
    timed = now.commit_time >= 0
    present = offsets >= 0
    filled = windows.count > 0
    time = np.where(timed, now.commit_time, at)
    # Guarded by `filled`: the newest column of an empty row is meaningless.
    moved = ~filled | (windows.offset[:, -1] != offsets)
    record = present & np.where(timed, ~filled | (now.commit_time > commits.last_time), moved)
    close = filled & (time - windows.time[:, -1] < settings.min_distance * 1000)
    append, overwrite = record & ~close, record & close
    lag = _lag_of_commits(now, ends, timed, settings)
    recorded = replace(
        commits,
        windows=append_entries(windows, append, offsets, time),
        lag=shift_left(commits.lag, append, lag),
        records=shift_left(commits.records, append, now.lag),
        seconds=shift_left(commits.seconds, append, lag_seconds.astype(np.float32)),
        own_times=np.where(present, timed, commits.own_times),
        last_time=np.where(record, time, commits.last_time),
    )
    recorded.windows.offset[overwrite, -1] = offsets[overwrite]
    recorded.lag[overwrite, -1] = lag[overwrite]
    recorded.windows.count[offsets == NO_OFFSET] = 0
    return recorded


def _lag_of_commits(now: Snapshot, ends: Windows, timed: Bools, settings: RowSettings) -> Int64s:
    """The lag (records) that is stored with each commit, or NO_LAG."""
    when = now.at - np.full(len(timed), settings.window * 1000 * LOOKBACK).astype(np.int64)
    end = np.where(timed, newest(ends), offset_at(ends, when, now=now.log_end, at=now.at))
    lag = np.maximum(end - now.committed, 0)
    at_most = np.where(now.readable, now.lag, ANY_LAG)
    return np.where(end >= 0, np.where(timed, lag, np.minimum(lag, at_most)), NO_LAG)


def record_ends(ends: Windows, offsets: Int64s, *, at: int, settings: EvaluationSettings) -> Windows:
    """The end offsets after one more observation; of those closer than ``min_distance`` the first is kept."""
    close = (ends.count > 0) & (at - newest_time(ends) < settings.min_distance * 1000)
    return append_entries(ends, (offsets >= 0) & ~close, offsets, np.full(len(offsets), at, dtype=np.int64))
