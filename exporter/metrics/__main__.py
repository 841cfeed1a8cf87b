"""Writes the table of metrics between the markers of a document: ``python -m exporter.metrics docs/metrics.md``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from exporter.metrics.catalogue import CATALOGUE
from exporter.metrics.family import EVERY

BEGIN: Final = "<!-- generated: metrics -->"
END: Final = "<!-- end -->"


def table() -> str:
    """The catalogue as a Markdown table."""
    rows = ["| name | labels | what it says | at granularity |", "| --- | --- | --- | --- |"]
    for family in CATALOGUE:
        labels = ", ".join(f"`{label}`" for label in family.labels)
        granularities = "every" if family.granularities == EVERY else ", ".join(family.granularities)
        rows.append(f"| `{family.name}` | {labels} | {family.help} | {granularities} |")
    return "\n".join(rows)


def renewed(document: str) -> str:
    """The document with the table of today between its markers; a ValueError if it has no markers."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"there is no place for the table: {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
