"""Burrow's storage and evaluator for one partition, written out plainly.

They say what Burrow makes of traces of which its own answers are not recorded, and depend on nothing of the exporter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

Entry = tuple[int, int, int | None]
"""Offset, time (ms) and lag of a commit; a lag of None is not known."""


class Burrow:
    """What Burrow holds of a partition: as many of the newest commits and end offsets as it has ``intervals``.

    A commit within ``min_distance`` (s) of the one before replaces it and keeps its time.
    """

    def __init__(self, intervals: int = 10, min_distance: int = 1) -> None:
        self.window: deque[Entry] = deque(maxlen=intervals)
        self.ends: deque[int] = deque(maxlen=intervals)
        self._min_distance = min_distance * 1000
        self._intervals = intervals

    def end(self, offset: int) -> None:
        """Take in an end offset."""
        self.ends.append(offset)

    def commit(self, offset: int, at: int) -> None:
        """Take in a commit made at ``at`` (ms); one on a partition whose end is not known yet is dropped."""
        if not self.ends:
            return
        if self.window and at - self.window[-1][1] < self._min_distance:
            _, at, _ = self.window.pop()
        self.window.append((offset, at, max(self.ends[-1] - offset, 0)))

    @property
    def lag(self) -> int:
        """Records from the newest commit to the newest end offset."""
        return max(self.ends[-1] - self.window[-1][0], 0)

    @property
    def complete(self) -> float:
        """The share of the window that is filled."""
        return len(self.window) / self._intervals

    def status(self, at: int) -> str:
        """The verdict at ``at`` (ms)."""
        return status(self.window, self.ends, current_lag=self.lag, now=at)


def status(window: Sequence[Entry], ends: Sequence[int], *, current_lag: int, now: int, allowed_lag: int = 0) -> str:
    """The verdict on a window of commits, oldest first, at ``now`` (ms)."""
    if current_lag <= allowed_lag:
        return "OK"
    offsets = [offset for offset, _, _ in window]
    lags = [lag for _, _, lag in window if lag is not None]
    first, last = window[0][1], window[-1][1]
    if now - last > last - first and not any(end <= offsets[-1] for end in ends):
        return "STOP"
    if _went_back(offsets):
        return "REWIND"
    if any(lag <= allowed_lag for lag in lags):
        return "OK"
    if len(set(offsets)) == 1:
        return "STALL"
    if not any(after < before for before, after in pairwise(lags)):
        return "WARN"
    return "OK"


def _went_back(offsets: Sequence[int]) -> bool:
    """True if a commit is lower than the one before, and none since has come back up to that."""
    for position, (before, after) in enumerate(pairwise(offsets), start=1):
        if after < before:
            return all(offset < before for offset in offsets[position:])
    return False
