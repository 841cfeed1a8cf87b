"""The lag at which a partition comes to rest because only transaction markers follow its last record.

A transaction ends with a marker, which takes an offset but is no record. A consumer that has read everything commits
the offset after the last record, and Kafka's own lag stays at the number of markers behind it, often 1, for ever. The
protocol does not say what an offset holds, so it is learnt: a partition that comes to rest, move after move, at a small
lag but never at 0 has nothing left to read there. Where it has been at 0 it starts to learn anew, so a consumer that is
stuck on the last record of a partition that used to rest at 0 is still found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from exporter.core.model import Bools, Int64s
from exporter.core.windows import take_rows

MAX_MARKERS: Final = 10
"""A lag above this is never taken for markers only."""

MIN_RESTS: Final = 3
"""After so many moves that ended in a rest above 0 its lag counts as known."""


@dataclass(frozen=True, slots=True)
class Resting:
    """One entry per row; lags in records.

    ``lowest``: the lowest lag ever seen, -1 before the first. ``newest``: the lag when the row was last read, -1
    before. ``rests``: how many moves in a row have ended in a rest, none of them at 0, up to MIN_RESTS; ``highest``:
    the highest lag of these rests. ``counted``: the rest after the newest move has been counted.
    """

    lowest: Int64s
    newest: Int64s
    highest: npt.NDArray[np.int8]
    rests: npt.NDArray[np.int8]
    counted: Bools

    @classmethod
    def empty(cls, rows: int) -> Resting:
        """Nothing is known of any row."""
        lag, few = np.full(rows, -1, dtype=np.int64), np.zeros(rows, dtype=np.int8)
        return cls(lag, lag, few, few, np.zeros(rows, dtype=np.bool_))

    def take(self, rows: Int64s) -> Resting:
        """The given rows, in that order; -1 gives a row of which nothing is known."""
        lowest, newest = take_rows(self.lowest, rows), take_rows(self.newest, rows)
        lowest[rows < 0] = newest[rows < 0] = -1
        return Resting(
            lowest,
            newest,
            take_rows(self.highest, rows),
            take_rows(self.rests, rows),
            take_rows(self.counted, rows),
        )


def rested(resting: Resting, *, read: Bools, moved: Bools, lag: Int64s) -> Resting:
    """What is known of the lag at rest after one more observation, in which ``moved`` rows moved to ``lag`` (records).

    A row rests when neither its commit nor its end has moved since it was last read. One that moved to the lowest
    lag ever seen may be about to.
    """
    lowest = np.where(read & ((resting.lowest < 0) | (lag < resting.lowest)), lag, resting.lowest)
    at_zero = read & (lag == 0)
    still = ~moved & (lag == resting.newest)
    counted = resting.counted & ~moved
    rests = read & ~counted & (lag > 0) & (lag <= MAX_MARKERS) & (still | (lag == lowest))
    highest = np.where(rests, np.maximum(resting.highest, np.minimum(lag, MAX_MARKERS)), resting.highest)
    # A rest above the highest that is known may be a hang: another move and rest must confirm it.
    higher = rests & (resting.rests >= MIN_RESTS) & (lag > resting.highest)
    number = np.where(higher, MIN_RESTS - 1, np.minimum(resting.rests + rests, MIN_RESTS))
    return Resting(
        lowest,
        np.where(read, lag, resting.newest),
        np.where(at_zero, 0, highest).astype(np.int8),
        np.where(at_zero, 0, number).astype(np.int8),
        counted | rests,
    )


def marker_lag(resting: Resting) -> Int64s:
    """How much of each row's lag is known to be markers (records); 0 where none is."""
    return np.where(resting.rests >= MIN_RESTS, resting.highest, 0).astype(np.int64)


def maybe_markers(resting: Resting, lag: Int64s) -> Bools:
    """Rows whose ``lag`` (records) may be markers: it is small and was never 0, but has not rested often yet."""
    return (resting.lowest > 0) & (lag <= MAX_MARKERS) & (resting.rests < MIN_RESTS)
