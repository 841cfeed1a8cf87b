"""How a run over labelled traces is scored; the rules are in ``data/README.md``."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.accuracy.traces import START, Incident, Trace

SETTLED = 330
"""Alarms are counted false only after this many seconds of a trace: before, no window is full."""

AFTERMATH = 600
"""For this many seconds after an incident an alarm is not counted as false."""

SHORTEST = 60
"""Incidents shorter than this (s) are not expected to be seen."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a judge raised an alarm at ``at`` (unix s)."""

    at: int
    alarm: bool


@dataclass(frozen=True, slots=True)
class Score:
    """``checks`` could have been false alarms, ``false_alarms`` were; ``delays`` (s) of the incidents detected."""

    checks: int
    false_alarms: int
    incidents: int
    delays: tuple[int, ...]

    @property
    def detected(self) -> int:
        """How many incidents were seen."""
        return len(self.delays)

    @property
    def false_alarm_ratio(self) -> float:
        """Share of the checks at which nothing was wrong but an alarm was raised."""
        return self.false_alarms / self.checks if self.checks else 0.0

    @property
    def median_delay(self) -> float | None:
        """Seconds from the start of an incident until the first alarm, in the middle; None if none was seen."""
        return statistics.median(self.delays) if self.delays else None


def score(traces: Sequence[Trace], verdicts: Sequence[Sequence[Verdict]], settled: int = SETTLED) -> Score:
    """The score of one run: for each trace the verdicts on it."""
    return total(_score_one(trace, given, settled) for trace, given in zip(traces, verdicts, strict=True))


def by_scenario(traces: Sequence[Trace], verdicts: Sequence[Sequence[Verdict]]) -> dict[str, Score]:
    """The score of one run in each scenario, in the order of the traces."""
    found: dict[str, list[Score]] = {}
    for trace, given in zip(traces, verdicts, strict=True):
        found.setdefault(trace.scenario, []).append(_score_one(trace, given, SETTLED))
    return {scenario: total(scores) for scenario, scores in found.items()}


def total(scores: Iterable[Score]) -> Score:
    """All scores as one."""
    all_of_them = tuple(scores)
    return Score(
        sum(each.checks for each in all_of_them),
        sum(each.false_alarms for each in all_of_them),
        sum(each.incidents for each in all_of_them),
        tuple(delay for each in all_of_them for delay in each.delays),
    )


def _score_one(trace: Trace, verdicts: Sequence[Verdict], settled: int) -> Score:
    quiet = [
        verdict
        for verdict in verdicts
        if verdict.at - START > settled
        and not any(incident.start <= verdict.at < incident.end + AFTERMATH for incident in trace.incidents)
    ]
    expected = [incident for incident in trace.incidents if _is_expected(incident)]
    firsts = [
        next((v.at for v in verdicts if v.alarm and incident.start <= v.at < incident.end), None)
        for incident in expected
    ]
    return Score(
        checks=len(quiet),
        false_alarms=sum(verdict.alarm for verdict in quiet),
        incidents=len(expected),
        delays=tuple(
            first - incident.start for first, incident in zip(firsts, expected, strict=True) if first is not None
        ),
    )


def _is_expected(incident: Incident) -> bool:
    return incident.end - incident.start >= SHORTEST and incident.start > START
