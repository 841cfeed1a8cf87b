"""How long a partition is usually silent while there is something to consume, and how long it may be.

A live consumer commits when it has something to commit and its rhythm allows: every second, every half hour, when a
batch of ten minutes is done, when a file is full. What is a stall for one is a pause for another, so a silence is
judged against the partition's own. It is counted only while records wait: from the newest move of the committed offset,
or from when the first record after it was produced, whichever is later. A caught-up partition is never silent.

Each completed silence is remembered; what is remembered shrinks by FADE seconds a second, so that a silence of an hour
is forgotten after a day and a half, and one of a minute after half an hour. The two longest are kept: one that is far
longer than all others was an incident, not a rhythm. The reasons for all this are in docs/decisions/0008.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from exporter.core.gaps import GaplessClock
from exporter.core.model import Bools, Int64s
from exporter.core.windows import take_rows

FADE: Final = 1 / 32
"""By how many seconds a remembered silence shrinks in a second."""

OUTLIER: Final = 4
"""The longest silence was an incident, not a rhythm, if it is longer than this many times the second longest."""

FEW_SILENCES: Final = 2
"""Among so few silences an incident cannot be told from a rhythm: the longest counts."""

MARGIN: Final = 1.1
MARGIN_OF_ONE: Final = 3.5
"""Once n silences have been seen, one may last MARGIN + MARGIN_OF_ONE / n times the usual one.

