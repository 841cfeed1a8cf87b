"""What is retained of each row of commits: its newest commits, and what was learnt of its consumer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from exporter.core.model import Bools, Int64s
from exporter.core.resting import Resting
from exporter.core.rhythm import Durations, Rhythm
from exporter.core.windows import Windows, right_aligned, take_rows

NO_LAG: Final = -1
"""Stored in place of a lag that is not known (Burrow's null)."""

UNKNOWN, ASSIGNED, UNASSIGNED = 0, 1, 2

Assigned = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Commits:
    """The commits' windows, and beside each commit how far behind it was; one row per partition of a group.

    ``lag`` (records, rows × capacity): against an end offset from before the commit, as in Burrow, or NO_LAG.
    ``records`` and ``seconds`` (rows × capacity): the lag at the observation that first saw it, NaN where that is only
    known to be longer than all that is retained; meaningless where commits have their own times. ``own_times``: rows
    whose commits do. ``last_time``: there, the time of the newest commit seen, which ``min_distance`` may have kept out
    of the window. ``assigned``: whether the partition was assigned to a member when that was last known: UNKNOWN,
    ASSIGNED or UNASSIGNED. ``falling``: it was found to fall behind, and has not begun to catch up since.
    ``deserted``: its consumers had left it, and it has not moved since, nor has one stayed. ``outlasted``: how
    long (s) its silence was tolerated when that was found too long, until it ends; 0 where it was not.
    """

    windows: Windows
    lag: Int64s
    records: Int64s
    seconds: npt.NDArray[np.float32]
    own_times: Bools
    last_time: Int64s
    assigned: Assigned
    falling: Bools
    deserted: Bools
    outlasted: Durations
    rhythm: Rhythm
    resting: Resting

    @classmethod
    def empty(cls, rows: int, capacity: int) -> Commits:
        """No commit in any row."""
        return cls(
            windows=Windows.empty(rows, capacity),
            lag=np.full((rows, capacity), NO_LAG, dtype=np.int64),
            records=np.zeros((rows, capacity), dtype=np.int64),
            seconds=np.zeros((rows, capacity), dtype=np.float32),
            own_times=np.zeros(rows, dtype=np.bool_),
            last_time=np.zeros(rows, dtype=np.int64),
            assigned=np.full(rows, UNKNOWN, dtype=np.int8),
            falling=np.zeros(rows, dtype=np.bool_),
            deserted=np.zeros(rows, dtype=np.bool_),
            outlasted=np.zeros(rows, dtype=np.float32),
            rhythm=Rhythm.empty(rows),
            resting=Resting.empty(rows),
        )

    def take(self, rows: Int64s) -> Commits:
        """The given rows, in that order; -1 gives an empty row."""
        return Commits(
            windows=self.windows.take(rows),
            lag=take_rows(self.lag, rows),
            records=take_rows(self.records, rows),
            seconds=take_rows(self.seconds, rows),
            own_times=take_rows(self.own_times, rows),
            last_time=take_rows(self.last_time, rows),
            assigned=take_rows(self.assigned, rows),
            falling=take_rows(self.falling, rows),
            deserted=take_rows(self.deserted, rows),
            outlasted=take_rows(self.outlasted, rows),
            rhythm=self.rhythm.take(rows),
            resting=self.resting.take(rows),
        )

    def resized(self, capacity: int) -> Commits:
        """The same rows with windows of another capacity; the newest commits stay."""
        return replace(
            self,
            windows=self.windows.resized(capacity),
            lag=right_aligned(self.lag, capacity),
            records=right_aligned(self.records, capacity),
            seconds=right_aligned(self.seconds, capacity),
        )
