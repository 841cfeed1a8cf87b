"""Whether a partition falls behind: its lag grows in records and in seconds, more than chance explains.

Burrow calls a partition late if its lag never shrank from commit to commit over the window. Records alone say that of
every consumer whose producer speeds up, a wiggle hides a real trend, and a consumer that commits batches of
uneven length has three growing lags in a row every now and then. So what counts is lag in seconds, over the commits
since it was smallest:

- it has grown, along the line that fits them best, by more than GROWTH of the time they span, and by more than the
  scatter around that line, than the unevenness of the commits' distances, and than a part of the usual silence;
- it is more than it was before it was smallest;
- in records the newest is at the top: of what the lag has gained, no more than SHRUNK is gone again;
- they span the window, or BURST_WINDOWS of it where more is produced than lately: a burst is given time to be consumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from exporter.core.commits import NO_LAG, Commits
from exporter.core.evaluation import MIN_COMMITS
from exporter.core.model import Bools, Int64s
from exporter.core.rhythm import Durations
from exporter.core.row_settings import Floats, beside_windows
from exporter.core.timeline import Timeline, offsets_at

GROWTH: Final = 1 / 20
"""Lag in seconds must have grown by this share of the time: a consumer at 95 % of the producer's pace keeps up."""

SCATTERS: Final = 3
"""Growth must exceed the scatter of lag in seconds around its trend (standard deviation) this many times."""

OF_A_STEP: Final = 0.3
"""Growth must exceed the scatter by this share of the distance of observations: no move is timed better than that."""

OF_USUAL_SILENCE: Final = 0.4
"""... by this share of the longest remembered silence: batches and rare commits make lag jump that far. This, and the
unevenness of the commits' distances, explains the less the more commits lie on the line: what holds for MIN_COMMITS is
halved for twice as many."""

RESOLUTION: Final = 0.02
"""... and by this share of the lag in seconds itself: end offsets of long ago are kept the farther apart the older."""

SHRUNK: Final = 0.1
"""The lag is still at its top if it has lost no more than this share of its growth (records)."""

REACH: Final = 8
"""Commits further back than this many windows do not count, but MIN_COMMITS always do."""

BURST: Final = 1.25
"""More is produced than lately if the rate of the newest window exceeds that of the time before this many times."""

BEFORE: Final = 600.0
"""How long (s) the time before is."""

BURST_WINDOWS: Final = 2.5


@dataclass(frozen=True, slots=True)
class Growth:
    """How lag has grown in some rows, over the ``span`` (s) since it was smallest.

    ``gained`` (s): by how much lag in seconds has grown. ``significant``: by more than chance explains, over at least
    MIN_COMMITS. ``at_top``: the lag in records has grown as well, and has not shrunk since.
    """

    gained: Floats
    span: Floats
    significant: Bools
    at_top: Bools


