"""How a run over labelled traces is scored; the rules are in ``data/README.md``."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.accuracy.traces import START, Incident, Trace, Verdict

SETTLED = 330
"""Alarms are counted false only after this many seconds of a trace: before, no window is full."""

LEARNT = 5_400
"""In traces of four hours, those of the first 90 minutes are counted apart: until then no rhythm is known."""

AFTERMATH = 600
"""For this many seconds after an incident, and for two of the usual silences, an alarm is not counted as false."""

SHORTEST = 60
"""Incidents shorter than this (s) are not expected to be seen."""


@dataclass(frozen=True, slots=True)
class Score:
    """What became of the checks at which nothing was wrong, and of the incidents.

    ``checks`` could have been false alarms and ``false_alarms`` were; ``early_checks`` and ``early_alarms`` likewise,
    before anything was learnt. For each incident found: ``delays`` (s) until it was, and ``held``, the share of the
    checks from then to its end at which it was told.
    """

    checks: int
    false_alarms: int
    early_checks: int
    early_alarms: int
    incidents: int
    delays: tuple[int, ...]
    held: tuple[float, ...]

    @property
    def found(self) -> int:
        """How many incidents were seen."""
        return len(self.delays)

    @property
    def false_alarm_ratio(self) -> float:
        """Share of the checks at which nothing was wrong but an alarm was raised."""
        return self.false_alarms / self.checks if self.checks else 0.0

    @property
    def early_alarm_ratio(self) -> float:
        """The same of the checks before anything was learnt."""
        return self.early_alarms / self.early_checks if self.early_checks else 0.0

    @property
    def median_delay(self) -> float | None:
        """Seconds from the start of an incident until the first alarm, in the middle; None if none was seen."""
        return statistics.median(self.delays) if self.delays else None

    @property
    def held_ratio(self) -> float | None:
        """The mean share of an incident, once found, in which it stayed told; None if none was seen."""
        return statistics.mean(self.held) if self.held else None


def score(traces: Sequence[Trace], verdicts: Sequence[Sequence[Verdict]], learnt: int = SETTLED) -> Score:
    """The score of one run: for each trace the verdicts on it."""
    return total(by_scenario(traces, verdicts, learnt).values())


def by_scenario(
    traces: Sequence[Trace], verdicts: Sequence[Sequence[Verdict]], learnt: int = SETTLED
) -> dict[str, Score]:
    """The score of one run in each scenario, in the order of the traces; before ``learnt`` (s) alarms are early."""
    found: dict[str, list[Score]] = {}
    for trace, given in zip(traces, verdicts, strict=True):
        found.setdefault(trace.scenario, []).append(_score_one(trace, given, learnt))
    return {scenario: total(scores) for scenario, scores in found.items()}


def total(scores: Iterable[Score]) -> Score:
    """All scores as one."""
    all_of_them = tuple(scores)
    return Score(
        sum(each.checks for each in all_of_them),
        sum(each.false_alarms for each in all_of_them),
        sum(each.early_checks for each in all_of_them),
        sum(each.early_alarms for each in all_of_them),
        sum(each.incidents for each in all_of_them),
        tuple(delay for each in all_of_them for delay in each.delays),
        tuple(share for each in all_of_them for share in each.held),
    )


def _score_one(trace: Trace, verdicts: Sequence[Verdict], learnt: int) -> Score:
    aftermath = max(AFTERMATH, 2 * trace.pace)
    quiet = [
        verdict
        for verdict in verdicts
        if verdict.at - START >= SETTLED
        and not any(incident.start <= verdict.at < incident.end + aftermath for incident in trace.incidents)
    ]
    settled = [verdict.alarm for verdict in quiet if verdict.at - START >= learnt]
    early = [verdict.alarm for verdict in quiet if verdict.at - START < learnt]
    expected = [incident for incident in trace.incidents if _is_expected(incident)]
    found = [seen for incident in expected if (seen := _told(incident, verdicts))]
    return Score(
        checks=len(settled),
        false_alarms=sum(settled),
        early_checks=len(early),
        early_alarms=sum(early),
        incidents=len(expected),
        delays=tuple(delay for delay, _ in found),
        held=tuple(held for _, held in found),
    )


def _told(incident: Incident, verdicts: Sequence[Verdict]) -> tuple[int, float] | None:
    """How long (s) after its start an incident was told, and the share of the checks from then on at which it was."""
    during = [verdict for verdict in verdicts if incident.start <= verdict.at < incident.end]
    first = next((position for position, verdict in enumerate(during) if verdict.alarm), None)
    if first is None:
        return None
    since = [verdict.alarm for verdict in during[first:]]
    return during[first].at - incident.start, sum(since) / len(since)


def _is_expected(incident: Incident) -> bool:
    return incident.end - incident.start >= SHORTEST and incident.start > START
