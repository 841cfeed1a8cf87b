"""Gaps in the observations, and the clock of the windows, which leaves them out.

The exporter was not running, or the cluster could not be read. If such a gap counted, a window that reaches across it
would span hours, and a group that stops soon after it would be called stopped hours late.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from exporter.core.model import Int64s
from exporter.core.timeline import GROWTH
from exporter.core.windows import Windows

NEVER: Final = np.iinfo(np.int64).max

USUAL_DISTANCE_OVER: Final = 8
"""How many of the newest distances between observations give the usual distance, their (lower) median."""

MISSED_IN_A_ROW: Final = 4
"""A gap is longer than this many usual distances, so that slow scrapes leave none."""


@dataclass(frozen=True, slots=True)
class GaplessClock:
    """Turns times into times without the gaps before them.

    ``ended`` (ms): when each gap ended, oldest first. ``left_out`` (ms): the length of all gaps up to then together;
    its first entry, 0, is for what is older than all gaps.
    """

    ended: Int64s
    left_out: Int64s

    def __call__(self, time: Int64s) -> Int64s:
        """The times (ms) without the gaps before them; all times inside a gap are that of its beginning."""
        if not self.ended.size:
            return time
        gap = np.searchsorted(self.ended, time, side="right")
        begins = np.append(self.ended - self.left_out[1:], NEVER)
        read: Int64s = np.minimum(time - self.left_out[gap], begins[gap])
        return read

    def on(self, windows: Windows) -> Windows:
        """The same entries at their times on this clock."""
        return replace(windows, time=self(windows.time))


def gapless_clock(times: Sequence[int], min_gap: float) -> GaplessClock:
    """The clock for these times of observations (ms, oldest first, thinned as a timeline's).

    A gap is longer than ``min_gap`` (ms), than MISSED_IN_A_ROW of the usual distances, and than what thinning leaves
    out. Observed at 0 s, 30 s, 60 s, 7,260 s and 7,290 s, the clock reads 0 s, 30 s, 60 s, 60 s and 90 s.
    """
    at = np.array(times, dtype=np.int64)
    distance = np.diff(at)
    usual = statistics.median_low(distance[-USUAL_DISTANCE_OVER:].tolist()) if distance.size else 0
    thinned = GROWTH * (at[-1:] - at[1:])
    gap = distance > np.maximum(max(min_gap, MISSED_IN_A_ROW * usual), thinned)
    return GaplessClock(at[1:][gap], np.concatenate(([0], np.cumsum(distance[gap]))))
