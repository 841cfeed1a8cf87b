"""Traces judged as the exporter would: many groups in one cluster, looked at scrape by scrape."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np

from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import empty
from exporter.core.model import NOT_READ, GroupObservation, Int64s, Observation, Status
from tests.accuracy.traces import Sample, Trace, Verdict

Scrapes = Callable[[int, Trace], frozenset[int]]
"""Given a trace and its number: the positions of those of its samples that a scraper takes."""

JITTER_SEEDS = range(1, 6)


def judged(
    traces: Sequence[Trace], scrapes: Scrapes, settings: EvaluationSettings | None = None
) -> list[list[Verdict]]:
    """For each trace the verdicts at the samples that are taken of it; none before the first commit.

    The traces have their samples at the same times.
    """
    settings = settings or EvaluationSettings()
    taken = [scrapes(number, trace) for number, trace in enumerate(traces)]
    verdicts: list[list[Verdict]] = [[] for _ in traces]
    history = empty(settings)
    for position in sorted(frozenset().union(*taken)):
        samples = [
            trace.samples[position] if position in due else None for trace, due in zip(traces, taken, strict=True)
        ]
        seen = _observation(traces[0].samples[position].at, samples, already=history.group_topics.keys)
        history, report = advance(history, seen, settings)
        numbers = [int(group) for group, _ in history.group_topics.keys]
        readable, statuses = report.columns.snapshot.readable, report.columns.verdicts.status
        for number, known, status in zip(numbers, readable.tolist(), statuses.tolist(), strict=True):
            if known:
                verdicts[number].append(Verdict(seen.at // 1000, status != Status.OK))
    return verdicts


def every(seconds: int) -> Scrapes:
    """One scraper."""

    def choose(_: int, trace: Trace) -> frozenset[int]:
        step = seconds // (trace.samples[1].at - trace.samples[0].at)
        return frozenset(range(step - 1, len(trace.samples), step))

    return choose


def two_out_of_phase(_: int, trace: Trace) -> frozenset[int]:
    """Two scrapers, each every 30 s, the second 10 s after the first; of samples every 5 s."""
    return frozenset(position for position in range(len(trace.samples)) if position % 6 in (0, 2))


def jittered(seed: int) -> Scrapes:
    """One scraper every 30 s, up to 5 s early or late, that misses 15 % of its scrapes; each trace has its own."""

    def choose(number: int, trace: Trace) -> frozenset[int]:
        source, last = random.Random(f"{seed}/{number}"), len(trace.samples) - 1  # noqa: S311 - repeatable, no secret
        due = [position for position in range(0, last + 1, 6) if source.random() >= 0.15]
        return frozenset(min(max(position + source.choice((-1, 0, 1)), 0), last) for position in due)

    return choose


def _observation(at: int, samples: Sequence[Sample | None], already: Sequence[tuple[str, str]]) -> Observation:
    """All traces as groups of one cluster; one that is not looked at now is a group that could not be read."""
    known = {int(group) for group, _ in already}
    return Observation(
        cluster="traces",
        at=at * 1000,
        groups={
            _name(number): _group(number, sample)
            for number, sample in enumerate(samples)
            # Kafka names no group before it commits.
            if (sample.committed >= 0 if sample else number in known)
        },
        end_offsets={
            _name(number): _column(sample.end if sample else NOT_READ) for number, sample in enumerate(samples)
        },
    )


def _group(number: int, sample: Sample | None) -> GroupObservation:
    if sample is None:
        return GroupObservation("Empty", {_name(number): _column(NOT_READ)})
    return GroupObservation(sample.state, {_name(number): _column(sample.committed)}, protocol=sample.protocol)


def _name(number: int) -> str:
    return f"{number:04}"


def _column(offset: int) -> Int64s:
    return np.array([offset], dtype=np.int64)
