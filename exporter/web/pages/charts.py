"""Retained history as points of small charts; the templates draw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from exporter.core.model import Int64s
from exporter.core.reasons import duration
from exporter.core.report import Report

Point = tuple[float, float]

SPARK_WIDTH: Final = 88.0
SPARK_HEIGHT: Final = 22.0
WINDOW_WIDTH: Final = 260.0
OFFSETS: Final = (4.0, 44.0)
"""Top and bottom of the offsets' panel."""
LAG: Final = (50.0, 70.0)
"""Top and bottom of the lag's panel below it."""
MARGIN: Final = 4.0


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A line and the surface below it, as points of an SVG; ``last`` is the line's end."""

    line: str
    surface: str
    last: Point


def sparkline(values: Sequence[tuple[int, int]]) -> Sparkline | None:
    """Values at times (ms), with 0 as the lowest; None if there are too few for a line."""
    if len(values) < 2 or values[0][0] == values[-1][0]:
        return None
    times, lags = np.array([at for at, _ in values]), np.array([value for _, value in values])
    panel = _Panel(SPARK_WIDTH, 3.0, SPARK_HEIGHT, (int(times[0]), int(times[-1])), (0, max(int(lags.max()), 1)))
    points = panel.place(times, lags)
    return Sparkline(_points(points), _surface(points, SPARK_HEIGHT), points[-1])


@dataclass(frozen=True, slots=True)
class WindowChart:
    """A partition's retained window as points of an SVG: offsets above, lag below, on one axis of time.

    ``silent``: from the newest commit to now, empty if that is now. ``said``: the chart as text; ``brief``: what the
    chart does not show.
    """

    committed: str
    commits: tuple[Point, ...]
    silent: str
    end: str
    lag: str
    said: str
    brief: str


def window_chart(found: Report, row: int) -> WindowChart:
    """The retained window of a shown row of the report's columns, from its first judged commit to now."""
    windows, first = found.history.commits.windows, int(found.columns.verdicts.first[row])
    times, offsets = windows.time[row, first:], windows.offset[row, first:]
    end_times, ends = _end_offsets(found, row, since=int(times[0]))
    # A commit's own time may lie a little ahead of our clock.
    reach = (int(times[0]), max(found.at, int(times[-1])))
    # The offset committed by each of these times, and the lag it left.
    committed_then = offsets[np.maximum(np.searchsorted(times, end_times, side="right") - 1, 0)]
    lags = np.maximum(ends - committed_then, 0)
    lags[-1] = found.columns.lag[row]

    span = duration((reach[1] - reach[0]) / 1000)
    scale = (min(int(offsets.min()), int(ends.min())), max(int(offsets.max()), int(ends.max())))
    panel = _Panel(WINDOW_WIDTH, *OFFSETS, reach, scale)
    commits, end = panel.place(times, offsets), panel.place(end_times, ends)
    # A lag that is tiny compared with the offsets should badge tiny.
    most = max(int(lags.max()), (scale[1] - scale[0]) // 20, 1)
    lag = _Panel(WINDOW_WIDTH, *LAG, reach, (0, most)).place(end_times, lags)
    silent = [commits[-1], (WINDOW_WIDTH - MARGIN, commits[-1][1])]
    return WindowChart(
        committed=_points(commits),
        commits=tuple(commits),
        silent=_points(silent) if found.at > times[-1] else "",
        end=_points(end),
        lag=_surface(lag, LAG[1]),
        said=f"Over {span}: committed offset {_range(offsets)}, end offset {_range(ends)}, lag {_range(lags)}",
        brief=f"{span}, lag {_range(lags)}",
    )


def _end_offsets(found: Report, row: int, since: int) -> tuple[Int64s, Int64s]:
    """Retained times and end offsets of a row's partition since a time (ms); the last are the current ones."""
    timeline, end_row = found.history.timeline, found.history.end_row[row]
    known = [
        (at, int(column[end_row]))
        for at, column in zip(timeline.times, timeline.columns, strict=True)
        if since <= at < found.at and column[end_row] >= 0
    ]
    known.append((found.at, int(found.columns.end[row])))
    return np.array([at for at, _ in known]), np.array([offset for _, offset in known])


@dataclass(frozen=True, slots=True)
class _Panel:
    """Maps times (ms) and values to points: first to last time, lowest to highest value, in a chart of that width."""

    width: float
    top: float
    bottom: float
    times: tuple[int, int]
    values: tuple[int, int]

    def place(self, times: Int64s, values: Int64s) -> list[Point]:
        """The point of each value; if lowest and highest are equal, all are in the middle."""
        span, height = max(self.times[1] - self.times[0], 1), self.values[1] - self.values[0]
        x = MARGIN + (self.width - 2 * MARGIN) * np.clip((times - self.times[0]) / span, 0, 1)
        part = (values - self.values[0]) / height if height else np.full(len(values), 0.5)
        y = self.bottom - (self.bottom - self.top) * part
        return list(zip(np.round(x, 1).tolist(), np.round(y, 1).tolist(), strict=True))


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _surface(points: Sequence[Point], bottom: float) -> str:
    return _points([(points[0][0], bottom), *points, (points[-1][0], bottom)])


def _range(values: Int64s) -> str:
    first, last, low, high = int(values[0]), int(values[-1]), int(values.min()), int(values.max())
    if low == high:
        return f"{low:,} throughout"
    between = "" if {low, high} <= {first, last} else f" (between {low:,} and {high:,})"
    return f"{first:,} to {last:,}{between}"
