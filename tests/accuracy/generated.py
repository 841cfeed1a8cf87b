"""Traces of the same kinds as the recorded ones, with rhythms of their own, made from a seed.

They guard against rules that fit the recorded traces and nothing else.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from functools import cache

import numpy as np

from tests.accuracy.kinds import KINDS
from tests.accuracy.simulation import Simulated
from tests.accuracy.traces import START, Incident, Sample, Trace

EACH = 8
"""How many traces there are of each kind."""


@cache
def generated(each: int = EACH, seed: str = "") -> tuple[Trace, ...]:
    """So many traces of every kind, sampled every 15 s for four hours; always the same for a seed."""
    return tuple(_trace(kind, simulated) for kind, simulated in simulations(each, seed))


@cache
def simulations(each: int = EACH, seed: str = "") -> tuple[tuple[str, Simulated], ...]:
    """What the traces are made of, each with its kind."""
    return tuple(
        (kind, make(np.random.RandomState(zlib.crc32(f"{seed}{kind}/{number}".encode()))))
        for kind, make in KINDS.items()
        for number in range(each)
    )


def _trace(kind: str, simulated: Simulated) -> Trace:
    since = [second for second, _, _ in simulated.states]
    offsets = zip(simulated.end[::15].tolist(), simulated.committed[::15].tolist(), strict=True)
    samples = []
    for number, (end, committed) in enumerate(offsets):
        _, state, protocol = simulated.states[bisect_right(since, 15 * number) - 1]
        samples.append(Sample(START + 15 * number, end, committed, state, protocol))
    incidents = tuple(Incident(START + start, START + end) for start, end in simulated.wrong)
    return Trace(kind, incidents, tuple(samples), simulated.pace)
