"""Windows: the newest entries of many rows, as columns.

Right-aligned: column -1 is the newest entry, ``count`` says how many are filled. Nothing is changed in place:
every change returns new windows, and readers of the old ones may go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from exporter.core.model import NO_OFFSET, Bools, Int64s

MAX_INT64 = np.iinfo(np.int64).max

Entry = TypeVar("Entry", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Windows:
    """Retained entries of many rows: ``offset`` and ``time`` (ms) are rows × capacity, oldest first, right-aligned."""

    offset: Int64s
    time: Int64s
    count: Int64s

    @classmethod
    def empty(cls, rows: int, capacity: int) -> Windows:
        """No entry in any row."""
        return cls(
            np.zeros((rows, capacity), dtype=np.int64),
            np.zeros((rows, capacity), dtype=np.int64),
            np.zeros(rows, dtype=np.int64),
        )

    @property
    def capacity(self) -> int:
        """How many entries a row can hold."""
        return int(self.offset.shape[1])

    def filled(self) -> Bools:
        """Rows × capacity: True where an entry is."""
        return np.arange(self.capacity) >= self.capacity - self.count[:, None]

    def resized(self, capacity: int) -> Windows:
        """The same rows with another capacity; the newest entries stay."""
        return Windows(
            right_aligned(self.offset, capacity),
            right_aligned(self.time, capacity),
            np.minimum(self.count, capacity),
        )

    def take(self, rows: Int64s) -> Windows:
        """The given rows, in that order; -1 gives an empty row."""
        return Windows(
            take_rows(self.offset, rows), take_rows(self.time, rows), np.where(rows < 0, 0, take_rows(self.count, rows))
        )


def newest(windows: Windows) -> Int64s:
    """The newest offset of each row, NO_OFFSET where there is none."""
    return np.where(windows.count > 0, windows.offset[:, -1], NO_OFFSET)


def newest_time(windows: Windows) -> Int64s:
    """The time (ms) of the newest entry of each row; meaningless in an empty row."""
    return windows.time[:, -1]


def offset_at(windows: Windows, when: Int64s, *, now: Int64s, at: int) -> Int64s:
    """The offset of each row at ``when`` (ms), interpolated between the retained ones and that of ``now`` (``at`` ms).

    Before all that is retained it is the oldest; NO_OFFSET where nothing is. 100 at 0 s, 200 at 40 s: at 10 s it was
    125.
    """
    known = now >= 0
    offset = np.column_stack((windows.offset, np.where(known, now, windows.offset[:, -1])))
    time = np.column_stack((windows.time, np.where(known, at, windows.time[:, -1])))
    rows = np.arange(len(when))
    not_later = (windows.filled() & (windows.time <= when[:, None])).sum(axis=1)
    left = np.minimum(windows.capacity - windows.count + np.maximum(not_later - 1, 0), windows.capacity - 1)
    began, ended = time[rows, left], time[rows, left + 1]
    share = np.clip((when - began) / np.maximum(ended - began, 1), 0.0, 1.0)
    grown = np.floor(share * (offset[rows, left + 1] - offset[rows, left])).astype(np.int64)
    return np.where(windows.count > 0, offset[rows, left] + grown, NO_OFFSET)


def append_entries(windows: Windows, rows: Bools, offsets: Int64s, times: Int64s) -> Windows:
    """Windows with one more entry in the given rows, the oldest pushed out where a row was full."""
    return Windows(
        shift_left(windows.offset, rows, offsets),
        shift_left(windows.time, rows, times),
        np.minimum(windows.count + rows, windows.capacity),
    )


def shift_left(column: npt.NDArray[Entry], rows: Bools, values: npt.NDArray[Entry]) -> npt.NDArray[Entry]:
    """A copy of rows × capacity in which the given rows moved one to the left and end in their value."""
    shifted = column.copy()
    if rows.all():
        shifted[:, :-1] = column[:, 1:]
        shifted[:, -1] = values
    else:
        shifted[rows, :-1] = column[rows, 1:]
        shifted[rows, -1] = values[rows]
    return shifted


def right_aligned(column: npt.NDArray[Entry], capacity: int) -> npt.NDArray[Entry]:
    """Rows × capacity of a column's newest entries; entries added on the left are 0 and not filled."""
    added = max(capacity - column.shape[1], 0)
    return np.pad(column, ((0, 0), (added, 0)))[:, -capacity:]


def take_rows(column: npt.NDArray[Entry], rows: Int64s) -> npt.NDArray[Entry]:
    """The given rows of a column; a row of zeros for -1."""
    if column.shape[0] == 0:
        return np.zeros((len(rows), *column.shape[1:]), dtype=column.dtype)
    taken = column[np.maximum(rows, 0)]
    taken[rows < 0] = 0
    return taken


def saturated_sums(values: Int64s, starts: Int64s) -> Int64s:
    """The sums of values ≥ 0 from each start to the next one, at most the largest int64."""
    exact = np.add.reduceat(values, starts)
    return np.where(np.add.reduceat(values.astype(np.float64), starts) >= MAX_INT64, MAX_INT64, exact)
