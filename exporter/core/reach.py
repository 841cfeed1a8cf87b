"""How much of each row's history its verdict is based on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exporter.core.evaluation import MIN_COMMITS, EvaluationSettings
from exporter.core.gaps import GaplessClock
from exporter.core.model import Bools, Int64s
from exporter.core.windows import Commits, Windows

NEVER = np.iinfo(np.int64).max
"""Stands for an end offset that is not known: higher than any commit."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How much of each row's history its verdict is based on.

    ``first``: the column of the oldest commit that is judged. ``span`` (ms): from that to the newest. ``spans``: long
    enough to judge that a group does not move, or falls behind. ``min_silence`` (ms): a silence shorter than
    this is no stop. ``complete``: 0 to 1.
    """

    first: Int64s
    span: Int64s
    spans: Bools
    min_silence: Int64s
    complete: npt.NDArray[np.float64]


def reach_of(commits: Commits, clock: GaplessClock, now: int, settings: EvaluationSettings) -> Reach:
    """How far the window of each row reaches at ``now`` (ms).

    Commits with their own times are judged as Burrow does: over the newest ``intervals``, complete when there
    are as many, and whatever they say counts from the first commit on. Sampled ones are judged over the newest that
    span ``window`` seconds, at least MIN_COMMITS, so that the verdict does not depend on how often, or by how
    many, the exporter is scraped; until they span it, or there has been silence for as long, a row is not called
    stopped, stalled or late. ``complete`` is then the share of ``window`` that has been watched. Gaps are
    no part of the span, but part of a silence: a row still silent after one was silent all the while.
    """
    windows = commits.windows
    size = windows.capacity
    columns = np.arange(size)
    rows = np.arange(len(windows.count))
    window = settings.window * 1000
    last = windows.time[:, -1]
    time = np.where(commits.own_times[:, None], windows.time, clock(windows.time))
    before_last = time[:, -1:] - time

    by_count = size - np.minimum(windows.count, settings.intervals)
    long_enough = windows.filled() & (before_last >= window) & (columns <= size - MIN_COMMITS)
    newest_that_spans = size - 1 - np.argmax(long_enough[:, ::-1], axis=1)
    by_time = np.where(long_enough.any(axis=1), newest_that_spans, size - windows.count)
    first = np.minimum(np.where(commits.own_times, by_count, by_time), size - 1)

    span = before_last[rows, first]
    watched = np.minimum(_share(span, window), (size - first) / MIN_COMMITS)
    watched = np.minimum(np.maximum(watched, _share(now - last, window)), 1.0)
    complete = np.where(commits.own_times, np.minimum(windows.count / settings.intervals, 1.0), watched)
    return Reach(
        first=first,
        span=span,
        spans=commits.own_times | ((span >= window) & (size - first >= MIN_COMMITS)),
        min_silence=np.where(commits.own_times, 0, window).astype(np.int64),
        complete=np.where(windows.count > 0, complete, 0.0),
    )


def _share(duration: Int64s, whole: float) -> npt.NDArray[np.float64]:
    """A duration as a share of another, 1 if that is 0."""
    return duration / whole if whole > 0 else np.ones(len(duration))


def lowest_since(ends: Windows, since: float) -> Int64s:
    """The lowest retained end offset of each row that is not older than ``since`` (ms); NEVER without one."""
    lowest: Int64s = np.where(ends.filled() & (ends.time >= since), ends.offset, NEVER).min(axis=1, initial=NEVER)
    return lowest


def lowest_of_newest(ends: Windows, entries: int) -> Int64s:
    """The lowest of each row's newest end offsets; NEVER without one."""
    newest = np.arange(ends.capacity) >= ends.capacity - entries
    lowest: Int64s = np.where(ends.filled() & newest, ends.offset, NEVER).min(axis=1, initial=NEVER)
    return lowest
