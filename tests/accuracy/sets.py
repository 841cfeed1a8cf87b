"""The sets of traces, each with Burrow's score on it and ours, by how the exporter is scraped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from tests.accuracy import burrows_verdicts
from tests.accuracy.burrows_verdicts import Verdicts
from tests.accuracy.generated import generated
from tests.accuracy.sampling import JITTER_SEEDS, Scrapes, every, jittered, judged, two_out_of_phase
from tests.accuracy.scoring import LEARNT, SETTLED, Score, by_scenario, total
from tests.accuracy.traces import Trace, dense, rhythm, with_burrow

Scores = Mapping[str, Score]
"""By scenario."""

BURROW = "Burrow"
"""Stands for the verdicts of Burrow, which sees every commit."""

JITTERED = "30 s ± 5 s, 15 % missed"
TWO = "two, every 30 s"


@dataclass(frozen=True, slots=True)
class TraceSet:
    """Some traces, and how they may be scraped: each way once or, where chance has a part, several times.

    Alarms earlier than ``learnt`` (s) are counted apart.
    """

    title: str
    load: Callable[[], tuple[Trace, ...]]
    burrow: Callable[[], Verdicts]
    scraped: Mapping[str, tuple[Scrapes, ...]]
    learnt: int = SETTLED


def _by_interval(*seconds: int) -> dict[str, tuple[Scrapes, ...]]:
    return {f"{interval} s": (every(interval),) for interval in seconds}


SETS: Mapping[str, TraceSet] = {
    "rhythm": TraceSet(
        "consumers of every rhythm: 230 partitions for four hours",
        rhythm,
        burrows_verdicts.on_rhythm,
        _by_interval(30, 15, 60),
        LEARNT,
    ),
    "traces": TraceSet(
        "consumers that commit at least every three minutes: 190 partitions for 40 minutes",
        with_burrow,
        burrows_verdicts.on_traces,
        _by_interval(30),
    ),
    "cadence": TraceSet(
        "190 more of these",
        dense,
        burrows_verdicts.on_cadence,
        {
            **_by_interval(5, 10, 15, 30, 60),
            TWO: (two_out_of_phase,),
            JITTERED: tuple(map(jittered, JITTER_SEEDS)),
        },
    ),
    "generated": TraceSet(
        "rhythms that the rules were not made for: 240 partitions for four hours",
        generated,
        burrows_verdicts.on_generated,
        _by_interval(30, 15, 60),
        LEARNT,
    ),
}


def burrow(name: str) -> Scores:
    """Burrow's score on a set, by scenario."""
    traces = SETS[name].load()
    return by_scenario(traces, SETS[name].burrow(), SETS[name].learnt)


def ours(name: str, scraped: str, run: int = 0) -> Scores:
    """Our score on a set that is scraped in one of its ways, by scenario."""
    traces = SETS[name].load()
    return by_scenario(traces, judged(traces, SETS[name].scraped[scraped][run]), SETS[name].learnt)


def everything() -> dict[str, dict[str, Scores]]:
    """Set → Burrow and each way to be scraped → the score, several runs as one; worked out on all processors."""
    runs = [
        (name, scraped, run)
        for name, traces in SETS.items()
        for scraped, choices in traces.scraped.items()
        for run in range(len(choices))
    ]
    found: dict[str, dict[str, list[Scores]]] = {}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        burrows = processes.map(burrow, SETS)
        for (name, scraped, _), scores in zip(runs, processes.map(ours, *zip(*runs, strict=True)), strict=True):
            found.setdefault(name, {}).setdefault(scraped, []).append(scores)
        return {
            name: {BURROW: known, **{scraped: _together(scores) for scraped, scores in found[name].items()}}
            for name, known in zip(SETS, burrows, strict=True)
        }


def _together(runs: list[Scores]) -> Scores:
    return {scenario: total(run[scenario] for run in runs) for scenario in runs[0]}
