"""Burrow's rules for stops, stalls and falling behind, for commits that have their own times.

They are those of ``core/internal/evaluator/caching.go`` in linkedin/Burrow, as expressions over all rows at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exporter.core.commits import NO_LAG, Commits
from exporter.core.model import Bools, Int64s
from exporter.core.reach import Reach
from exporter.core.row_settings import beside_windows


@dataclass(frozen=True, slots=True)
class BurrowRules:
    """Which of Burrow's rules match each row."""

    stopped: Bools
    stalled: Bools
    falling_behind: Bools


def burrow_rules(
    commits: Commits, reach: Reach, lowest_end: Int64s, *, now: int, allowed_lag: int | Int64s
) -> BurrowRules:
    """Burrow's rules on every row at ``now`` (ms); ``lowest_end``: the lowest end offset that counts as recent.

    STOP: silent for longer than the window spans, and never recently caught up. STALL: behind at every commit whose
    lag is known, and none moved. WARN: behind at every such commit, and the lag never shrank.
    """
    offset, lag = commits.windows.offset, commits.lag
    newest = offset[:, -1]
    judged = np.arange(commits.windows.capacity) >= reach.first[:, None]
    known = judged & (lag != NO_LAG)
    always_behind = ~(known & (lag <= beside_windows(allowed_lag))).any(axis=1)
    return BurrowRules(
        stopped=(now - commits.windows.time[:, -1] > reach.span) & (lowest_end > newest),
        stalled=always_behind & (~judged | (offset == newest[:, None])).all(axis=1),
        falling_behind=always_behind & ~_ever_smaller_than_the_known_before(lag, known),
    )


def _ever_smaller_than_the_known_before(lag: Int64s, known: Bools) -> Bools:
    """True for rows in which some known lag is smaller than the previous known one."""
    position = np.where(known, np.arange(lag.shape[1]), 0)
    nearest = np.maximum.accumulate(position, axis=1)
    any_before: Bools = np.maximum.accumulate(known, axis=1)
    before = np.take_along_axis(lag, nearest, axis=1)
    smaller: Bools = known[:, 1:] & any_before[:, :-1] & (lag[:, 1:] < before[:, :-1])
    ever: Bools = np.any(smaller, axis=1)
    return ever
