"""How long ago the end offset passed a committed one: lag in seconds, without reading a message.

The end offsets of a day are kept as columns that all topics share: one time, and an offset for each partition.
What is as old as the last few minutes is kept as it was observed; the older an observation, the wider the
distance to its neighbour may grow, up to an eighth (GROWTH) of its age. A day takes about eighty columns.

An estimate lies between the two retained observations around the moment it estimates. So it is off by at most
their distance: an observation interval or, further back, an eighth of the estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from exporter.core.model import NOT_READ, Bools, Int64s

GROWTH: Final = 1 / 8
RETENTION_MS: Final = 86_400_000

Seconds = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Timeline:
    """End offsets through time: ``columns[i]`` holds those read at ``times[i]`` (ms), NOT_READ where unread."""

    times: tuple[int, ...] = ()
    columns: tuple[Int64s, ...] = ()

    def take(self, rows: Int64s) -> Timeline:
        """The given rows, in that order; -1 gives a row without known offsets."""
        return Timeline(self.times, tuple(_take(column, rows) for column in self.columns))


def extend(timeline: Timeline, offsets: Int64s, *, at: int, min_distance: float) -> Timeline:
    """The timeline with one more observation, unless the newest is less than ``min_distance`` seconds older."""
    if timeline.times and at - timeline.times[-1] < min_distance * 1000:
        return timeline
    times, columns = (*timeline.times, at), (*timeline.columns, offsets)
    kept = thinned(times)
    return Timeline(tuple(times[i] for i in kept), tuple(columns[i] for i in kept))


def thinned(times: tuple[int, ...]) -> list[int]:
    """Which of the times (ms, oldest first) are kept, as positions: the newest always, none older than a day.

    One is dropped when its neighbours are no further from each other than GROWTH times the age of the newer one:
    at 100 s, with neighbours 30 s apart, nothing goes; at 1000 s, one of 900 s, 930 s and 960 s does.
    """
    now = times[-1]
    kept: list[int] = []
    for position, time in enumerate(times[:-1]):
        if now - time > RETENTION_MS:
            continue
        newer = times[position + 1]
        if not kept or newer - times[kept[-1]] > GROWTH * (now - newer):
            kept.append(position)
    return [*kept, len(times) - 1]


def lag_in_seconds(
    timeline: Timeline, rows: Int64s, *, committed: Int64s, end: Int64s, lag: Int64s, at: int
) -> tuple[Seconds, Bools]:
    """For each commit how many seconds ago the end offset passed it, and whether that is only a lower bound.

    ``rows``: the row of the timeline that each commit belongs to. ``committed`` and ``end`` are offsets at ``at``
    (ms). A commit without lag is 0 s behind. A commit that is older than all that is retained is at least as many
    seconds behind as the oldest retained observation is old.

    End offsets 100 at 0 s and 200 at 10 s, a commit of 150: at 30 s it is 25 s behind.
    """
    seconds = np.zeros(len(rows))
    lower_bound = np.zeros(len(rows), dtype=np.bool_)
    # What is still to be placed, and the earliest observation known to be past each commit: first the current one.
    # Ages and not times, which are too large for floats to be exact, and would let the clock change the result.
    open_rows = np.flatnonzero(lag > 0)
    after_age = np.zeros(len(open_rows))
    after_end = end[open_rows].astype(np.float64)
    for time, column in zip(reversed(timeline.times), reversed(timeline.columns), strict=True):
        if not open_rows.size:
            break
        if time >= at:
            continue
        offset = column[rows[open_rows]]
        passed = (offset >= 0) & (offset <= committed[open_rows])
        if passed.any():
            placed = open_rows[passed]
            share = (committed[placed] - offset[passed]) / (after_end[passed] - offset[passed])
            seconds[placed] = (at - time - share * (at - time - after_age[passed])) / 1000
            rest = ~passed
            open_rows, after_age, after_end, offset = open_rows[rest], after_age[rest], after_end[rest], offset[rest]
        known = offset >= 0
        after_age = np.where(known, at - time, after_age)
        after_end = np.where(known, offset, after_end)
    seconds[open_rows] = after_age / 1000
    lower_bound[open_rows] = True
    return seconds, lower_bound


def offsets_at(timeline: Timeline, rows: Int64s, when: Int64s) -> Seconds:
    """The end offsets of some rows, each at its ``when`` (ms), interpolated.

    The oldest known one where that is later; NaN without any.
    """
    after_time, after = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    found = np.full(len(rows), np.nan)
    for time, column in zip(reversed(timeline.times), reversed(timeline.columns), strict=True):
        offset = column[rows]
        known = (offset >= 0) & np.isnan(found)
        reached, later = known & (time <= when), known & (time > when)
        share = np.where(np.isnan(after), 0.0, (when - time) / (after_time - time))
        found = np.where(reached, offset + share * (np.nan_to_num(after, nan=0.0) - offset) * ~np.isnan(after), found)
        after_time, after = np.where(later, time, after_time), np.where(later, offset, after)
        if not np.isnan(found).any():
            break
    return np.where(np.isnan(found), after, found)


def _take(column: Int64s, rows: Int64s) -> Int64s:
    if column.shape[0] == 0:
        return np.full(len(rows), NOT_READ, dtype=np.int64)
    return np.where(rows >= 0, column[np.maximum(rows, 0)], NOT_READ)
