"""The labelled traces, as values."""

from __future__ import annotations

import gzip
import json
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"

START = 1_700_000_000
"""The first second of every trace."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a scrape at ``at`` (unix s) sees of one partition and its group; ``committed`` is -1 without a commit."""

    at: int
    end: int
    committed: int
    state: str = "Stable"
    protocol: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """When something really was wrong: from ``start`` until before ``end`` (unix s)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a judge raised an alarm at ``at`` (unix s)."""

    at: int
    alarm: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """One simulated partition with one group, which usually commits every ``pace`` seconds (0: not recorded)."""

    scenario: str
    incidents: tuple[Incident, ...]
    samples: tuple[Sample, ...]
    pace: float = 0


@dataclass(frozen=True, slots=True)
class Check:
    """What Burrow said at ``at`` (unix s)."""

    at: int
    status: str
    complete: float
    lag: int
    committed: int


@dataclass(frozen=True, slots=True)
class BurrowTrace(Trace):
    """A trace with every commit in it, and all that Burrow made of them."""

    number: int = 0
    intervals: int = 0
    min_distance: int = 0
    events: tuple[tuple[str, int, int], ...] = ()
    checks: tuple[Check, ...] = ()
    window: tuple[tuple[int, int, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class RhythmTrace(Trace):
    """A trace with what Burrow's rules say of it, seeing every commit."""

    burrow: tuple[Verdict, ...] = ()


def windows() -> Iterator[dict[str, Any]]:
    """The 3,000 windows as they are in the file."""
    return _read("windows")


@cache
def with_burrow() -> tuple[BurrowTrace, ...]:
    """The traces that Burrow has judged, sampled every 30 s."""
    return tuple(_burrow_trace(raw) for raw in _read("traces"))


@cache
def dense() -> tuple[Trace, ...]:
    """The traces that are sampled every 5 s."""
    return tuple(_dense_trace(raw) for raw in _read("cadence"))


@cache
def rhythm() -> tuple[RhythmTrace, ...]:
    """The traces of consumers of every rhythm, sampled every 15 s for four hours."""
    return tuple(_rhythm_trace(raw) for raw in _read("rhythm"))


def _read(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _burrow_trace(raw: dict[str, Any]) -> BurrowTrace:
    state_at = _states([(at / 1000, alive) for kind, at, alive in raw["events"] if kind == "alive"])
    return BurrowTrace(
        scenario=raw["scenario"],
        incidents=_incidents(raw),
        samples=tuple(Sample(at, end, committed, state_at(at)) for at, _, _, _, end, committed in raw["checks"]),
        number=raw["id"],
        intervals=raw["intervals"],
        min_distance=raw["min_distance"],
        events=tuple((kind, at, value) for kind, at, value in raw["events"] if kind != "alive"),
        checks=tuple(
            Check(at, status, complete, lag, committed) for at, status, complete, lag, _, committed in raw["checks"]
        ),
        window=tuple((offset, at, lag) for offset, at, lag in raw["window"]),
    )


def _dense_trace(raw: dict[str, Any]) -> Trace:
    state_at = _states(raw["alive"])
    samples = tuple(Sample(at, end, committed, state_at(at)) for at, end, committed in raw["samples"])
    return Trace(raw["scenario"], _incidents(raw), samples)


def _rhythm_trace(raw: dict[str, Any]) -> RhythmTrace:
    since = [at for at, _, _ in raw["states"]]
    samples = []
    for number, (end, committed) in enumerate(raw["samples"]):
        at = START + number * raw["step"]
        _, state, protocol = raw["states"][bisect_right(since, at) - 1]
        samples.append(Sample(at, end, committed, state, protocol))
    verdicts = tuple(Verdict(at, status != "OK") for at, status in raw["burrow"])
    return RhythmTrace(raw["scenario"], _incidents(raw), tuple(samples), raw["pace"], verdicts)


def _incidents(raw: dict[str, Any]) -> tuple[Incident, ...]:
    return tuple(Incident(start, end) for _, start, end in raw["truth"])


def _states(alive: Sequence[tuple[float, bool]]) -> Callable[[float], str]:
    """The state of the group at a time, from when it began to be alive or not; alive until said otherwise."""
    since = [at for at, _ in alive]
    states = ["Stable", *("Stable" if value else "Empty" for _, value in alive)]
    return lambda at: states[bisect_right(since, at)]
