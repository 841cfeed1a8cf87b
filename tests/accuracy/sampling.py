"""Traces judged as the exporter would: many groups in one cluster, looked at scrape by scrape."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np

from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import empty
from exporter.core.model import NOT_READ, GroupObservation, Int64s, Observation, Status
from tests.accuracy.scoring import Score, Verdict, score
from tests.accuracy.traces import BurrowTrace, Sample, Trace, dense, with_burrow

Choice = Callable[[int, int], frozenset[int]]
"""Given a trace's number and how many samples it has, 5 s apart: those that a scraper takes."""

JITTER_SEEDS = range(1, 11)


def judged(
    traces: Sequence[Trace], settings: EvaluationSettings, taken: Sequence[frozenset[int]] | None = None
) -> list[list[Verdict]]:
    """For each trace the verdicts at the samples taken of it (all, if None); none before the first commit."""
    verdicts: list[list[Verdict]] = [[] for _ in traces]
    history = empty(settings)
    for position in range(len(traces[0].samples)):
        now = [
            trace.samples[position] if taken is None or position in taken[number] else None
            for number, trace in enumerate(traces)
        ]
        if not any(now):
            continue
        seen = _observation(traces[0].samples[position].at, now)
        history, report = advance(history, seen, settings)
        columns = report.columns
        for given, shown, status in zip(verdicts, columns.snapshot.readable, columns.verdicts.status, strict=True):
            if shown:
                given.append(Verdict(seen.at // 1000, status != Status.OK))
    return verdicts


def burrow_verdicts(traces: Sequence[BurrowTrace]) -> list[list[Verdict]]:
    """What Burrow itself said, seeing every commit."""
    return [
        [Verdict(check.at, check.status != "OK") for check in trace.checks if check.committed >= 0] for trace in traces
    ]


def sampled_score(settings: EvaluationSettings | None = None) -> Score:
    """The score on the traces that Burrow has judged, sampled every 30 s."""
    return score(with_burrow(), judged(with_burrow(), settings or EvaluationSettings()))


def cadence_score(choice: Choice, settings: EvaluationSettings | None = None) -> Score:
    """The score on the dense traces, at the samples that a scraper takes."""
    traces = dense()
    taken = [choice(number, len(trace.samples)) for number, trace in enumerate(traces)]
    return score(traces, judged(traces, settings or EvaluationSettings(), taken))


def every(seconds: int) -> Choice:
    """One scraper."""
    step = seconds // 5
    return lambda _, samples: frozenset(range(step - 1, samples, step))


def two_out_of_phase(_: int, samples: int) -> frozenset[int]:
    """Two scrapers, each every 30 s, the second 10 s after the first."""
    return frozenset(position for position in range(samples) if position % 6 in (0, 2))


def jittered(seed: int) -> Choice:
    """One scraper every 30 s, up to 5 s early or late, that misses 15 % of its scrapes; each trace has its own."""

    def choose(number: int, samples: int) -> frozenset[int]:
        source = random.Random(f"{seed}/{number}")  # noqa: S311 - a repeatable choice, not a secret
        due = [position for position in range(0, samples, 6) if source.random() >= 0.15]
        return frozenset(min(max(position + source.choice((-1, 0, 1)), 0), samples - 1) for position in due)

    return choose


def _observation(at: int, samples: Sequence[Sample | None]) -> Observation:
    """All traces as groups of one cluster; one that is not looked at now is a group that could not be read."""
    return Observation(
        cluster="traces",
        at=at * 1000,
        groups={
            _name(number): GroupObservation(
                "Stable" if sample is not None and sample.alive else "Empty",
                {_name(number): _column(sample.committed if sample else NOT_READ)},
            )
            for number, sample in enumerate(samples)
        },
        end_offsets={
            _name(number): _column(sample.end if sample else NOT_READ) for number, sample in enumerate(samples)
        },
    )


def _name(number: int) -> str:
    # Of one width, so that the order of the names is the order of the traces.
    return f"{number:04}"


def _column(offset: int) -> Int64s:
    return np.array([offset], dtype=np.int64)
