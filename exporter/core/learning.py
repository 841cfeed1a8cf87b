"""What one observation teaches about the consumer of each partition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from exporter.core.commits import UNASSIGNED, Commits
from exporter.core.gaps import GaplessClock
from exporter.core.model import Int64s
from exporter.core.resting import marker_lag, rested
from exporter.core.rhythm import Beat, followed
from exporter.core.row_settings import RowSettings
from exporter.core.snapshot import AS_BEFORE, Snapshot
from exporter.core.timeline import Seconds, Timeline, lag_in_seconds
from exporter.core.windows import newest


def learnt(
    commits: Commits,
    now: Snapshot,
    *,
    end_row: Int64s,
    settled: bool,
    timeline: Timeline,
    lag_seconds: Seconds,
    clock: GaplessClock,
    elapsed: float,
    settings: RowSettings,
) -> Commits:
    """The commits before they are recorded, with what this observation teaches about each row's consumer.

    ``settled``: the observation before left nothing out. The other arguments are as in `History` and `Folded`.
    """
    assigned = np.where(now.assigned == AS_BEFORE, commits.assigned, now.assigned)
    present, filled = now.committed >= 0, commits.windows.count > 0
    moved = present & filled & (newest(commits.windows) != now.committed)
    ignored = np.maximum(marker_lag(commits.resting), settings.allowed_lag)
    beat = Beat(
        at=now.at,
        elapsed=elapsed,
        outage=settings.window / 2,
        present=present,
        readable=now.readable,
        moved=moved,
        appeared=present & ~commits.rhythm.known & settled & (elapsed > 0),
        caught_up=now.readable & (now.lag <= ignored),
        waiting=waiting_seconds(end_row, now, timeline=timeline, lag_seconds=lag_seconds, clock=clock, ignored=ignored),
        live=now.alive & (assigned != UNASSIGNED),
    )
    return replace(
        commits,
        assigned=assigned,
        rhythm=followed(commits.rhythm, beat, clock),
        resting=rested(commits.resting, read=now.readable, moved=moved, lag=now.lag),
    )


def waiting_seconds(
    end_row: Int64s, now: Snapshot, *, timeline: Timeline, lag_seconds: Seconds, clock: GaplessClock, ignored: Int64s
) -> npt.NDArray[np.float32]:
    """For how long (s) each row has had records to consume, gaps left out.

    A lag of up to ``ignored`` records does not count as any: where there is some, the time is that since the first
    record beyond it was produced. With end offsets 100 at 0 s and 110 at 10 s, a commit of 100 and 1 ignored: at 30 s
    it is 29 s.
    """
    seconds = lag_seconds
    rows = np.flatnonzero(ignored > 0)
    if rows.size:
        beyond = now.position[rows] + ignored[rows]
        lag = np.maximum(now.lag[rows] - ignored[rows], 0)
        seconds = lag_seconds.copy()
        seconds[rows], _ = lag_in_seconds(
            timeline, end_row[rows], committed=beyond, end=now.end[rows], lag=lag, at=now.at
        )
    since = now.at - (seconds * 1000).astype(np.int64)
    return ((int(clock(np.array(now.at))) - clock(since)) / 1000).astype(np.float32)
