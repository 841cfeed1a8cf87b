"""Why a partition has its status: the rule that decided, and the numbers it used."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from exporter.core.evaluation import EvaluationSettings
from exporter.core.rules import RULES, Rule, Verdicts
from exporter.core.windows import Windows


@dataclass(frozen=True, slots=True)
class Reason:
    """The rule and its numbers. Offsets and lags in records, durations in seconds.

    ``silence``: since the newest commit. ``span``: between the first and the newest commit of the window, without
    gaps. ``first_offset`` to ``last_offset``: what was committed over it. ``highest_offset``: the
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


def reason(row: int, windows: Windows, verdicts: Verdicts, lag: int, settings: EvaluationSettings) -> Reason:
    """Why a row that has a commit has its verdict; ``lag``: its lag now (records)."""
    offsets = windows.offset[row, int(verdicts.first[row]) :]
    return Reason(
        rule=RULES[verdicts.rule[row]],
        current_lag=lag,
        allowed_lag=settings.allowed_lag,
        commits=len(offsets),
        span=float(verdicts.span[row]) / 1000,
        silence=max(float(verdicts.silence[row]) / 1000, 0.0),
        first_offset=int(offsets[0]),
        last_offset=int(offsets[-1]),
        highest_offset=int(np.max(offsets)),
        lowest_offset=int(np.min(offsets[np.argmax(offsets) :])),
        recent=settings.recent,
    )
