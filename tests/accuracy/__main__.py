"""Prints how good the verdicts are, Burrow's beside ours."""

from __future__ import annotations

from exporter.core.evaluation import EvaluationSettings
from tests.accuracy.sampling import (
    JITTER_SEEDS,
    Choice,
    burrow_verdicts,
    cadence_score,
    every,
    jittered,
    judged,
    two_out_of_phase,
)
from tests.accuracy.scoring import Score, by_scenario, total
from tests.accuracy.traces import with_burrow

CADENCES: tuple[tuple[str, tuple[Choice, ...]], ...] = (
    ("every 5 s", (every(5),)),
    ("every 10 s", (every(10),)),
    ("every 15 s", (every(15),)),
    ("every 30 s", (every(30),)),
    ("two, every 30 s, out of phase", (two_out_of_phase,)),
    (f"30 s ± 5 s, 15 % missed (mean of {len(JITTER_SEEDS)})", tuple(map(jittered, JITTER_SEEDS))),
    ("every 60 s", (every(60),)),
)


def main() -> None:
    """Print both tables."""
    traces = with_burrow()
    burrow = by_scenario(traces, burrow_verdicts(traces))
    ours = by_scenario(traces, judged(traces, EvaluationSettings()))
    print("190 traces, scraped every 30 s; Burrow sees every commit\n")
    print(f"{'':27}  {'---------- Burrow ----------':>32}  {'---- sampled, by scrapes ----':>32}")
    print(f"{'scenario':27}  {_HEADER}  {_HEADER}")
    for scenario, known in burrow.items():
        print(f"{scenario:27}  {_row(known)}  {_row(ours[scenario])}")
    print(f"{'all':27}  {_row(total(burrow.values()))}  {_row(total(ours.values()))}")

    print("\n190 other traces, at different scrape intervals\n")
    print(f"{'scraped':42}  {_HEADER}")
    for name, choices in CADENCES:
        print(f"{name:42}  {_row(total(cadence_score(choice) for choice in choices), runs=len(choices))}", flush=True)


_HEADER = f"{'false alarms':>12}  {'detected':>10}  {'delay':>6}"


def _row(score: Score, runs: int = 1) -> str:
    """Share of false alarms, incidents detected of how many, median delay."""
    detected = f"{score.detected / runs:.4g}/{score.incidents // runs}" if score.incidents else "-"
    delay = f"{score.median_delay:.0f} s" if score.median_delay is not None else "-"
    return f"{score.false_alarm_ratio:>11.2%}   {detected:>9}  {delay:>6} "


if __name__ == "__main__":
    main()
