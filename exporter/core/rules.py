"""Burrow's rules, as expressions over all rows of a cluster at once.

The rules and their order are those of ``core/internal/evaluator/caching.go`` in linkedin/Burrow. What differs is
how far the windows reach: see `exporter.core.reach`.

To add a rule: a `Rule` with its meaning, its status, and a predicate at its place in `PREDICATES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from exporter.core.evaluation import EvaluationSettings
from exporter.core.gaps import gapless_clock
from exporter.core.history import History
from exporter.core.model import Bools, Int64s, Status
from exporter.core.reach import Reach, lowest_of_newest, lowest_since, reach_of
from exporter.core.windows import NO_LAG, Commits


class Rule(StrEnum):
    """The rule that decided."""

    CAUGHT_UP = "caught_up"
    """OK: the lag is not above the allowed lag."""
    KEEPING_UP = "keeping_up"
    """OK: it is behind, but was caught up, or catching up, within the window."""
    YOUNG = "young"
    """OK: it is behind, but has not been watched long enough to say more."""
    STOPPED = "stopped"
    """STOP: nothing was committed for longer than the window spans, and the end offset went on."""
    STALLED = "stalled"
    """STALL: a consumer is present and commits, always the same offset."""
    FALLING_BEHIND = "falling_behind"
    """WARN: it commits, but its lag never shrank over the window."""
    REWOUND = "rewound"
    """REWIND: it committed an offset lower than one before, and has not come back to it."""


STATUS: Final[Mapping[Rule, Status]] = {
    Rule.CAUGHT_UP: Status.OK,
    Rule.KEEPING_UP: Status.OK,
    Rule.YOUNG: Status.OK,
    Rule.STOPPED: Status.STOP,
    Rule.STALLED: Status.STALL,
    Rule.FALLING_BEHIND: Status.WARN,
    Rule.REWOUND: Status.REWIND,
}
"""The status that each rule stands for."""

RULES: Final = tuple(Rule)
"""The rules by their number in a column."""

_NUMBER: Final = {rule: np.int8(number) for number, rule in enumerate(RULES)}
_STATUS_BY_NUMBER: Final = np.array([STATUS[rule] for rule in RULES], dtype=np.int8)

Int8s = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """One verdict per row, and the numbers that it was based on.

    ``rule``: positions in RULES; ``status``: numbers of `Status`; ``complete``: 0 to 1; ``first``: the column of the
    oldest commit that was judged; ``span``: from that to the newest, without gaps (ms); ``silence``: since the newest
    (ms), below 0 for a commit whose own time is ahead.
    """

    rule: Int8s
    status: Int8s
    complete: npt.NDArray[np.float64]
    first: Int64s
    span: Int64s
    silence: Int64s


def judge(history: History, lag: Int64s, now: int, settings: EvaluationSettings) -> Verdicts:
    """The verdict on every row of commits at ``now`` (ms), given its lag now (records).

    A row without a commit is OK with complete 0.
    """
    evidence = evidence_of(history, lag, now, settings)
    matches = [predicate(evidence) for _, predicate in PREDICATES]
    rule = np.select(matches, [_NUMBER[rule] for rule, _ in PREDICATES], default=_NUMBER[Rule.KEEPING_UP])
    reach = evidence.reach
    return Verdicts(rule, _STATUS_BY_NUMBER[rule], reach.complete, reach.first, reach.span, evidence.silence)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the rules look at, for each row.

    ``lag``: the lag now (records); ``silence``: the time since the newest commit (ms), below 0 for a commit whose own
    time is ahead. ``lowest_end``: the lowest end offset that counts as recent. ``judged``: rows × capacity, True where
    an entry of the window is judged; ``always_behind``: judged long enough, and behind at every commit whose lag is
    known.
    """

    commits: Commits
    lag: Int64s
    reach: Reach
    silence: Int64s
    lowest_end: Int64s
    judged: Bools
    always_behind: Bools
    settings: EvaluationSettings


