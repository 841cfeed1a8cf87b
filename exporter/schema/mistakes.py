"""A mistake in the configuration: where it is, what it is, and how to fix it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from exporter.quoting import one_line, quoted


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a value was written: a file with line and column (from 1), or a flag or environment variable."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """``kbe.yml:3:5``, ``--web.listen-address``."""
        source = one_line(self.source)
        return f"{source}:{self.line}:{self.column}" if self.line else source


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake; ``path`` names the key ("clusters.prod.sasl.mechanism"), empty if the place is enough."""

    place: Place
    path: str
    message: str

    def __str__(self) -> str:
        """One line: ``kbe.yml:3:5: web.listen_address: "8000" is not …``."""
        return ": ".join(part for part in (str(self.place), self.path, self.message) if part)


class ConfigError(Exception):
    """The configuration cannot be used; ``mistakes`` has every mistake, in the order of the file."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(map(str, self.mistakes)))


class Invalid(Exception):
    """A value that cannot be read; the message says what is wrong and what would be right."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """``did you mean "window"?`` for ``windw``; empty if nothing known comes close."""
    lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    return f"did you mean {quoted(lower[close[0]])}?" if close else ""
