"""Burrow's rules, as expressions over all rows of a cluster at once.

The rules and their order are those of ``core/internal/evaluator/caching.go`` in linkedin/Burrow. What differs is
how far the windows reach: see `commit_window` and `lowest_since`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exporter.core.evaluation import Evaluation
from exporter.core.history import History
from exporter.core.model import Bools, Int64s, Status
from exporter.core.windows import NO_LAG, Commits, Windows

FEWEST_COMMITS = 4
"""A window in time holds at least this many commits; with fewer a single pause would look like a stop."""

NEVER = np.iinfo(np.int64).max
"""In place of an end offset where none is known: higher than any commit."""

Statuses = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """One verdict a row.

    ``status``: numbers of `Status`; ``complete``: 0 to 1; ``first``: the column of the oldest commit that was judged.
    """

    status: Statuses
    complete: npt.NDArray[np.float64]
    first: Int64s


def judge(history: History, current_lag: Int64s, now: int, settings: Evaluation) -> Verdicts:
    """The verdict on every row of commits at ``now`` (ms), given its lag now (records).

    A row without a commit is OK with complete 0.
    """
    commits = history.commits
    first, complete = commit_window(commits, settings)
    lowest_end = np.where(
        commits.own_times,
        lowest_of_newest(history.ends, settings.intervals)[history.end_row],
        lowest_since(history.ends, now - settings.recent * 1000)[history.end_row],
    )
    status = evaluate(commits, first, lowest_end, current_lag, now=now, allowed_lag=settings.allowed_lag)
    status[(complete < settings.minimum_complete) | (commits.windows.count == 0)] = Status.OK
    return Verdicts(status, complete, first)


def commit_window(commits: Commits, settings: Evaluation) -> tuple[Int64s, npt.NDArray[np.float64]]:
    """The first column to judge in each row, and how complete that window is.

    Commits that bring their own times are judged as Burrow does: the newest ``intervals``, complete when there
    are as many. Sampled ones are judged over the newest that span ``window`` seconds, at least FEWEST_COMMITS,
    so that the verdict does not depend on how often, or by how many, the exporter is scraped.
    """
    windows = commits.windows
    size = windows.capacity
    columns = np.arange(size)
    by_count = np.maximum(size - np.minimum(windows.count, settings.intervals), 0)

    span_ms = settings.window * 1000
    last = windows.time[:, -1:]
    spans = windows.filled() & (last - windows.time >= span_ms) & (columns <= size - FEWEST_COMMITS)
    newest_that_spans = size - 1 - np.argmax(spans[:, ::-1], axis=1)
    by_time = np.where(spans.any(axis=1), newest_that_spans, size - windows.count)

    first = np.where(commits.own_times, by_count, np.minimum(by_time, size - 1))
    rows = np.arange(len(first))
    span = windows.time[:, -1] - windows.time[rows, first]
    judged = size - first
    if span_ms > 0:
        share = np.minimum(np.minimum(span / span_ms, judged / FEWEST_COMMITS), 1.0)
    else:
        share = np.minimum(judged / FEWEST_COMMITS, 1.0)
    complete = np.where(commits.own_times, np.minimum(windows.count / settings.intervals, 1.0), share)
    return first, np.where(windows.count > 0, complete, 0.0)


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
    commits: Commits, first: Int64s, lowest_end: Int64s, current_lag: Int64s, *, now: int, allowed_lag: int
) -> Statuses:
    """The six rules in Burrow's order, the first that speaks wins; a row with an empty window means nothing here.

    ``first`` is the column of the oldest commit to judge, ``lowest_end`` the lowest end offset that counts as lately.
    """
    windows, lag = commits.windows, commits.lag
    size = windows.capacity
    columns = np.arange(size)
    rows = np.arange(len(first))
    judged = columns >= first[:, None]
    offset, newest = windows.offset, windows.offset[:, -1]

    caught_up = current_lag <= allowed_lag

    # STOP: silent for longer than the window spans, and never caught up lately.
    last_time = windows.time[:, -1]
    silent = now - last_time > last_time - windows.time[rows, first]
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
    behind = ~(known & (lag <= allowed_lag)).any(axis=1)
    still = (~judged | (offset == newest[:, None])).all(axis=1)
    shrank = _ever_smaller_than_the_known_before(lag, known)

    status = np.full(len(first), Status.OK, dtype=np.int8)
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
    """True for rows in which some known lag is smaller than the nearest known one before it."""
    position = np.where(known, np.arange(lag.shape[1]), 0)
    nearest = np.maximum.accumulate(position, axis=1)
    any_before: Bools = np.maximum.accumulate(known, axis=1)
    before = np.take_along_axis(lag, nearest, axis=1)
    smaller: Bools = known[:, 1:] & any_before[:, :-1] & (lag[:, 1:] < before[:, :-1])
    ever: Bools = np.any(smaller, axis=1)
    return ever
