"""Why a partition has its status: the rule that decided, the numbers it used, and a sentence for people."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from exporter.core.evaluation import EvaluationSettings
from exporter.core.model import Status
from exporter.core.report import Report


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


_RULES = {
    Status.STOP: Rule.STOPPED,
    Status.STALL: Rule.STALLED,
    Status.WARN: Rule.FALLING_BEHIND,
    Status.REWIND: Rule.REWOUND,
}


@dataclass(frozen=True, slots=True)
class Reason:
    """The rule and its numbers. Offsets and lags in records, durations in seconds.

    ``silence``: since the newest commit. ``span``: between the first and the newest commit of the window, minus
    unwatched time. ``first_offset`` to ``last_offset``: what was committed over it. ``highest_offset``: the
    highest of it, which a rewind fell back from; ``lowest_offset``: the lowest since. ``recent``: how long ago it may
    have been caught up to count as well.
    """

    rule: Rule
    current_lag: int
    allowed_lag: int
    commits: int
    span: float
    silence: float
    first_offset: int
    last_offset: int
    highest_offset: int
    lowest_offset: int
    recent: float

    def as_data(self) -> dict[str, Any]:
        """The reason as plain values, ready for JSON."""
        return asdict(self)

    def _silent(self) -> str:
        silence = duration(self.silence)
        if self.commits > 1:
            over = f"the window spans {duration(self.span)}"
            return f"has committed nothing for {silence}, since offset {self.last_offset:,}; {over}"
        # The first commit that is seen may be much older.
        return f"has stayed at {self.last_offset:,} without a commit for {silence}"

    def sentence(self) -> str:
        """The reason in words: "has committed nothing for 7 min, since offset 4,120; …; 312 behind"."""
        behind = f"{self.current_lag:,} behind"
        over = f"the window spans {duration(self.span)}"
        match self.rule:
            case Rule.CAUGHT_UP if self.current_lag == 0:
                return f"caught up at offset {self.last_offset:,}"
            case Rule.CAUGHT_UP:
                return f"{behind}, which is within the allowed {self.allowed_lag:,}"
            case Rule.KEEPING_UP:
                moved = self.last_offset - self.first_offset
                if moved > 0:
                    return f"{behind}, but it keeps up: {moved:,} consumed; {over}"
                # `recent` is why a silence is no STOP; the window itself is why an unchanged offset is no STALL.
                lately = self.recent if self.silence > self.span else (self.span + self.silence or self.recent)
                return f"{behind}, but it was caught up less than {duration(lately)} ago"
            case Rule.YOUNG:
                return f"{behind}; watched for {duration(self.span + self.silence)}, too short to say more"
            case Rule.STOPPED:
                return f"{self._silent()}; {behind}"
            case Rule.STALLED:
                stayed = f"has stayed at {self.last_offset:,} for {duration(self.span)}"
                return f"{stayed} while a consumer is assigned; {behind}"
            case Rule.FALLING_BEHIND:
                moved = self.last_offset - self.first_offset
                return f"its lag did not shrink for {duration(self.span)}, though it consumed {moved:,}; {behind}"
            case Rule.REWOUND:
                back = f"went back from {self.highest_offset:,} to {self.lowest_offset:,}"
                since = f" and is at {self.last_offset:,} again" if self.last_offset > self.lowest_offset else ""
                return f"{back}{since}; {behind}"


def reason(found: Report, row: int, settings: EvaluationSettings) -> Reason:
    """Why the partition in a shown row of the report's columns has its status."""
    commits, verdicts = found.history.commits, found.columns.verdicts
    first = int(verdicts.first[row])
    offsets = commits.windows.offset[row, first:]
    newest = commits.windows.time[row, -1]
    span, silence = float(verdicts.span[row]) / 1000, max(float(found.at - newest) / 1000, 0.0)
    lag = int(found.columns.lag[row])
    rule = _RULES.get(Status(int(verdicts.status[row])))
    if rule is None:
        young = verdicts.complete[row] < max(1.0, settings.minimum_complete)
        rule = Rule.CAUGHT_UP if lag <= settings.allowed_lag else Rule.YOUNG if young else Rule.KEEPING_UP
    return Reason(
        rule=rule,
        current_lag=lag,
        allowed_lag=settings.allowed_lag,
        commits=len(offsets),
        span=span,
        silence=silence,
        first_offset=int(offsets[0]),
        last_offset=int(offsets[-1]),
        highest_offset=int(np.max(offsets)),
        lowest_offset=int(np.min(offsets[np.argmax(offsets) :])),
        recent=settings.recent,
    )


def duration(seconds: float) -> str:
    """A duration in its two largest units: 45 s, 2 min 30 s, 7 min, 2 h 5 min, 3 d 4 h."""
    whole = round(seconds)
    for unit, name, part, part_name in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min")):
        if whole >= unit:
            rest = whole % unit // part
            return f"{whole // unit} {name}" + (f" {rest} {part_name}" if rest else "")
    if whole >= 300:
        return f"{whole // 60} min"
    if whole >= 120:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole} s"
