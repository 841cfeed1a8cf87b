"""A dashboard as it lies in its file: its panels, its queries, its variables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.dashboards import FOLDER

Json = dict[str, Any]

REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::\w+)?\})")


@dataclass(frozen=True, slots=True)
class Query:
    """One query: where it stands and what it asks. ``instant``: asked for now, not for the time shown."""

    panel: str
    index: int
    expr: str
    instant: bool

    def __str__(self) -> str:
        """The panel's title and the query's letter."""
        return f"{self.panel} {chr(ord('A') + self.index)}"


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard file."""

    path: Path
    json: Json

    @property
    def title(self) -> str:
        """The title that a reader sees."""
        return str(self.json["title"])

    @property
    def panels(self) -> list[Json]:
        """Every panel that shows something; rows are only headings."""
        return [panel for panel in self.json["panels"] if panel["type"] != "row"]

    @property
    def variables(self) -> list[Json]:
        """Every variable at the top."""
        return list(self.json["templating"]["list"])

    def queries(self) -> Iterator[Query]:
        """Every query of every panel."""
        for panel in self.panels:
            for index, target in enumerate(panel["targets"]):
                yield Query(panel["title"], index, target["expr"], target["instant"])


def boards(folder: Path = FOLDER) -> list[Board]:
    """Every dashboard in a folder, by file name."""
    return [Board(path, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.json"))]


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced, ``$name`` and ``${name}`` alike.

    fill('up{job=~"$job"}[$__range]', {"job": ".+", "__range": "1h"}) → 'up{job=~".+"}[1h]'

    Raises:
        KeyError: a variable has no value.
    """
    return REFERENCE.sub(lambda found: values[found[1] or found[2]], text)
