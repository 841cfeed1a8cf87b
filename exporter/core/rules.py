"""Burrow's rules, as expressions over all rows of a cluster at once.

The rules and their order are those of ``core/internal/evaluator/caching.go`` in linkedin/Burrow. What differs is
how far the windows reach: see `reach_of` and `lowest_since`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exporter.core.evaluation import MIN_COMMITS, EvaluationSettings
from exporter.core.history import History
from exporter.core.model import Bools, Int64s, Status
from exporter.core.watch import WatchedClock, watched_clock
from exporter.core.windows import NO_LAG, Commits, Windows

NEVER = np.iinfo(np.int64).max
"""Stands for an end offset that is not known: higher than any commit."""

Statuses = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """One verdict per row.

    ``status``: numbers of `Status`; ``complete``: 0 to 1; ``first``: the column of the oldest commit that was judged;
    ``span``: from that to the newest, minus unwatched time (ms).
    """

    status: Statuses
    complete: npt.NDArray[np.float64]
    first: Int64s
    span: Int64s


def judge(history: History, current_lag: Int64s, now: int, settings: EvaluationSettings) -> Verdicts:
    """The verdict on every row of commits at ``now`` (ms), given its lag now (records).

    A row without a commit is OK with complete 0.
    """
    commits = history.commits
    clock = watched_clock(history.timeline.times, settings.window * 1000)
    reach = reach_of(commits, clock, now, settings)
    recently = int(clock(np.array(now))) - settings.recent * 1000
    lowest_end = np.where(
        commits.own_times,
        lowest_of_newest(history.ends, settings.intervals)[history.end_row],
        lowest_since(clock.of(history.ends), recently)[history.end_row],
    )
    status = evaluate(commits, reach, lowest_end, current_lag, now=now, allowed_lag=settings.allowed_lag)
    status[(reach.complete < settings.minimum_complete) | (commits.windows.count == 0)] = Status.OK
    return Verdicts(status, reach.complete, reach.first, reach.span)


@dataclass(frozen=True, slots=True)
class Reach:
    """How much of each row's history its verdict is based on.

    ``first``: the column of the oldest commit that is judged. ``span`` (ms): from that to the newest. ``spans``: long
    enough to judge that a group does not move, or falls behind. ``least_silence`` (ms): a silence shorter than
    this is no stop. ``complete``: 0 to 1.
    """

    first: Int64s
    span: Int64s
    spans: Bools
    least_silence: Int64s
    complete: npt.NDArray[np.float64]


def reach_of(commits: Commits, clock: WatchedClock, now: int, settings: EvaluationSettings) -> Reach:
    """How far the window of each row reaches at ``now`` (ms).

    Commits with their own times are judged as Burrow does: over the newest ``intervals``, complete when there
    are as many, and whatever they say counts from the first commit on. Sampled ones are judged over the newest that
    span ``window`` seconds, at least MIN_COMMITS, so that the verdict does not depend on how often, or by how
    many, the exporter is scraped; until they span it, or there has been silence for as long, a row is not called
    stopped, stalled or late. ``complete`` is then the share of ``window`` that has been watched. Unwatched
    time is no part of the span, but it is part of a silence: a row still silent after it was silent all the while.
    """
    windows = commits.windows
    size = windows.capacity
    columns = np.arange(size)
    rows = np.arange(len(windows.count))
    window = settings.window * 1000
    last = windows.time[:, -1]
    time = np.where(commits.own_times[:, None], windows.time, clock(windows.time))
    before_last = time[:, -1:] - time

    by_count = size - np.minimum(windows.count, settings.intervals)
    long_enough = windows.filled() & (before_last >= window) & (columns <= size - MIN_COMMITS)
    newest_that_spans = size - 1 - np.argmax(long_enough[:, ::-1], axis=1)
    by_time = np.where(long_enough.any(axis=1), newest_that_spans, size - windows.count)
    first = np.minimum(np.where(commits.own_times, by_count, by_time), size - 1)

    span = before_last[rows, first]
    watched = np.minimum(_share(span, window), (size - first) / MIN_COMMITS)
    watched = np.minimum(np.maximum(watched, _share(now - last, window)), 1.0)
    complete = np.where(commits.own_times, np.minimum(windows.count / settings.intervals, 1.0), watched)
    return Reach(
        first=first,
        span=span,
        spans=commits.own_times | ((span >= window) & (size - first >= MIN_COMMITS)),
        least_silence=np.where(commits.own_times, 0, window).astype(np.int64),
        complete=np.where(windows.count > 0, complete, 0.0),
    )


def _share(duration: Int64s, of: float) -> npt.NDArray[np.float64]:
    """A duration as a share of another, 1 if that is 0."""
    return duration / of if of > 0 else np.ones(len(duration))


def lowest_since(ends: Windows, since: float) -> Int64s:
    """The lowest retained end offset of each row that is not older than ``since`` (ms); NEVER without one."""
    lowest: Int64s = np.where(ends.filled() & (ends.time >= since), ends.offset, NEVER).min(axis=1, initial=NEVER)
    return lowest


def lowest_of_newest(ends: Windows, entries: int) -> Int64s:
    """The lowest of each row's newest end offsets; NEVER without one."""
    newest = np.arange(ends.capacity) >= ends.capacity - entries
    lowest: Int64s = np.where(ends.filled() & newest, ends.offset, NEVER).min(axis=1, initial=NEVER)
    return lowest


def evaluate(
    commits: Commits, reach: Reach, lowest_end: Int64s, current_lag: Int64s, *, now: int, allowed_lag: int
) -> Statuses:
    """The six rules in Burrow's order, the first that matches wins; meaningless for a row with an empty window.

    ``lowest_end`` is the lowest end offset that counts as recent.
    """
    windows, lag = commits.windows, commits.lag
    size = windows.capacity
    columns = np.arange(size)
    rows = np.arange(len(reach.first))
    judged = columns >= reach.first[:, None]
    offset, newest = windows.offset, windows.offset[:, -1]

    caught_up = current_lag <= allowed_lag

    # STOP: silent for longer than the window spans, and never recently caught up.
    silence = now - windows.time[:, -1]
    silent = (silence > reach.span) & (silence >= reach.least_silence)
    stopped = silent & (lowest_end > newest)

    # REWIND: went back, and has not come back up to where it was.
    fell = np.zeros_like(judged)
    fell[:, 1:] = judged[:, :-1] & (offset[:, 1:] < offset[:, :-1])
    fall = np.argmax(fell, axis=1)
    before_fall = offset[rows, np.maximum(fall - 1, 0)]
    recovered = ((columns >= fall[:, None]) & (offset >= before_fall[:, None])).any(axis=1)
    rewound = fell.any(axis=1) & ~recovered

    # Behind at every commit whose lag is known: STALL if none moved, WARN if the lag never shrank.
    known = judged & (lag != NO_LAG)
    behind = reach.spans & ~(known & (lag <= allowed_lag)).any(axis=1)
    still = (~judged | (offset == newest[:, None])).all(axis=1)
    shrank = _ever_smaller_than_the_known_before(lag, known)

    status = np.full(len(rows), Status.OK, dtype=np.int8)
    return np.select(
        [caught_up, stopped, rewound, behind & still, behind & ~shrank],
        [
            np.int8(Status.OK),
            np.int8(Status.STOP),
            np.int8(Status.REWIND),
            np.int8(Status.STALL),
            np.int8(Status.WARN),
        ],
        default=status,
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