def growth_of(
    commits: Commits,
    rows: Int64s,
    *,
    time: Int64s,
    ignored: Int64s,
    window: float | Floats,
    step: float,
    longest: Durations,
) -> Growth:
    """The growth of lag in the given rows of commits.

    ``time`` (ms, given rows × capacity): when each commit was seen, without gaps. ``ignored`` (records): up to this lag
    a row is caught up. ``window``, ``step`` (the distance of observations) and ``longest`` (the longest silence
    remembered) in seconds.
    """
    count, lag, records = commits.windows.count[rows], commits.lag[rows], commits.records[rows]
    seconds = commits.seconds[rows].astype(np.float64)
    size = lag.shape[1]
    columns, each = np.arange(size), np.arange(len(rows))
    filled = columns >= size - count[:, None]
    x = (time - time[:, -1:]) / 1000

    # The commits that count: those within reach, from the newest that was caught up.
    near = filled & ((x >= -REACH * beside_windows(window)) | (columns >= size - MIN_COMMITS))
    caught_up = filled & (lag != NO_LAG) & (lag <= ignored[:, None])
    later = np.cumsum(caught_up[:, ::-1], axis=1)[:, ::-1] - caught_up
    # A lag in seconds of which only a lower bound is known grows with time alone.
    near &= (later == 0) & ~np.isnan(seconds)
    seconds = np.nan_to_num(seconds)
    least = np.argmin(np.where(near, seconds, np.inf), axis=1)
    used = near & (columns >= least[:, None])
    known = near.any(axis=1)
    span = np.where(known, -x[each, least], 0.0)

    slope, scatter = _trend(x, seconds, used)
    gained = np.where(known, np.minimum(seconds[:, -1] - seconds[each, least], slope * span), 0.0)
    bottom, newest = records[each, least], records[:, -1]
    # How exactly a lag of n records tells a time: they were produced at random times, so to one part in √n.
    exactness = seconds[:, -1] * (RESOLUTION + 1 / np.sqrt(np.maximum(newest, 1)))
    uneven = (_unevenness(x, used, filled) + OF_USUAL_SILENCE * longest) * MIN_COMMITS / np.maximum(used.sum(axis=1), 1)
    chance = SCATTERS * scatter + OF_A_STEP * step + uneven + exactness
    top = np.where(used, records, 0).max(axis=1, initial=0)
    at_top = known & (newest > bottom) & (top - newest <= SHRUNK * (top - bottom))
    enough = (used.sum(axis=1) >= MIN_COMMITS) & used[:, -1] & (lag[:, -1] > ignored)
    # A commit rhythm close to the scrapes' makes lag in seconds swing by a whole commit, slowly: a swing is no trend.
    before = filled & (columns < least[:, None])
    swing = np.where(before, seconds, 0).max(axis=1, initial=0)
    enough &= seconds[:, -1] > swing * (1 + SHRUNK) + OF_A_STEP * step
    significant = enough & at_top & (gained > np.maximum(chance, GROWTH * span))
    return Growth(gained, span, significant, at_top & (lag[:, -1] > ignored))


def in_burst(timeline: Timeline, rows: Int64s, end: Int64s, *, at: int, window: float | Floats) -> Bools:
    """Rows of the timeline to which more is produced in the newest ``window`` (s) than in the time before.

    ``end``: their end offsets at ``at`` (ms). Where that time was not watched, there may be a burst.
    """
    begin = at - np.full(len(rows), window * 1000).astype(np.int64)
    newer, older = offsets_at(timeline, rows, begin), offsets_at(timeline, rows, begin - int(BEFORE * 1000))
    burst: Bools = ~((end - newer) / window <= BURST * (newer - older) / BEFORE)
    return burst


def _trend(x: Floats, y: Floats, used: Bools) -> tuple[Floats, Floats]:
    """The slope of the line that fits y over x best (least squares) in each row, and the scatter around it."""
    n = np.maximum(used.sum(axis=1), 1)
    dx = np.where(used, x - (np.where(used, x, 0).sum(axis=1) / n)[:, None], 0)
    dy = np.where(used, y - (np.where(used, y, 0).sum(axis=1) / n)[:, None], 0)
    variance = np.maximum((dx * dx).sum(axis=1), 1e-9)
    slope = (dx * dy).sum(axis=1) / variance
    rest = np.maximum((dy * dy).sum(axis=1) - slope * slope * variance, 0)
    return slope, np.sqrt(rest / np.maximum(n - 2, 1))


def _unevenness(x: Floats, used: Bools, filled: Bools) -> Floats:
    """The longest less the shortest distance (s) between the used commits, that to the one before them included."""
    distance = np.diff(x, axis=1)
    between = used[:, 1:] & filled[:, :-1]
    longest = np.where(between, distance, 0).max(axis=1, initial=0)
    shortest = np.where(between, distance, np.inf).min(axis=1, initial=np.inf)
    return np.where(np.isfinite(shortest), longest - shortest, 0.0)
