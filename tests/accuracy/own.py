"""Scores what `replay` says of a recording of your own, given when something really was wrong.

`kafka-burrow-exporter replay kafka.jsonl | python -m tests.accuracy.own incidents.jsonl` prints a row for each group.
A line of the file of incidents is `{"group": "billing", "from": "2026-11-22T16:31:20Z", "to": "2026-11-22T17:02:00Z"}`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from tests.accuracy.scoring import Score, by_scenario, total
from tests.accuracy.table import ALL, FIGURES, LEGEND, Block, as_text, figures_of
from tests.accuracy.traces import START, Incident, Trace, Verdict


def scored(replayed: Iterable[str], incidents: Iterable[str]) -> dict[str, Score]:
    """Group → its score, from the lines of `replay` and those of the incidents."""
    verdicts: dict[str, list[Verdict]] = {}
    labels: dict[str, list[Incident]] = {}
    first = None
    for verdict in map(json.loads, replayed):
        at = verdict["at"] // 1000
        first = at if first is None else first
        verdicts.setdefault(verdict["group"], []).append(Verdict(at - first + START, verdict["status"] != "OK"))
    if first is None:
        raise SystemExit("nothing was replayed")
    for label in map(json.loads, incidents):
        start, end = (int(datetime.fromisoformat(label[key]).timestamp()) - first + START for key in ("from", "to"))
        labels.setdefault(label["group"], []).append(Incident(start, end))
    if unknown := labels.keys() - verdicts.keys():
        raise SystemExit(f"not in the recording: {', '.join(sorted(unknown))}")
    traces = [Trace(group, tuple(labels.get(group, ())), ()) for group in verdicts]
    return by_scenario(traces, list(verdicts.values()))


def main() -> None:
    incidents = Path(sys.argv[1]).read_text("utf-8").splitlines() if len(sys.argv) > 1 else []
    scores = scored(sys.stdin, incidents)
    scores[ALL] = total(scores.values())
    rows = {group: (figures_of(score, score.incidents),) for group, score in scores.items()}
    print(f"{LEGEND}\n\n{as_text(Block('your recording', ('replayed',), FIGURES, rows))}")


if __name__ == "__main__":
    main()
