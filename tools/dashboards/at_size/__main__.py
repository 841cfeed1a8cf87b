"""Gives a real Prometheus an hour of 5,000 groups and asks it all that the dashboards ask: `make dashboards-at-size`.

Fails if a panel takes longer than `LIMIT` seconds or is refused by Prometheus' own limits. ``--write`` records the
result in `docs/dashboards.md`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import yaml

from testbed.servers import Server, prometheus
from tools.dashboards import FOLDER
from tools.dashboards.at_size.asking import Answer, evaluated, opened
from tools.dashboards.at_size.fleet import SCRAPE, Fleet
from tools.dashboards.checks.board import boards
from tools.recorded_tests import written

RULES = FOLDER.parent / "alerts/rules/dashboards.yml"
PAGE = FOLDER.parent / "docs/dashboards.md"
LIMIT = 5.0
"""Seconds that a panel may take, its queries one after the other."""

SHOWN = 3
"""The slowest panels of each dashboard, which the page tells of."""

HOUR = 3600


def measured(folder: Path, fleet: Fleet) -> list[Answer]:
    """What each panel took, with the fleet in a Prometheus whose data lie in the folder."""
    data = folder / "prometheus-data"
    text = folder / "fleet.txt"
    with text.open("w", encoding="utf-8") as file:
        file.writelines(fleet.text())
    _promtool("tsdb", "create-blocks-from", "openmetrics", "--quiet", text, data)
    text.unlink()
    with _prometheus(folder) as server:
        span = [f"--start={fleet.start}", f"--end={fleet.end}", f"--url={server.url}", "--eval-interval=1m"]
        _promtool("tsdb", "create-blocks-from", "rules", *span, f"--output-dir={data}", RULES)
    rules = [rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]
    # Started anew, it has what the rules have recorded.
    with _prometheus(folder) as server:
        answers = [answer for board in boards() for answer in opened(server, board, fleet.end)]
        return answers + list(evaluated(server, rules, fleet.end))


def _prometheus(folder: Path) -> Server:
    return prometheus(folder, yaml.safe_dump({"scrape_configs": []}))


def _promtool(*arguments: str | Path) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607
    if done.returncode:
        raise SystemExit(f"promtool {arguments[1]} {arguments[2]} failed:\n{done.stdout}{done.stderr}")


def table(answers: list[Answer], fleet: Fleet, today: str) -> str:
    """The result as it stands in the page."""
    by_board: defaultdict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_board[answer.board].append(answer)
    version = subprocess.run(["prometheus", "--version"], capture_output=True, text=True, check=True)  # noqa: S607
    number = (version.stdout + version.stderr).split()[2]
    size = f"{fleet.groups:,} groups × {fleet.partitions} partitions, an hour of scrapes every {SCRAPE} s"
    lines = [
        f"Recorded on {today}: {size}; Prometheus {number} on {os.cpu_count()} cores (load {os.getloadavg()[0]:.1f}).",
        "",
        "| dashboard | slowest | seconds | samples in memory | series returned |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for board, rows in by_board.items():
        slowest = sorted(rows, key=lambda row: -row.seconds)[:SHOWN]
        lines += [f"| {board} | {r.panel} | {r.seconds:.2f} | {r.samples:,} | {r.series:,} |" for r in slowest]
        lines.append(f"| {board} | all {len(rows)}, one after the other | {sum(r.seconds for r in rows):.2f} | | |")
    return "\n".join(lines)


def main() -> None:
    """Measures, tells, and fails if a panel is too slow."""
    arguments = argparse.ArgumentParser(prog="python -m tools.dashboards.at_size", description=__doc__)
    arguments.add_argument("--groups", type=int, default=5_000, help="(default: %(default)s)")
    arguments.add_argument("--partitions", type=int, default=4, help="of each group (default: %(default)s)")
    arguments.add_argument("--write", action="store_true", help="record the result in docs/dashboards.md")
    chosen = arguments.parse_args()
    end = int(time.time()) // SCRAPE * SCRAPE
    fleet = Fleet(chosen.groups, chosen.partitions, end - HOUR, end)
    with tempfile.TemporaryDirectory(prefix="kafka-burrow-dashboards-") as folder:
        answers = measured(Path(folder), fleet)
    for answer in answers:
        print(f"{answer.seconds:6.2f} s {answer.samples:12,} samples {answer.series:7,} series ", end="")
        print(f"{answer.board}: {answer.panel}")
    text = table(answers, fleet, datetime.now(UTC).date().isoformat())
    slow = [f"{answer.board}: {answer.panel}" for answer in answers if answer.seconds > LIMIT]
    if slow:
        raise SystemExit(f"longer than {LIMIT:g} s: {', '.join(slow)}")
    if chosen.write:
        block = f"dashboards of {fleet.group_partitions:,} group-partitions"
        PAGE.write_text(written(PAGE.read_text("utf-8"), block, text), "utf-8")


if __name__ == "__main__":
    main()
