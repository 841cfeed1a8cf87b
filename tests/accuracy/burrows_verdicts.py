"""What Burrow says of each trace: as recorded, or else by our writing of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.accuracy.burrow import Burrow
from tests.accuracy.generated import simulations
from tests.accuracy.simulation import SECONDS, Simulated
from tests.accuracy.traces import START, Sample, Verdict, dense, rhythm, with_burrow

Verdicts = Sequence[Sequence[Verdict]]
"""Those on each trace."""

REFRESH = 10
"""Burrow asks for end offsets this often (s)."""


def on_traces() -> Verdicts:
    """What Burrow itself said."""
    return [
        [Verdict(check.at, check.status != "OK") for check in trace.checks if check.committed >= 0]
        for trace in with_burrow()
    ]


def on_rhythm() -> Verdicts:
    """As recorded."""
    return [trace.burrow for trace in rhythm()]


def on_cadence() -> Verdicts:
    """What it would say if there were a commit whenever the offset moves from one sample to the next."""
    return [list(_on_samples(trace.samples)) for trace in dense()]


def on_generated() -> Verdicts:
    """What it says every 30 s, seeing every commit."""
    return [list(_on_every_commit(simulated)) for _, simulated in simulations()]


def _on_samples(samples: Sequence[Sample]) -> Iterator[Verdict]:
    burrow, before = Burrow(), -1
    for sample in samples:
        if sample.committed != before:
            burrow.commit(sample.committed, sample.at * 1000)
            before = sample.committed
        if (sample.at - samples[0].at) % REFRESH == 0:
            burrow.end(sample.end)
        if burrow.window:
            yield Verdict(sample.at, burrow.status(sample.at * 1000) != "OK")


def _on_every_commit(simulated: Simulated) -> Iterator[Verdict]:
    burrow, commits = Burrow(), set(simulated.commits.tolist())
    ends, offsets = simulated.end.tolist(), simulated.committed.tolist()
    for second in sorted(commits.union(range(0, SECONDS, REFRESH))):
        if second in commits:
            burrow.commit(offsets[second], (START + second) * 1000)
        if second % REFRESH == 0:
            burrow.end(ends[second])
        if second % 30 == 0 and burrow.window:
            yield Verdict(START + second, burrow.status((START + second) * 1000) != "OK")
