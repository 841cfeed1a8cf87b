"""Writes into a page of the documentation what tests that take long have shown.

`python -m tools.recorded_tests PAGE BLOCK LABEL=FILE...` reads files that pytest has written (``--junitxml``), and
writes a table with a row for each test and a column for each file between ``<!-- recorded: BLOCK -->`` and
``<!-- end -->``.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

NOT_PASSED = {"failure": "**failed**", "error": "**failed**", "skipped": "not run"}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of tests: sentence → how it ended, and how long all of it took in seconds."""

    outcomes: Mapping[str, str]
    seconds: float


def read(file: Path) -> Run:
    """The run that a file of pytest tells of."""
    suites = ElementTree.parse(file).getroot()  # noqa: S314 - written by our own run
    outcomes: dict[str, str] = {}
    for case in suites.iter("testcase"):
        ended = next((NOT_PASSED[part.tag] for part in case if part.tag in NOT_PASSED), "passed")
        name = sentence(case.get("name", ""))
        # A test whose fixture fails too is told twice.
        outcomes[name] = ended if outcomes.get(name, "passed") == "passed" else outcomes[name]
    return Run(outcomes, sum(float(suite.get("time", 0)) for suite in suites.iter("testsuite")))


def sentence(name: str) -> str:
    """A test's name as its sentence; its parameters stand behind it."""
    test, _, parameters = name.removeprefix("test_").partition("[")
    words = test.replace("_", " ")
    return f"{words} ({parameters.removesuffix(']')})" if parameters else words


def table(runs: Mapping[str, Run], today: str) -> str:
    """The runs side by side, by their labels."""
    tests = list(dict.fromkeys(name for run in runs.values() for name in run.outcomes))
    lines = [
        f"Recorded on {today} with Python {platform.python_version()}.",
        "",
        f"| test | {' | '.join(runs)} |",
        f"| --- |{' --- |' * len(runs)}",
        *(f"| {name} | {' | '.join(run.outcomes.get(name, '') for run in runs.values())} |" for name in tests),
        f"| all of them, in seconds | {' | '.join(f'{run.seconds:.0f}' for run in runs.values())} |",
    ]
    return "\n".join(lines)


def written(page: str, block: str, text: str) -> str:
    """The page with a text in one of its blocks. Raises ValueError if it has no such block."""
    pattern = re.compile(rf"(<!-- recorded: {re.escape(block)} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"no block <!-- recorded: {block} -->")
    return pattern.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page)


def main(arguments: Sequence[str]) -> None:
    """Writes one block of one page."""
    page, block, *labelled = arguments
    runs = {label: read(Path(file)) for label, file in (each.split("=", 1) for each in labelled)}
    path = Path(page)
    today = datetime.now(UTC).date().isoformat()
    path.write_text(written(path.read_text("utf-8"), block, table(runs, today)), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
