"""What the demo shows: a table redrawn in place on a terminal, a line per change elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

HEADINGS = ("GROUP", "KIND", "EXPECTED", "STATUS", "LAG", "COMPLETE", "MEMBERS", "")
COLOURS = {"OK": "32", "WARN": "33", "STOP": "31", "STALL": "31", "REWIND": "31"}


@dataclass(slots=True)
class Row:
    """One group: its expected status, and its values in the last scrape (None: none yet).

    ``reached``: when it first had the expected status over a whole window, in seconds since Kafka was up.
    """

    group: str
    expected: str
    kind: str | None = None
    status: str | None = None
    lag: float | None = None
    complete: float | None = None
    members: float | None = None
    reached: float | None = None

    @property
    def as_expected(self) -> bool:
        """True if the group has the status it should."""
        return self.status == self.expected

    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        return (
            self.group,
            self.kind or "-",
            self.expected,
            self.status or "-",
            "-" if self.lag is None else f"{self.lag:.0f}",
            "-" if self.complete is None else f"{self.complete:.0%}",
            "-" if self.members is None else f"{self.members:.0f}",
            "" if self.reached is None else f"as expected after {self.reached:.0f} s",
        )


def table(rows: Sequence[Row], colours: bool) -> list[str]:
    """The rows under their headings, as lines of aligned columns."""
    cells = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS))]
    lines = []
    for line in cells:
        padded = [text.ljust(width) for text, width in zip(line, widths, strict=True)]
        if colours and line[3] in COLOURS:
            padded[3] = f"\x1b[{COLOURS[line[3]]}m{padded[3]}\x1b[0m"
        lines.append("  ".join(padded).rstrip())
    return lines


class Screen:
    """Where the demo prints its output."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._in_place = out.isatty()
        self._drawn = 0
        self._told: dict[str, tuple[str | None, bool]] = {}

    def say(self, line: str) -> None:
        """Prints a line above the table."""
        self._drawn = 0
        self._write([line])

    def show(self, rows: Sequence[Row], elapsed: float) -> None:
        """Shows the table as it is now."""
        if self._in_place:
            lines = ["", f"Kafka is up for {elapsed:.0f} s; Ctrl-C ends this", *table(rows, colours=True)]
            self._write([f"{line}\x1b[K" for line in lines], up=self._drawn)
            self._drawn = len(lines)
            return
        changed = [row for row in rows if self._told.get(row.group) != (row.status, row.reached is not None)]
        self._told |= {row.group: (row.status, row.reached is not None) for row in changed}
        if changed:
            self._write([f"after {elapsed:.0f} s", *(f"  {line}" for line in table(rows, colours=False))])

    def _write(self, lines: Sequence[str], up: int = 0) -> None:
        back = f"\x1b[{up}A" if up else ""
        self._out.write(back + "".join(f"{line}\n" for line in lines))
        self._out.flush()
