"""The labelled traces, as values."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"

START = 1_700_000_000
"""The first second of every trace."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a scrape at ``at`` (unix s) sees of one partition; ``committed`` is -1 without a commit."""

    at: int
    end: int
    committed: int
    alive: bool


@dataclass(frozen=True, slots=True)
class Incident:
    """When something really was wrong: from ``start`` until before ``end`` (unix s)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Trace:
    """One simulated partition with one consumer group."""

    scenario: str
    incidents: tuple[Incident, ...]
    samples: tuple[Sample, ...]


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
    """A trace with every commit in it, and what Burrow made of them."""

    number: int
    intervals: int
    min_distance: int
    events: tuple[tuple[str, int, int], ...]
    checks: tuple[Check, ...]
    window: tuple[tuple[int, int, int | None], ...]


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


def _read(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _burrow_trace(raw: dict[str, Any]) -> BurrowTrace:
    alive = [(at / 1000, value) for kind, at, value in raw["events"] if kind == "alive"]
    return BurrowTrace(
        scenario=raw["scenario"],
        incidents=_incidents(raw),
        samples=tuple(
            Sample(at, end, committed, _alive_at(alive, at)) for at, _, _, _, end, committed in raw["checks"]
        ),
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
    samples = tuple(Sample(at, end, committed, _alive_at(raw["alive"], at)) for at, end, committed in raw["samples"])
    return Trace(raw["scenario"], _incidents(raw), samples)


def _incidents(raw: dict[str, Any]) -> tuple[Incident, ...]:
    return tuple(Incident(start, end) for _, start, end in raw["truth"])


def _alive_at(changes: list[tuple[float, bool]], at: int) -> bool:
    alive = True
    for since, value in changes:
        if since <= at:
            alive = value
    return alive
