"""Measures, prints the table, and keeps the numbers."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from testbed.distribution import FetchError
from testbed.processes import TestbedError
from tools.bench.commits import measure_commits
from tools.bench.machine import ROOT, machine, versions
from tools.bench.measuring import Open, measure
from tools.bench.peers import BurrowProgram, NotBuilt, built, built_burrow
from tools.bench.sizes import SIZES
from tools.bench.tables import as_text, written

RESULTS: Final = ROOT / ".bench"
PROGRAMS: Final = RESULTS / "programs"
COMMITS: Final = "commits"
CHOICES: Final = (*SIZES, COMMITS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make bench", description=sys.modules["tools.bench"].__doc__)
    parser.add_argument("--sizes", default=",".join(CHOICES), help=f"which of {', '.join(CHOICES)}; with commas")
    parser.add_argument("--peers", type=Path, help="a folder with the sources of kminion and kafka_exporter in it")
    parser.add_argument("--write", action="store_true", help="write the numbers into the documentation too")
    given = parser.parse_args(arguments)
    chosen = [word.strip() for word in given.sizes.split(",") if word.strip()]
    if unknown := [word for word in chosen if word not in CHOICES]:
        parser.error(f"no size {', '.join(unknown)}; there are {', '.join(CHOICES)}")
    try:
        result = run(chosen, given.peers)
    except (TestbedError, FetchError) as error:
        print(error, file=sys.stderr)
        return 1
    print(as_text(result))
    print(f"\nAll numbers: {keep(result)}")
    if given.write:
        for path, text in written(result).items():
            path.write_text(text, "utf-8")
            print(f"Written: {path.relative_to(ROOT)}")
    return 0


def run(chosen: Sequence[str], sources: Path | None) -> dict[str, Any]:
    """All numbers of the chosen sizes."""
    started = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - started:6.0f} s  {what}", file=sys.stderr, flush=True)

    peers: list[Open] = []
    not_measured = []
    burrow = BurrowProgram()
    if sources is not None:
        for found in built(sources, PROGRAMS):
            if isinstance(found, str):
                not_measured.append(found)
            else:
                peers.append(found)
        try:
            burrow = built_burrow(sources, PROGRAMS)
        except NotBuilt as reason:
            not_measured.append(f"{reason}; Debian's is")
    for line in not_measured:
        say(line)
    result: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "make " + (f"bench-peers PEERS={sources}" if sources else "bench") + f" SIZES={','.join(chosen)}",
        "machine": machine(),
        "versions": versions(),
        "load_before": os.getloadavg()[0],  # of the last minute
        "not_measured": not_measured,
        "sizes": [],
    }
    for name in chosen:
        with tempfile.TemporaryDirectory(prefix="kbe-bench-") as folder:
            if name == COMMITS:
                result["commits"] = measure_commits(Path(folder), burrow, say)
            else:
                result["sizes"].append(measure(SIZES[name], Path(folder), peers, say))
    return result


def keep(result: dict[str, Any]) -> Path:
    """Writes the numbers into a file of their own, and returns it."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}.json"
    file.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    return file


if __name__ == "__main__":
    sys.exit(main())
