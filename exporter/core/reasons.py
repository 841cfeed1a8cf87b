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

    ``since_commit``: since the newest commit. ``span``: between the first and the newest commit of the window, without
    gaps. ``first_offset`` to ``last_offset``: what was committed over it. ``highest_offset``: the highest of it, which
    a rewind fell back from; ``lowest_offset``: the lowest since. ``silence``: for how long records have waited while
    the committed offset did not move; ``usual_silence``: how long that usually takes, None while it is not known;
    ``tolerated_silence``: how long it may. ``lag_growth``: by how much lag in seconds has grown over the
    ``growth_span`` since it was smallest. ``markers``: how much of the lag is known to be transaction markers.
    """

    rule: Rule
    current_lag: int
    allowed_lag: int
    commits: int
    span: float
    since_commit: float
    first_offset: int
    last_offset: int
    highest_offset: int
    lowest_offset: int
    silence: float
    usual_silence: float | None
    tolerated_silence: float
    lag_growth: float
    growth_span: float
    markers: int

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
        span=float(verdicts.span[row]),
        since_commit=max(float(verdicts.since_commit[row]), 0.0),
        first_offset=int(offsets[0]),
        last_offset=int(offsets[-1]),
        highest_offset=int(np.max(offsets)),
        lowest_offset=int(np.min(offsets[np.argmax(offsets) :])),
        silence=round(float(verdicts.silence[row]), 3),
        usual_silence=round(float(verdicts.usual[row]), 3) if verdicts.silences[row] else None,
        tolerated_silence=round(float(verdicts.tolerated[row]), 3),
        lag_growth=round(float(verdicts.gained[row]), 3),
        growth_span=round(float(verdicts.growth_span[row]), 3),
        markers=int(verdicts.markers[row]),
    )
