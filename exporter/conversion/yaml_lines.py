"""YAML with comments, written in the form of the reference configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from exporter.schema.writing import explained, flow


@dataclass(slots=True)
class Block:
    """A mapping whose keys may have comments before them, and may be commented out."""

    _parts: list[tuple[str, Any, tuple[str, ...], bool]] = field(default_factory=list)

    def set(self, name: str, value: Any, *why: str) -> None:
        """Adds a key: a plain value, a list of plain values, a `Block` or a list of them; and comments before it."""
        self._parts.append((name, value, why, True))

    def set_commented_out(self, name: str, value: Any, *why: str) -> None:
        """Adds a key as a comment, for whoever reads the file to switch on."""
        self._parts.append((name, value, why, False))

    def note(self, *texts: str) -> None:
        """Adds comments."""
        self._parts.append(("", None, texts, True))

    def __bool__(self) -> bool:
        """True if it has a key that is not commented out."""
        return any(name and live for name, _, _, live in self._parts)

    def lines(self, indent: int = 0) -> Iterator[str]:
        """The lines of the mapping."""
        for name, value, why, live in self._parts:
            for text in why:
                yield from explained(text, indent)
            if name:
                lines = _key(name, value, indent)
                yield from lines if live else (_commented_out(line, indent) for line in lines)


def _key(name: str, value: Any, indent: int) -> Iterator[str]:
    start = f"{' ' * indent}{flow(name)}:"
    match value:
        case Block():
            # Without a key in it, it would be a key without a value.
            yield start if value else f"{start} {{}}"
            yield from value.lines(indent + 2)
        case [Block(), *_]:
            yield start
            for each in value:
                yield from _item(each.lines(indent + 4), indent + 2)
        case _:
            yield f"{start} {flow(value)}"


def _item(lines: Iterable[str], indent: int) -> Iterator[str]:
    """The lines of a mapping as an item of a list: its first key gets the dash."""
    dash = f"{' ' * indent}- "
    for line in lines:
        if dash and not line.lstrip().startswith("#"):
            yield dash + line.lstrip()
            dash = ""
        else:
            yield line


def _commented_out(line: str, indent: int) -> str:
    return f"{' ' * indent}#{line[indent:]}"