def evidence_of(history: History, lag: Int64s, now: int, settings: EvaluationSettings) -> Evidence:
    """What is known of every row of commits at ``now`` (ms), given its lag now (records)."""
    commits = history.commits
    clock = gapless_clock(history.timeline.times, settings.window * 1000)
    reach = reach_of(commits, clock, now, settings)
    recently = int(clock(np.array(now))) - settings.recent * 1000
    lowest_end = np.where(
        commits.own_times,
        lowest_of_newest(history.ends, settings.intervals)[history.end_row],
        lowest_since(clock.on(history.ends), recently)[history.end_row],
    )
    judged = np.arange(commits.windows.capacity) >= reach.first[:, None]
    was_caught_up = (judged & (commits.lag != NO_LAG) & (commits.lag <= settings.allowed_lag)).any(axis=1)
    return Evidence(
        commits=commits,
        lag=lag,
        reach=reach,
        silence=now - commits.windows.time[:, -1],
        lowest_end=lowest_end,
        judged=judged,
        always_behind=reach.spans & ~was_caught_up,
        settings=settings,
    )


def no_commit(evidence: Evidence) -> Bools:
    """Nothing is retained; all other rules are meaningless for such a row."""
    empty: Bools = evidence.commits.windows.count == 0
    return empty


def caught_up(evidence: Evidence) -> Bools:
    """The lag is not above the allowed lag."""
    return evidence.lag <= evidence.settings.allowed_lag


def below_minimum(evidence: Evidence) -> Bools:
    """Less of the window has been watched than the settings require of a verdict."""
    return evidence.reach.complete < evidence.settings.minimum_complete


def stopped(evidence: Evidence) -> Bools:
    """Silent for longer than the window spans, and never recently caught up."""
    silent = (evidence.silence > evidence.reach.span) & (evidence.silence >= evidence.reach.min_silence)
    return silent & (evidence.lowest_end > evidence.commits.windows.offset[:, -1])


def rewound(evidence: Evidence) -> Bools:
    """Went back, and has not come back up to where it was."""
    offset, judged = evidence.commits.windows.offset, evidence.judged
    fell = np.zeros_like(judged)
    fell[:, 1:] = judged[:, :-1] & (offset[:, 1:] < offset[:, :-1])
    fall = np.argmax(fell, axis=1)
    before_fall = offset[np.arange(len(fall)), np.maximum(fall - 1, 0)]
    later = np.arange(offset.shape[1]) >= fall[:, None]
    recovered = (later & (offset >= before_fall[:, None])).any(axis=1)
    not_recovered: Bools = fell.any(axis=1) & ~recovered
    return not_recovered


def stalled(evidence: Evidence) -> Bools:
    """Behind at every commit, and none of them moved."""
    offset = evidence.commits.windows.offset
    still: Bools = (~evidence.judged | (offset == offset[:, -1:])).all(axis=1)
    return evidence.always_behind & still


def falling_behind(evidence: Evidence) -> Bools:
    """Behind at every commit, and the lag never shrank."""
    lag = evidence.commits.lag
    return evidence.always_behind & ~_ever_smaller_than_the_known_before(lag, evidence.judged & (lag != NO_LAG))


def young(evidence: Evidence) -> Bools:
    """Less than a whole window has been watched."""
    return evidence.reach.complete < 1.0


PREDICATES: Final[tuple[tuple[Rule, Callable[[Evidence], Bools]], ...]] = (
    (Rule.YOUNG, no_commit),
    (Rule.CAUGHT_UP, caught_up),
    (Rule.YOUNG, below_minimum),
    (Rule.STOPPED, stopped),
    (Rule.REWOUND, rewound),
    (Rule.STALLED, stalled),
    (Rule.FALLING_BEHIND, falling_behind),
    (Rule.YOUNG, young),
)
"""The first that matches decides, in Burrow's order; where none does, the consumer keeps up."""


def _ever_smaller_than_the_known_before(lag: Int64s, known: Bools) -> Bools:
    """True for rows in which some known lag is smaller than the previous known one."""
    position = np.where(known, np.arange(lag.shape[1]), 0)
    nearest = np.maximum.accumulate(position, axis=1)
    any_before: Bools = np.maximum.accumulate(known, axis=1)
    before = np.take_along_axis(lag, nearest, axis=1)
    smaller: Bools = known[:, 1:] & any_before[:, :-1] & (lag[:, 1:] < before[:, :-1])
    ever: Bools = np.any(smaller, axis=1)
    return ever