Of n silences of an unknown kind the next is the longest with a chance of 1 in n + 1: the fewer have been seen, the less
they say. After one of 10 min the next may take 46 min and the window; after ten such, 14 min and the window.
"""

LEFT_OUT: Final = 2
"""One commit may be left out (a checkpoint that fails): up to this many times the mean silence is tolerated too."""

MEAN_OVER: Final = 8
"""Over so many silences, about, the mean is taken."""

MAX_MOVES: Final = 10_000
"""Counting ends here: more moves would say nothing more."""

Durations = npt.NDArray[np.float32]
"""One duration per row, in seconds; exact enough, and half as large."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """One entry per row of commits. Times in ms since the epoch, durations in seconds.

    ``known``: the row has been read at least once. ``moved_at``: when its committed offset was first seen as it is, or
    it was last caught up. ``blind``: for how long it has not been readable, 0 when it was last; ``excused``: how much
    of the time since then was such an outage. ``silence``: how long it had been silent when it was last read.
    ``longest`` and ``second``: the longest and the second longest silence remembered; ``mean``: the mean of all, of the
    newest ones above all. ``moves``: how many moves have been seen, at most MAX_MOVES; the first commit is one if it
    was seen to appear, and n moves enclose n - 1 complete silences. ``live``: a live consumer was on the partition when
    it was last read; ``live_since``: since when one has been, or none. ``had_consumer``: one was seen.
    """

    known: Bools
    moved_at: Int64s
    blind: Durations
    excused: Durations
    silence: Durations
    longest: Durations
    second: Durations
    mean: Durations
    moves: npt.NDArray[np.int16]
    live: Bools
    live_since: Int64s
    had_consumer: Bools

    @classmethod
    def empty(cls, rows: int) -> Rhythm:
        """Nothing is known of any row."""
        no, at, none = np.zeros(rows, dtype=np.bool_), np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.float32)
        return cls(no, at, none, none, none, none, none, none, np.zeros(rows, dtype=np.int16), no, at, no)

    def take(self, rows: Int64s) -> Rhythm:
        """The given rows, in that order; -1 gives a row of which nothing is known."""
        return Rhythm(
            known=take_rows(self.known, rows),
            moved_at=take_rows(self.moved_at, rows),
            blind=take_rows(self.blind, rows),
            excused=take_rows(self.excused, rows),
            silence=take_rows(self.silence, rows),
            longest=take_rows(self.longest, rows),
            second=take_rows(self.second, rows),
            mean=take_rows(self.mean, rows),
            moves=take_rows(self.moves, rows),
            live=take_rows(self.live, rows),
            live_since=take_rows(self.live_since, rows),
            had_consumer=take_rows(self.had_consumer, rows),
        )


@dataclass(frozen=True, slots=True)
class Beat:
    """What one observation says of each row's rhythm; ``at`` in ms, durations in seconds.

    ``elapsed``: since the observation before, without gaps. ``present``: the committed offset was read, ``readable``:
    the end offset as well. ``moved``: the committed offset is another than before. ``appeared``: the first commit was
    seen to appear. ``caught_up``: it was read, and there is nothing to consume. ``waiting``: for how long there has
    been something, at least; meaningless where not readable. ``live``: a live consumer is on the partition. ``outage``:
    one that could not be read for longer than this could not be consumed either (it had no leader, or the group no
    coordinator), so that was no silence.
    """

    at: int
    elapsed: float
    outage: float | npt.NDArray[np.float64]
    present: Bools
    readable: Bools
    moved: Bools
    appeared: Bools
    caught_up: Bools
    waiting: Durations
    live: Bools


def followed(rhythm: Rhythm, beat: Beat, clock: GaplessClock) -> Rhythm:
    """The rhythm of every row after one more observation."""
    elapsed = np.float32(beat.elapsed)
    first = beat.present & ~rhythm.known
    restarted = first | beat.moved
    # The silence that a move ends counts as long as it was seen to last, not until the move was seen.
    complete = beat.moved & (rhythm.moves > 0)
    ended = np.where(complete, rhythm.silence, np.float32(0))
    weight = np.float32(1) / np.clip(rhythm.moves, 1, MEAN_OVER).astype(np.float32)
    longest = np.maximum(rhythm.longest - elapsed * np.float32(FADE), np.float32(0))
    second = np.maximum(rhythm.second - elapsed * np.float32(FADE), np.float32(0))
    # To a reader of committed records a long transaction is nothing to read, however old its records are at its end.
    anew = restarted | beat.caught_up
    moved_at = np.where(anew, beat.at, rhythm.moved_at)
    blind = np.where(beat.readable & (rhythm.blind == 0), np.float32(0), rhythm.blind + elapsed)
    outage = np.where(beat.readable & (blind > beat.outage), blind, np.float32(0))
    excused = np.where(anew, np.float32(0), rhythm.excused + outage)
    unmoved = (int(clock(np.array(beat.at))) - clock(moved_at)) / 1000
    silence = np.maximum(np.minimum(unmoved, beat.waiting) - excused, 0).astype(np.float32)
    # How long records have waited is only a lower bound where the end offsets from when they came are not retained.
    silence = np.where(anew, silence, np.maximum(silence, rhythm.silence))
    silence = np.where(beat.readable, silence, rhythm.silence)
    changed = first | (beat.present & (beat.live != rhythm.live))
    return Rhythm(
        known=rhythm.known | beat.present,
        moved_at=moved_at,
        blind=np.where(beat.readable, np.float32(0), blind),
        excused=excused,
        silence=np.where(restarted, np.float32(0), silence),
        longest=np.maximum(longest, ended),
        second=np.maximum(second, np.minimum(longest, ended)),
        mean=np.where(complete, rhythm.mean + (ended - rhythm.mean) * weight, rhythm.mean),
        moves=np.minimum(rhythm.moves + (beat.moved | beat.appeared), MAX_MOVES).astype(np.int16),
        live=np.where(beat.present, beat.live, rhythm.live),
        live_since=np.where(changed, beat.at, rhythm.live_since),
        had_consumer=rhythm.had_consumer | (beat.present & beat.live),
    )


def usual_silence(rhythm: Rhythm) -> tuple[Durations, Int64s]:
    """How long each row is usually silent (s), and from how many complete silences that is known; 0 from none."""
    silences = np.maximum(rhythm.moves.astype(np.int64) - 1, 0)
    regular = (silences <= FEW_SILENCES) | (rhythm.longest <= OUTLIER * rhythm.second)
    return np.where(regular, rhythm.longest, rhythm.second), silences


def tolerated_silence(
    usual: Durations,
    mean: Durations,
    silences: Int64s,
    *,
    window: float | npt.NDArray[np.float64],
    step: float,
    unknown: float | npt.NDArray[np.float64],
) -> Durations:
    """How long each row may be silent (s) before that is no pause any more: ``window`` more than its margin.

    ``usual`` and ``silences`` are those of `usual_silence`, ``mean`` that of `Rhythm`. ``step`` (s): the distance of
    observations; a silence that was seen has been up to that much longer. ``unknown`` (s): what a row may whose rhythm
    is not known yet.
    """
    margin = MARGIN + MARGIN_OF_ONE / np.maximum(silences, 1)
    usual = np.where(usual > 0, usual + np.float32(step), usual)
    return np.where(silences > 0, window + np.maximum(margin * usual, LEFT_OUT * mean), unknown).astype(np.float32)


def shared_by_block(usual: Durations, silences: Int64s, starts: Int64s) -> tuple[Durations, Int64s]:
    """The same, where rows of which nothing is known take over what is known of other partitions of their topic.

    ``starts``: where each block of a group's partitions of a topic begins, and the number of rows. They are consumed by
    the same program, so the longest usual silence of its partitions is the best guess at one's own.
    """
    known = silences > 0
    if known.all() or not known.any():
        return usual, silences
    sizes = np.diff(starts)
    first = starts[:-1][sizes > 0]
    longest = np.maximum.reduceat(np.where(known, usual, np.float32(-1)), first)
    fewest = np.minimum.reduceat(np.where(known, silences, MAX_MOVES), first)
    longest, fewest = np.repeat(longest, sizes[sizes > 0]), np.repeat(fewest, sizes[sizes > 0])
    guessed = ~known & (longest >= 0)
    return np.where(guessed, longest, usual), np.where(guessed, fewest, silences)
