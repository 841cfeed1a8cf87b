"""What the rules look at: everything that is known of each partition after an observation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exporter.core.burrow_rules import burrow_rules
from exporter.core.commits import Commits
from exporter.core.falling import BURST_WINDOWS, growth_of, in_burst
from exporter.core.history import Folded
from exporter.core.model import Bools, Int64s
from exporter.core.reach import Reach, lowest_of_newest, reach_of
from exporter.core.resting import marker_lag, maybe_markers
from exporter.core.rhythm import Durations, shared_by_block, tolerated_silence, usual_silence
from exporter.core.row_settings import RowSettings, of_rows


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the rules look at, for each row; the numbers are those of `Verdicts`.

    ``lag``: the lag now (records). ``beyond_end``: the commit lies beyond the end of the log. ``judged``: rows ×
    capacity, True where an entry of the window is judged. ``quiet``: silent for too long. ``attended``: a live consumer
    has been on the partition for so long that the silence is its own. ``deserted``: its consumers have left it, and
    none has stayed since. ``falls``: its lag grows, or grew and has not shrunk since.
    """

    commits: Commits
    lag: Int64s
    beyond_end: Bools
    reach: Reach
    judged: Bools
    markers: Int64s
    usual: Durations
    silences: Int64s
    tolerated: Durations
    outlasted: Durations
    quiet: Bools
    attended: Bools
    deserted: Bools
    falls: Bools
    gained: Durations
    growth_span: Durations
    settings: RowSettings


def evidence_of(folded: Folded, settings: RowSettings) -> Evidence:
    """What is known of every row of commits after an observation."""
    commits, now = folded.history.commits, folded.snapshot
    reach = reach_of(commits, folded.clock, now.at, settings)
    usual, silences, tolerated = pace_of(folded, settings)
    # The lowest lag ever seen may be markers: then it must rest there for long before that is taken for a stall.
    perhaps = maybe_markers(commits.resting, now.lag)
    tolerated = np.where(perhaps, np.maximum(tolerated, np.asarray(settings.patience, dtype=np.float32)), tolerated)
    tolerated = _not_raised(tolerated, commits)
    outlasted = np.where((commits.rhythm.silence >= tolerated) & ~commits.own_times, tolerated, np.float32(0))
    quiet, attended, deserted = _silence(folded, tolerated, settings)
    markers = marker_lag(commits.resting)
    falls, gained, span = _falls(folded, reach, np.maximum(markers, settings.allowed_lag), settings)
    if commits.own_times.any():
        lowest_end = lowest_of_newest(folded.history.ends.take(folded.history.end_row), settings.intervals)
        theirs = burrow_rules(commits, reach, lowest_end, now=now.at, allowed_lag=settings.allowed_lag)
        own = commits.own_times
        quiet = np.where(own, theirs.stopped | theirs.stalled, quiet)
        attended = np.where(own, ~theirs.stopped, attended)
        falls = np.where(own, theirs.falling_behind, falls)
        markers = np.where(own, 0, markers)
    return Evidence(
        commits=commits,
        lag=now.lag,
        beyond_end=now.readable & (now.committed > now.log_end),
        reach=reach,
        judged=np.arange(commits.windows.capacity) >= reach.first[:, None],
        markers=markers,
        usual=usual,
        silences=silences,
        tolerated=tolerated,
        outlasted=outlasted,
        quiet=quiet,
        attended=attended,
        deserted=deserted,
        falls=falls,
        gained=gained,
        growth_span=span,
        settings=settings,
    )


def pace_of(folded: Folded, settings: RowSettings) -> tuple[Durations, Int64s, Durations]:
    """How long each row is usually silent (s), from how many silences that is known, and how long it may be (s)."""
    rhythm = folded.history.commits.rhythm
    usual, silences = shared_by_block(*usual_silence(rhythm), folded.history.group_topics.starts)
    tolerated = tolerated_silence(
        usual, rhythm.mean, silences, window=settings.window, step=folded.elapsed, unknown=settings.patience
    )
    return usual, silences, tolerated


def _not_raised(tolerated: Durations, commits: Commits) -> Durations:
    """What is tolerated of each row (s), where a silence has been too long no more than it has outlasted.

    Else a stop would end without a move: when another partition of the topic ends a long silence of its own, or an
    observation is late, more is tolerated.
    """
    outlasted = (commits.outlasted > 0) & (commits.rhythm.silence > 0)
    return np.where(outlasted, np.minimum(tolerated, commits.outlasted), tolerated)


def _silence(folded: Folded, tolerated: Durations, settings: RowSettings) -> tuple[Bools, Bools, Bools]:
    """Rows that have been silent for too long, those on which a live consumer has been meanwhile, and deserted ones.

    A group that had members and has none, or whose members do not want the partition, is given only the window: its
    silence is no consumer's rhythm. A live consumer must have been there for the window to be held responsible: one
    that joins, dies and joins again has not been, nor does it make the silence a rhythm again.
    """
    commits, now = folded.history.commits, folded.snapshot
    rhythm = commits.rhythm
    here = (int(folded.clock(np.array(now.at))) - folded.clock(rhythm.live_since)) / 1000
    stayed = here >= settings.window
    without = ~rhythm.live & (rhythm.had_consumer | now.of_consumers) & (now.alive | now.without_members)
    still = commits.deserted & ~(rhythm.live & stayed)
    deserted = ((without & stayed) | still) & (rhythm.silence >= settings.window) & ~commits.own_times
    quiet = (rhythm.silence >= tolerated) | deserted
    attended = rhythm.live & (here >= np.minimum(settings.window, tolerated))
    return quiet, attended, deserted


def _falls(folded: Folded, reach: Reach, ignored: Int64s, settings: RowSettings) -> tuple[Bools, Durations, Durations]:
    """Rows that fall behind, and of each row by how much (s) its lag has grown over how long (s).

    Only rows that are behind are looked at, and bursts only where a lag has grown: most rows of most clusters are not.
    """
    commits, now = folded.history.commits, folded.snapshot
    falls = np.zeros(len(ignored), dtype=np.bool_)
    gained, span = np.zeros(len(ignored), dtype=np.float32), np.zeros(len(ignored), dtype=np.float32)
    rows = np.flatnonzero((now.lag > ignored) & (commits.lag[:, -1] > ignored) & ~commits.own_times)
    growth = growth_of(
        commits,
        rows,
        time=reach.time[rows],
        ignored=ignored[rows],
        window=of_rows(settings.window, rows),
        step=folded.elapsed,
        longest=commits.rhythm.longest[rows],
    )
    gained[rows], span[rows] = growth.gained, growth.span
    # What has been told stays so until the lag shrinks: an incident must not end because its trend is less clear.
    still = np.zeros(len(ignored), dtype=np.bool_)
    still[rows] = commits.falling[rows] & growth.at_top
    some = np.flatnonzero(growth.significant & (growth.span >= of_rows(settings.window, rows)))
    rows = rows[some]
    window = of_rows(settings.window, rows)
    burst = in_burst(folded.history.timeline, folded.history.end_row[rows], now.log_end[rows], at=now.at, window=window)
    falls[rows] = growth.span[some] >= window * np.where(burst, BURST_WINDOWS, 1.0)
    return falls | still, gained, span
