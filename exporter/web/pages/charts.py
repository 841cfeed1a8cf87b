"""Retained history as points of small charts; the templates draw them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.core.partitions import PartitionReport
from exporter.wording import duration

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
    panel = _Panel(
        SPARK_WIDTH, 3.0, SPARK_HEIGHT, (values[0][0], values[-1][0]), (0, max(1, *(value for _, value in values)))
    )
    points = panel.place(values)
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


def window_chart(partition: PartitionReport, at: int) -> WindowChart:
    """The retained window of a readable partition, from its first judged commit to ``at`` (ms)."""
    commits = [(commit.time, commit.offset) for commit in partition.commits() if commit.judged]
    ends = partition.ends(since=commits[0][0])
    # A commit's own time may lie a little ahead of our clock.
    reach = (commits[0][0], max(at, commits[-1][0]))
    times = [time for time, _ in commits]
    # The offset committed by each of these times, and the lag it left.
    lags = [(time, max(end - commits[max(bisect_right(times, time) - 1, 0)][1], 0)) for time, end in ends[:-1]] + [
        (ends[-1][0], partition.lag)
    ]

    span = duration((reach[1] - reach[0]) / 1000)
    offsets = [offset for _, offset in (*commits, *ends)]
    scale = (min(offsets), max(offsets))
    panel = _Panel(WINDOW_WIDTH, *OFFSETS, reach, scale)
    committed, end = panel.place(commits), panel.place(ends)
    # A lag that is tiny compared with the offsets should look tiny.
    most = max(*(lag for _, lag in lags), (scale[1] - scale[0]) // 20, 1)
    lag = _Panel(WINDOW_WIDTH, *LAG, reach, (0, most)).place(lags)
    silent = [committed[-1], (WINDOW_WIDTH - MARGIN, committed[-1][1])]
    return WindowChart(
        committed=_points(committed),
        commits=tuple(committed),
        silent=_points(silent) if at > times[-1] else "",
        end=_points(end),
        lag=_surface(lag, LAG[1]),
        said=f"Over {span}: committed offset {_range(commits)}, end offset {_range(ends)}, lag {_range(lags)}",
        brief=f"{span}, lag {_range(lags)}",
    )


@dataclass(frozen=True, slots=True)
class _Panel:
    """Maps times (ms) and values to points: first to last time, lowest to highest value, in a chart of that width."""

    width: float
    top: float
    bottom: float
    times: tuple[int, int]
    values: tuple[int, int]

    def place(self, values: Sequence[tuple[int, int]]) -> list[Point]:
        """The point of each value at its time (ms); if lowest and highest are equal, all are in the middle."""
        return [(round(self._x(time), 1), round(self._y(value), 1)) for time, value in values]

    def _x(self, time: int) -> float:
        share = (time - self.times[0]) / max(self.times[1] - self.times[0], 1)
        return MARGIN + (self.width - 2 * MARGIN) * min(max(share, 0.0), 1.0)

    def _y(self, value: int) -> float:
        height = self.values[1] - self.values[0]
        share = (value - self.values[0]) / height if height else 0.5
        return self.bottom - (self.bottom - self.top) * share


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _surface(points: Sequence[Point], bottom: float) -> str:
    return _points([(points[0][0], bottom), *points, (points[-1][0], bottom)])


def _range(values: Sequence[tuple[int, int]]) -> str:
    numbers = [number for _, number in values]
    first, last, low, high = numbers[0], numbers[-1], min(numbers), max(numbers)
    if low == high:
        return f"{low:,} throughout"
    between = "" if {low, high} <= {first, last} else f" (between {low:,} and {high:,})"
    return f"{first:,} to {last:,}{between}"
