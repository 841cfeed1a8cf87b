"""The description of a configuration: keys, sections of keys, and lists and mappings of either.

Settings are dataclasses, and the metadata of a field says how it is configured. So a setting is declared in one place,
from which the file, its reference, flags and their help, and the settings in effect all follow:

    @dataclass(frozen=True)
    class Log:
        level: str = field(default="info", metadata=from_key(choice("a level", "info", "error"), "The lowest level."))
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from exporter.schema.document import Table
from exporter.schema.inputs import Inputs
from exporter.schema.kinds import Kind

T = TypeVar("T")

Values = Mapping[str, Any]
"""The values of a section by field name; fields that were not given, or could not be read, are missing."""

Complaint = tuple[str, str]
"""The name of the key that is wrong ("" for the section as a whole), and what is wrong."""

Check = Callable[[Table, Values, Inputs], Iterable[Complaint]]
"""A check between the keys of a section that are each valid alone."""

METADATA: Final = "schema"
"""The entry of a field's metadata that holds its part of the schema."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    ``example`` stands in the reference where there is no default, ``file_example`` is that of the key ending in
    ``_file``, which a kind of value that may come from a file has too. ``flag``: the flag that also sets the key.
    ``into``: the field that it sets, if that has another name (``password_file``).
    """

    kind: Kind
    doc: str = ""
    required: bool = False
    example: str = ""
    file_example: str = ""
    flag: str = ""
    into: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping of keys, read into ``of``, whose defaults, if it is a dataclass, are those of the configuration.

    ``partial``: it is completed elsewhere, so nothing is missing in it and checks between keys do not apply.
    """

    of: Callable[..., Any]
    doc: str
    parts: Mapping[str, Part]
    check: Check | None = None
    partial: bool = False

    def default(self, name: str) -> Any:
        """The default of a field, None where it has none."""
        if not isinstance(self.of, type) or not dataclasses.is_dataclass(self.of):
            return None
        (found,) = (each for each in dataclasses.fields(self.of) if each.name == name)
        return None if found.default is dataclasses.MISSING else found.default

    def paths(self, above: str = "") -> Iterator[str]:
        """The path of every key and section in it: ``evaluation.window``, ``clusters.<name>.tls``."""
        for name, part in self.parts.items():
            yield above + name
            match part:
                case Section():
                    yield from part.paths(f"{above}{name}.")
                case Each(part=Section() as each, names=names):
                    yield from each.paths(f"{above}{name}{'[]' if names is None else '.<name>'}.")


@dataclass(frozen=True, slots=True)
class Each:
    """Many of one kind: a mapping by name, read into a dictionary; with ``names`` None a list, read into a tuple."""

    part: Key | Section
    names: Kind | None = None


Part = Key | Section | Each


def from_key(
    kind: Kind,
    doc: str = "",
    *,
    required: bool = False,
    example: str = "",
    file_example: str = "",
    flag: str = "",
) -> Mapping[str, Part]:
    """The metadata of a field that the key of its name sets; see `Key`."""
    return {METADATA: Key(kind, doc, required, example, file_example, flag)}


def setting(
    kind: Kind,
    doc: str = "",
    *,
    default: T,
    repr: bool = True,  # noqa: A002 - as dataclasses call it
    example: str = "",
    file_example: str = "",
    flag: str = "",
) -> T:
    """A field with a default that the key of its name sets; see `Key`."""
    metadata = from_key(kind, doc, example=example, file_example=file_example, flag=flag)
    return dataclasses.field(default=default, repr=repr, metadata=metadata)


def from_section(part: Part) -> Mapping[str, Part]:
    """The metadata of a field that a section of its name sets."""
    return {METADATA: part}


def section(
    of: Callable[..., Any], doc: str = "", *, check: Check | None = None, parts: Mapping[str, Part] | None = None
) -> Section:
    """The section that is read into ``of``: a dataclass whose fields declare its parts, unless they are given here."""
    if parts is None:
        declared = {field.name: field.metadata.get(METADATA) for field in dataclasses.fields(of)}  # type: ignore[arg-type]
        parts = {name: part for name, part in declared.items() if part is not None}
    return Section(of, doc, dict(_with_files(parts)), check)


def _with_files(parts: Mapping[str, Part]) -> Iterator[tuple[str, Part]]:
    for name, part in parts.items():
        yield name, part
        if isinstance(part, Key) and part.kind.from_file is not None:
            yield (
                f"{name}_file",
                Key(part.kind.from_file, "Or a file that holds it.", example=part.file_example, into=name),
            )
