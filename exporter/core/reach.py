"""How much of each row's history its verdict is based on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exporter.core.commits import Commits
from exporter.core.evaluation import MIN_COMMITS
from exporter.core.gaps import GaplessClock
from exporter.core.model import Int64s
from exporter.core.row_settings import Floats, RowSettings, beside_windows
from exporter.core.windows import Windows

NEVER = np.iinfo(np.int64).max
"""Stands for an end offset that is not known: higher than any commit."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How much of each row's history its verdict is based on.

    ``first``: the column of the oldest commit that is judged. ``span`` (ms): from that to the newest. ``complete``: 0
    to 1. ``time`` (ms, rows × capacity): when each commit was made, without gaps where it was sampled.
    """

    first: Int64s
    span: Int64s
    complete: Floats
    time: Int64s


def reach_of(commits: Commits, clock: GaplessClock, now: int, settings: RowSettings) -> Reach:
    """How far the window of each row reaches at ``now`` (ms).

    Commits with their own times are judged as Burrow does: over the newest ``intervals``, complete when there are as
    many, and whatever they say counts from the first commit on. Sampled ones are judged over the newest that span
    ``window`` seconds, at least MIN_COMMITS, so that the verdict does not depend on how often, or by how many, the
    exporter is scraped. ``complete`` is then the share of ``window`` that has been watched, gaps left out.
    """
    windows = commits.windows
    size = windows.capacity
    columns = np.arange(size)
    rows = np.arange(len(windows.count))
    window = settings.window * 1000
    time = np.where(commits.own_times[:, None], windows.time, clock(windows.time))
    before_last = time[:, -1:] - time

    by_count = size - np.minimum(windows.count, settings.intervals)
    long_enough = windows.filled() & (before_last >= beside_windows(window)) & (columns <= size - MIN_COMMITS)
    newest_that_spans = size - 1 - np.argmax(long_enough[:, ::-1], axis=1)
    by_time = np.where(long_enough.any(axis=1), newest_that_spans, size - windows.count)
    first = np.minimum(np.where(commits.own_times, by_count, by_time), size - 1)

    oldest = time[rows, np.minimum(size - windows.count, size - 1)]
    watched = np.minimum(_share(int(clock(np.array(now))) - oldest, window), 1.0)
    complete = np.where(commits.own_times, np.minimum(windows.count / settings.intervals, 1.0), watched)
    return Reach(
        first=first,
        span=before_last[rows, first],
        complete=np.where(windows.count > 0, complete, 0.0),
        time=time,
    )


def _share(duration: Int64s, whole: float | Floats) -> Floats:
    """A duration as a share of another, 1 if that is 0."""
    none = np.equal(whole, 0)
    return np.where(none, 1.0, duration / np.where(none, 1.0, whole))


def lowest_of_newest(ends: Windows, entries: int | Int64s) -> Int64s:
    """The lowest of each row's newest end offsets; NEVER without one."""
    newest = np.arange(ends.capacity) >= ends.capacity - beside_windows(entries)
    lowest: Int64s = np.where(ends.filled() & newest, ends.offset, NEVER).min(axis=1, initial=NEVER)
    return lowest
