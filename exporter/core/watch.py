"""The clock of the windows: it stands still while the cluster was not watched.

The exporter was not running, or the cluster could not be read. If such a gap counted, a window that reaches across it
would span hours, and a group that stops soon after it would be called stopped hours late.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from exporter.core.model import Int64s
from exporter.core.timeline import GROWTH
from exporter.core.windows import Windows

PACE_OVER = 8
"""How many of the newest distances between observations give the usual distance, their (lower) median."""

MISSED_IN_A_ROW = 4
"""A gap is longer than this many usual distances, so that slow scrapes leave none."""


@dataclass(frozen=True, slots=True)
class WatchedClock:
    """Turns times into watched time.

    ``ended`` (ms): when each gap ended, oldest first. ``unwatched`` (ms): the unwatched time up to then, all
    gaps together; its first entry, 0, is for what is older than all gaps.
    """

    ended: Int64s
    unwatched: Int64s

    def __call__(self, time: Int64s) -> Int64s:
        """The times (ms) without the gaps before them; those of observations, which never lie inside a gap."""
        if not self.ended.size:
            return time
        return time - self.unwatched[np.searchsorted(self.ended, time, side="right")]

    def of(self, windows: Windows) -> Windows:
        """The same entries at their watched times."""
        return replace(windows, time=self(windows.time))


def watched_clock(times: Sequence[int], least: float) -> WatchedClock:
    """The clock for these times of observations (ms, oldest first, thinned as a timeline's).

    A gap is longer than ``least`` (ms), than MISSED_IN_A_ROW of the usual distances, and than what thinning leaves
    out. Observed at 0 s, 30 s, 60 s, 7,260 s and 7,290 s, the clock reads 0 s, 30 s, 60 s, 60 s and 90 s.
    """
    at = np.array(times, dtype=np.int64)
    distance = np.diff(at)
    usual = statistics.median_low(distance[-PACE_OVER:].tolist()) if distance.size else 0
    thinned = GROWTH * (at[-1:] - at[1:])
    gap = distance > np.maximum(max(least, MISSED_IN_A_ROW * usual), thinned)
    return WatchedClock(at[1:][gap], np.concatenate(([0], np.cumsum(distance[gap]))))
