"""The description of a configuration: keys, and sections of keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from exporter.schema.document import Table
from exporter.schema.inputs import Inputs
from exporter.schema.kinds import Kind

Values = Mapping[str, Any]
"""The values of a section by field name; fields that were not given, or could not be read, are missing."""

Complaint = tuple[str, str]
"""The name of the key that is wrong ("" for the section as a whole), and what is wrong."""

Check = Callable[[Table, Values, Inputs], Iterable[Complaint]]
"""A check between the keys of a section that are each valid alone."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key. ``into`` is the field that it sets, if that has another name (``password_file``)."""

    name: str
    kind: Kind
    doc: str
    required: bool = False
    example: str = ""
    into: str = ""

    @property
    def field(self) -> str:
        """The name of the field that the key sets."""
        return self.into or self.name


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping of keys, read into the dataclass ``of``, whose defaults are those of the configuration.

    ``prefix``: the section is part of its parent's dataclass, in fields whose names begin with it.
    """

    name: str
    doc: str
    of: type[Any]
    parts: tuple[Key | Section, ...]
    prefix: str = ""
    check: Check | None = None

    def part(self, name: str) -> Key | Section | None:
        """The key or section of that name."""
        return next((part for part in self.parts if part.name == name), None)

    def names(self) -> tuple[str, ...]:
        """The keys allowed in the section."""
        return tuple(part.name for part in self.parts)

    def default(self, name: str) -> Any:
        """The default of a field, None where it has none."""
        for field in dataclasses.fields(self.of):
            if field.name == self.prefix + name:
                return None if field.default is dataclasses.MISSING else field.default
        raise LookupError(f"{self.of.__name__} has no field {self.prefix + name}")

    def paths(self, above: str = "") -> Iterator[str]:
        """The path of every key and section in it: ``evaluation.window``."""
        for part in self.parts:
            yield above + part.name
            if isinstance(part, Section):
                yield from part.paths(f"{above}{part.name}.")
