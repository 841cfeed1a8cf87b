"""The table in docs/reliability.md, from what runs have recorded."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tests.faults.looks import RULES
from tests.faults.result import Result, recorded
from tests.faults.row import Row
from tests.faults.rows import ROWS
from tests.support.repository import ROOT

PAGE = ROOT / "docs" / "reliability.md"
BLOCK = re.compile(r"(?P<head><!-- faults: (?P<kind>table|about) -->\n)(?P<text>.*?)(?P<end><!-- end -->)", re.DOTALL)
NAME = re.compile(r"^\| `([\w-]+)`")
HEAD = (
    "row",
    "what is done",
    "meanwhile the page says",
    "longest scrape",
    "right again after",
    "log",
    "memory",
    "held",
)


def write() -> None:
    """Puts the results of this machine's runs into the page; rows that were not run here stay as they are."""
    PAGE.write_text(updated(PAGE.read_text("utf-8")), "utf-8")


def updated(text: str) -> str:
    """The page as it should be, given the page as it is."""

    def made(block: re.Match[str]) -> str:
        return block["head"] + (table(text) if block["kind"] == "table" else about(block["text"])) + block["end"]

    return BLOCK.sub(made, text)


def documented_rows(text: str) -> dict[str, str]:
    """The lines of the table in the page, by the row's name."""
    return {found[1]: line for line in text.splitlines() if (found := NAME.match(line))}


def table(text: str) -> str:
    """The table as it should be, given the page as it is."""
    before = documented_rows(text)
    return "\n\n".join(f"### {heading}\n\n{_part(rows, before)}" for heading, rows in ROWS) + "\n"


def about(before: str) -> str:
    """On what the rows were run, as a list; as it was if none was run here."""
    runs = [found[1] for _, rows in ROWS for row in rows if (found := recorded(row.name)) is not None]
    if not runs:
        return before
    said = {name: sorted({run[name] for run in runs}) for name in ("machine", "kafka", "python", "exporter")}
    return "".join(f"- {name}: {', '.join(values)}\n" for name, values in said.items())


def _part(rows: Iterable[Row], before: dict[str, str]) -> str:
    lines = [_line(HEAD), _line(["---"] * len(HEAD))]
    for row in rows:
        found = recorded(row.name)
        if found is not None:
            lines.append(line_of(row, *found))
        elif row.name in before:
            seen = before[row.name].split("|", 3)[3]
            lines.append(f"| `{row.name}` | {row.done} |{seen}")
        else:
            lines.append(_line([f"`{row.name}`", row.done, *["not run yet"] * (len(HEAD) - 2)]))
    return "\n".join(lines)


def line_of(row: Row, result: Result, about: dict[str, str]) -> str:
    """One line of the table."""
    again = "not within the time given" if result.again is None else _counted(result.again, "scrape")
    load = f"; load {about['load']}" if "load" in about else ""
    return _line(
        [
            f"`{row.name}`",
            row.done,
            result.page,
            f"{result.longest:.1f} of {result.timeout:g} s ({_counted(result.scrapes, 'scrape')}{load})",
            again,
            f"{_counted(result.lines, 'line')}, {_counted(result.changes, 'change')}",
            f"{result.memory_begin:.0f} MB, then {result.memory_end:.0f} (at most {result.memory_most:.0f})",
            "; ".join([_held(result), *result.notes]) + f" ({about['date']})",
        ]
    )


def _held(result: Result) -> str:
    """Whether all rules held, or which did not and how that showed."""
    if not result.breaches:
        return "all rules held"
    broken = [rule for rule in RULES if rule in result.breaches]
    return "; ".join(
        f"**not held**: {rule} ({_counted(int(result.breaches[rule][1]), 'time')}): {result.breaches[rule][0]}"
        for rule in broken
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count:,} {what}s"


def _line(cells: Iterable[str]) -> str:
    """A line of a table; what would end a cell or the line is replaced."""
    return f"| {' | '.join(' '.join(cell.split()).replace('|', '/') for cell in cells)} |"
