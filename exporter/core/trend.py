"""How a group's total lag has moved recently, and when it will have caught up at that pace."""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import numpy as np

from exporter.core.evaluation import EvaluationSettings
from exporter.core.layout import Layout
from exporter.core.snapshot import GroupTopic, Snapshot
from exporter.core.windows import saturated_sums

Trend = tuple[tuple[int, Mapping[str, int]], ...]
"""Time (ms) and group → total lag (records), oldest first."""


def total_lags(group_topics: Layout[GroupTopic], now: Snapshot) -> dict[str, int]:
    """Group → total lag (records), of the groups that have a row that could be read."""
    totals: dict[str, int] = {}
    starts = group_topics.starts[:-1]
    if group_topics.rows == 0:
        return totals
    # For an empty block reduceat would return its neighbour's first value.
    filled = np.flatnonzero(np.diff(group_topics.starts))
    lag = saturated_sums(now.lag, starts[filled]).tolist()
    shown = np.logical_or.reduceat(now.readable, starts[filled]).tolist()
    for position, block_lag, block_shown in zip(filled.tolist(), lag, shown, strict=True):
        if block_shown:
            name = group_topics.keys[position][0]
            totals[name] = totals.get(name, 0) + block_lag
    return totals


def follow(trend: Trend, at: int, totals: Mapping[str, int], settings: EvaluationSettings) -> Trend:
    """The trend with one more observation, unless the newest is too close; what is older than ``window`` goes."""
    if trend and at - trend[-1][0] < settings.min_distance * 1000:
        return trend
    return (*(entry for entry in trend if at - entry[0] <= settings.window * 1000), (at, totals))


def without(trend: Trend, groups: AbstractSet[str]) -> Trend:
    """The trend without these groups."""
    if not groups:
        return trend
    return tuple((at, {name: lag for name, lag in totals.items() if name not in groups}) for at, totals in trend)


def catch_up_seconds(trend: Trend, name: str, total_lag: int, at: int) -> float | None:
    """Seconds until a group has caught up if its lag goes on shrinking as it did over the trend.

    0 without lag, infinite when the lag does not shrink, None while there is nothing to compare with. A lag of
    1,200 one minute ago and 900 now: it shrinks by 5 a second, 180 s are left.
    """
    if total_lag == 0:
        return 0.0
    for then, totals in trend:
        if name in totals and then < at:
            shrunk = totals[name] - total_lag
            return total_lag * (at - then) / 1000 / shrunk if shrunk > 0 else math.inf
    return None
