"""Which rule each partition matches, for all rows of a cluster at once.

The statuses, and the order in which the rules are tried, are Burrow's (``core/internal/evaluator/caching.go`` in
linkedin/Burrow). Where commits have their own times its rules are applied to the letter (`exporter.core.burrow_rules`).
Where they are sampled, a partition has stopped or stalled when it has been silent for longer than its own rhythm
explains (`exporter.core.rhythm`), and falls behind when its lag grows in seconds as well (`exporter.core.falling`).

To add a rule: a `Rule` with its meaning, its status, and a predicate at its place in `PREDICATES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from exporter.core.evidence import Evidence, evidence_of
from exporter.core.history import Folded
from exporter.core.model import Bools, Int64s, Status
from exporter.core.rhythm import Durations
from exporter.core.row_settings import Floats, RowSettings


class Rule(StrEnum):
    """The rule that decided."""

    NOT_EVALUATED = "not_evaluated"
    """NOTFOUND: the settings say that there is to be no verdict."""
    CAUGHT_UP = "caught_up"
    """OK: the lag is not above the allowed lag."""
    BEYOND_END = "beyond_end"
    """OK: the commit lies beyond the end of the log, which was truncated or recreated; no lag can be told."""
    AT_MARKERS = "at_markers"
    """OK: all that is left are the transaction markers at which it always comes to rest."""
    KEEPING_UP = "keeping_up"
    """OK: it is behind, but it moves, and its lag does not grow by more than chance explains."""
    PAUSING = "pausing"
    """OK: it has been silent for a while, but not for longer than its rhythm explains."""
    YOUNG = "young"
    """OK: it is behind, but has not been watched long enough to say more."""
    STOPPED = "stopped"
    """STOP: it has been silent for too long, and no consumer is there."""
    STALLED = "stalled"
    """STALL: a consumer is there, but it has been silent for longer than its rhythm explains."""
    FALLING_BEHIND = "falling_behind"
    """WARN: it moves, but its lag grows in records and in seconds."""
    REWOUND = "rewound"
    """REWIND: it committed an offset lower than one before, and has not come back to it."""


STATUS: Final[Mapping[Rule, Status]] = {
    Rule.NOT_EVALUATED: Status.NOTFOUND,
    Rule.CAUGHT_UP: Status.OK,
    Rule.BEYOND_END: Status.OK,
    Rule.AT_MARKERS: Status.OK,
    Rule.KEEPING_UP: Status.OK,
    Rule.PAUSING: Status.OK,
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
    """One verdict per row, and the numbers that it was based on; durations in seconds.

    ``rule``: positions in RULES; ``status``: numbers of `Status`; ``complete``: 0 to 1; ``first``: the column of the
    oldest commit that was judged; ``span``: from that to the newest, without gaps; ``since_commit``: since the newest,
    below 0 for a commit whose own time is ahead. ``silence``: for how long records have waited while it did not move;
    ``usual``: how long that usually takes, known from ``silences`` of them; ``tolerated``: how long it may. ``gained``:
    by how much lag in seconds has grown over the ``growth_span`` since it was smallest. ``markers``: how much of the
    lag is known to be transaction markers (records). ``falling``: it falls behind, whichever rule decided;
    ``deserted``: its consumers have left it. ``outlasted``: as in `Commits`.
    """

    rule: Int8s
    status: Int8s
    complete: Floats
    first: Int64s
    span: Floats
    since_commit: Floats
    silence: Durations
    usual: Durations
    silences: Int64s
    tolerated: Durations
    gained: Durations
    growth_span: Durations
    markers: Int64s
    falling: Bools
    deserted: Bools
    outlasted: Durations


def judge(folded: Folded, settings: RowSettings) -> Verdicts:
    """The verdict on every row of commits after an observation.

    A row without a commit is OK with complete 0.
    """
    evidence = evidence_of(folded, settings)
    matches = [predicate(evidence) for _, predicate in PREDICATES]
    rule = np.select(matches, [_NUMBER[rule] for rule, _ in PREDICATES], default=_NUMBER[Rule.KEEPING_UP])
    reach, commits = evidence.reach, evidence.commits
    return Verdicts(
        rule=rule,
        status=_STATUS_BY_NUMBER[rule],
        complete=reach.complete,
        first=reach.first,
        span=reach.span / 1000,
        since_commit=(folded.snapshot.at - commits.windows.time[:, -1]) / 1000,
        silence=commits.rhythm.silence,
        usual=evidence.usual,
        silences=evidence.silences,
        tolerated=evidence.tolerated,
        gained=evidence.gained,
        growth_span=evidence.growth_span,
        markers=evidence.markers,
        falling=evidence.falls,
        deserted=evidence.deserted,
        outlasted=evidence.outlasted,
    )


def not_evaluated(evidence: Evidence) -> Bools:
    """The settings say that there is to be no verdict."""
    return ~np.full(len(evidence.lag), evidence.settings.evaluate)


def no_commit(evidence: Evidence) -> Bools:
    """Nothing is retained; all other rules are meaningless for such a row."""
    empty: Bools = evidence.commits.windows.count == 0
    return empty


def beyond_end(evidence: Evidence) -> Bools:
    """The commit lies beyond the end of the log."""
    return evidence.beyond_end


def caught_up(evidence: Evidence) -> Bools:
    """The lag is not above the allowed lag."""
    within: Bools = evidence.lag <= evidence.settings.allowed_lag
    return within


def at_markers(evidence: Evidence) -> Bools:
    """At rest, at a lag that is not above the one at which the partition always comes to rest."""
    return (evidence.lag <= evidence.markers) & evidence.commits.resting.counted


def below_minimum(evidence: Evidence) -> Bools:
    """Less of the window has been watched than the settings require of a verdict."""
    below: Bools = evidence.reach.complete < evidence.settings.minimum_complete
    return below


def stopped(evidence: Evidence) -> Bools:
    """Silent for too long, and no consumer is responsible."""
    return evidence.quiet & ~evidence.attended


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
    """Silent for too long, with a consumer that is responsible."""
    return evidence.quiet & evidence.attended


def falling_behind(evidence: Evidence) -> Bools:
    """Its lag grows."""
    return evidence.falls


def young(evidence: Evidence) -> Bools:
    """Less than a whole window has been watched."""
    return evidence.reach.complete < 1.0


def pausing(evidence: Evidence) -> Bools:
    """Silent for longer than the window, but not for too long."""
    silent = evidence.commits.rhythm.silence >= evidence.settings.window
    return silent & ~evidence.commits.own_times


PREDICATES: Final[tuple[tuple[Rule, Callable[[Evidence], Bools]], ...]] = (
    (Rule.NOT_EVALUATED, not_evaluated),
    (Rule.YOUNG, no_commit),
    (Rule.BEYOND_END, beyond_end),
    (Rule.CAUGHT_UP, caught_up),
    (Rule.AT_MARKERS, at_markers),
    (Rule.YOUNG, below_minimum),
    (Rule.STOPPED, stopped),
    (Rule.REWOUND, rewound),
    (Rule.STALLED, stalled),
    (Rule.FALLING_BEHIND, falling_behind),
    (Rule.YOUNG, young),
    (Rule.PAUSING, pausing),
)
"""The first that matches decides, in Burrow's order; where none does, the consumer keeps up."""
