"""A history by a clock that has been set to another time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from exporter.core.history import History
from exporter.core.timeline import Timeline
from exporter.core.waiting import FirstSeen
from exporter.core.windows import Windows


def moved(history: History, by: int) -> History:
    """The history as it would be if the clock had shown ``by`` ms more all the time.

    Times that commits brought with them stay: they are by the clock of who committed.
    """
    commits, rhythm = history.commits, history.commits.rhythm
    at_observation = np.where(commits.own_times, 0, by)
    return replace(
        history,
        ends=replace(history.ends, time=history.ends.time + by),
        commits=replace(
            commits,
            windows=Windows(
                commits.windows.offset, commits.windows.time + at_observation[:, None], commits.windows.count
            ),
            last_time=commits.last_time + at_observation,
            rhythm=replace(rhythm, moved_at=rhythm.moved_at + by, live_since=rhythm.live_since + by),
        ),
        timeline=Timeline(tuple(time + by for time in history.timeline.times), history.timeline.columns),
        trend=tuple((at + by, totals) for at, totals in history.trend),
        waiting={key: FirstSeen(seen.at + by, seen.end) for key, seen in history.waiting.items()},
        observed_at=None if history.observed_at is None else history.observed_at + by,
    )
