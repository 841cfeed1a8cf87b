"""Writes what the documentation shows of the program from the program itself.

`python -m tools.documentation` writes `docs/config.reference.yml`, the manual page, the pictures of the verdicts and,
in the README, in CONTRIBUTING and in the pages of `docs/`, each block between ``<!-- generated: KIND ... -->`` and
``<!-- end -->``. A test fails where a page says something else. The kinds:

* ``help COMMAND``: what `--help` prints
* ``metrics``: the catalogue of metric families
* ``endpoints``: those of Burrow's API
* ``console ARGUMENTS``: what the program prints, given the recording in `examples/` on standard input
* ``sentences``: an example of each rule's sentence in it
* ``picture NAME``: how a status is reached, with its sentence
* ``partition GROUP``: what is said of the group's first partition in the end
* ``floors CONTRACT``: a picture of the floors that an import contract keeps apart
* ``rooms``: what is on each floor, and all import contracts
* ``series``: how many series each choice of metrics makes
* ``needs``: what alerts and dashboards ask for that the lean choice lacks
* ``compatibility``: every family of the other exporters whose names can be given
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from exporter.cli import commands
from exporter.config import reference
from exporter.core.rules import Rule
from exporter.metrics import CATALOGUE
from exporter.metrics.family import EVERY
from exporter.web.v3.endpoints import markdown_table
from tools.floors import contracts, floors, picture, purpose
from tools.man_page import man_page
from tools.series import compatibility_tables, needs_table, series_table
from tools.verdict_pictures import markdown, pictures

ROOT = Path(__file__).resolve().parent.parent
RECORDING = ROOT / "examples" / "shop.jsonl.gz"
BLOCK = re.compile(
    r"(?P<head><!-- generated: (?P<kind>help|metrics|endpoints|console|sentences|picture|partition|floors|rooms|series"
    r"|needs|compatibility)"
    r"(?: (?P<what>[^\n]*?))? -->\n)"
    r".*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def generated() -> dict[Path, str]:
    """Path → what the file should hold, for every file with something generated in it."""
    pages = {
        page: page.read_text("utf-8")
        for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md")))
        if page.exists()
    }
    filled = {page: BLOCK.sub(_block, text) for page, text in pages.items() if BLOCK.search(text)}
    whole = {"config.reference.yml": reference(), "man/kafka-burrow-exporter.1": man_page()}
    return {**{ROOT / "docs" / name: text for name, text in whole.items()}, **pictures(), **filled}


def _block(match: re.Match[str]) -> str:
    make = {
        "help": _help,
        "metrics": _metrics,
        "endpoints": lambda _: markdown_table(),
        "console": _console,
        "sentences": _sentences,
        "picture": markdown,
        "partition": _partition,
        "floors": _floors,
        "rooms": _rooms,
        "series": _series,
        "needs": _needs,
        "compatibility": _compatibility,
    }[match["kind"]]
    return f"{match['head']}{make(match['what'] or '')}\n{match['end']}"


def _help(command: str) -> str:
    return f"```\n{help_of(command)}\n```"


def help_of(name: str) -> str:
    """What `--help` prints, 100 columns wide."""
    top = click.Context(commands, info_name="kafka-burrow-exporter", terminal_width=100, **commands.context_settings)
    if not name:
        return commands.get_help(top)
    command = commands.get_command(top, name)
    if command is None:
        raise LookupError(f"no command {name}")
    settings = {**commands.context_settings, **command.context_settings}
    return command.get_help(click.Context(command, parent=top, info_name=name, terminal_width=100, **settings))


def _metrics(_: str) -> str:
    rows = ["| name | labels | what it says | at granularity |", "| --- | --- | --- | --- |"]
    for family in CATALOGUE:
        labels = ", ".join(f"`{label}`" for label in family.labels)
        granularities = "all" if family.granularities == EVERY else ", ".join(family.granularities)
        rows.append(f"| `{family.name}` | {labels} | {family.help} | {granularities} |")
    return "\n".join(rows)


def _console(arguments: str) -> str:
    shown = f"$ gunzip -c {RECORDING.relative_to(ROOT)} | kafka-burrow-exporter {arguments}"
    return f"```console\n{shown}\n{output_of(arguments)}```"


@cache
def output_of(arguments: str) -> str:
    """What the program prints, given the recording on standard input."""
    neutral = dict.fromkeys(name for name in os.environ if name.startswith("KBE_"))
    recording = gzip.decompress(RECORDING.read_bytes())
    result = CliRunner().invoke(commands, shlex.split(arguments), input=recording, env=neutral, catch_exceptions=False)
    if result.exit_code:
        raise RuntimeError(f"{arguments}: {result.output}")
    return result.stdout


def _partitions() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each group with each verdict on a partition of it, from the first observation to the last."""
    for line in output_of("replay -").splitlines():
        verdict = json.loads(line)
        for partition in verdict["partitions"]:
            yield verdict["group"], partition


def _sentences(_: str) -> str:
    """A table of the rules that spoke, each with the last time it did."""
    last = {partition["reason"]["rule"]: (group, partition) for group, partition in _partitions()}
    rows = [
        f"| `{rule}` | {partition['status']} | {group} | {partition['reason']['sentence']} |"
        for rule, (group, partition) in ((rule.value, last[rule.value]) for rule in Rule if rule in last)
    ]
    return "\n".join(["| rule | status | group | sentence |", "| --- | --- | --- | --- |", *rows])


def _partition(wanted: str) -> str:
    """The last verdict on the first partition of a group."""
    *_, last = (partition for group, partition in _partitions() if group == wanted and partition["partition"] == 0)
    return f"```json\n{json.dumps(last, indent=2)}\n```"


def _floors(contract: str) -> str:
    return f"```\n{picture(floors(contract))}\n```"


def _rooms(_: str) -> str:
    rows = [f"| {floor} | `exporter.{room}` | {purpose(room)} |" for floor, room in _numbered(floors("floors"))]
    kept = [f"* {name}" for name in contracts()]
    return "\n".join(["| floor | room | what it is |", "| --- | --- | --- |", *rows, "", *kept])


def _series(_: str) -> str:
    return series_table()


def _needs(_: str) -> str:
    return needs_table()


def _compatibility(_: str) -> str:
    return compatibility_tables()


def _numbered(rows: list[list[str]]) -> Iterator[tuple[int, str]]:
    """Each room with the number of its floor, from the top down; the lowest floor is 1."""
    for above, row in enumerate(rows):
        for room in row:
            yield len(rows) - above, room


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, "utf-8")
