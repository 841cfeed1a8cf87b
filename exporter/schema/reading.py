"""A tree and the description of its keys → values and every mistake."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from exporter.quoting import quoted
from exporter.schema.document import Node, Scalar, Sequence, Table, Unread, inside, kind_of
from exporter.schema.inputs import Inputs
from exporter.schema.kinds import Kind
from exporter.schema.mistakes import ConfigError, Invalid, Mistake, suggestion
from exporter.schema.section import Each, Key, Part, Section, Values


def read(top: Section, root: Table, inputs: Inputs, mistakes: Iterable[Mistake] = ()) -> Values:
    """Field name → value; sections within are read into dictionaries too, from which `build` makes dataclasses.

    Raises `ConfigError` with every mistake, ``mistakes`` among them.
    """
    reading = _Reading(top, inputs, mistakes)
    values = reading.section(top, root, partial=False)
    if reading.mistakes:
        raise ConfigError(reading.mistakes)
    return values


def build(part: Part, values: Any, default: Any = None) -> Any:
    """What a part of the configuration means: its values over ``default``, or over the defaults of its dataclass."""
    match part:
        case Each(names=None):
            return tuple(build(part.part, each) for each in values)
        case Each():
            return {name: build(part.part, each) for name, each in values.items()}
        case Section():
            fields = {
                name: build(part.parts[name], value, part.default(name)) if name in part.parts else value
                for name, value in values.items()
            }
            return dataclasses.replace(default, **fields) if default is not None else part.of(**fields)
        case Key():
            return values


class _Reading:
    """One pass over a configuration. ``mistakes`` grows; the same mistake met twice counts once."""

    def __init__(self, top: Section, inputs: Inputs, mistakes: Iterable[Mistake]) -> None:
        self.inputs = inputs
        self.mistakes = set(mistakes)
        self.paths = tuple(top.paths())

    def section(self, section: Section, table: Table, *, partial: bool) -> dict[str, Any]:
        """Field name → value of what could be read; ``partial`` as in `Section`."""
        partial = partial or section.partial
        self.unknown(table, section)
        values: dict[str, Any] = {}
        for name, part in section.parts.items():
            node = table.entries.get(name)
            if isinstance(part, Key) and node is not None and part.into in table.entries:
                self.wrong_key(table, name, f"give {part.into} or {name}, not both")
            elif node is not None:
                with contextlib.suppress(_Noted):
                    field = part.into or name if isinstance(part, Key) else name
                    values[field] = self.part(part, name, node, partial=partial)
            elif isinstance(part, Key) and part.required and not partial:
                self.wrong(table, f"{name} is missing; it is {part.kind.what}, as in {part.example}")
        if section.check is not None and not partial:
            for name, message in section.check(table, values, self.inputs):
                self.wrong_key(table, name, message)
        return values

    def part(self, part: Part, name: str, node: Node, *, partial: bool) -> Any:
        """The value of a part; raises `_Noted` if there is none."""
        match part:
            case Section():
                return self.section(part, self.table(node, name), partial=partial)
            case Each(names=Kind() as names):
                entries = self.named(part.part, names, self.table(node, name))
                return dict(self.each(part.part, entries, partial=partial))
            case Each():
                items = [("", item) for item in self.sequence(node).items]
                # A list is replaced as a whole, so its items are not completed elsewhere.
                return tuple(value for _, value in self.each(part.part, items, partial=False))
            case Key():
                return self.one(part, node) if part.kind.many is None else self.many(part, part.kind.many, node)

    def each(self, part: Part, nodes: Iterable[tuple[str, Node]], *, partial: bool) -> Iterator[tuple[str, Any]]:
        """The values of those that could be read, each with its name."""
        for name, node in nodes:
            with contextlib.suppress(_Noted):
                yield name, self.part(part, name, node, partial=partial)

    def named(self, part: Key | Section, names: Kind, table: Table) -> Iterator[tuple[str, Node]]:
        """The entries of a mapping whose names are free; a name that is not allowed is recorded."""
        for name, node in table.entries.items():
            if _is_nothing(node) and (":" in name or isinstance(part, Key)):
                self.wrong_unseen(table, name)
                continue
            try:
                names.read(name, self.inputs)
            except Invalid as invalid:
                self.wrong_key(table, name, str(invalid))
            yield name, node

    def table(self, node: Node, name: str) -> Table:
        """The node, which must be a mapping."""
        if isinstance(node, Table):
            return node
        if isinstance(node, Scalar) and node.text is None:
            written = f"{inside('', name)}: {{}}" if name else "{}"
            self.wrong(node, f"is empty; write {written} if that is intended, or leave it out")
        else:
            self.wrong(node, f"must be a mapping of keys, not {kind_of(node)}")
        raise _Noted

    def sequence(self, node: Node) -> Sequence:
        """The node, which must be a list."""
        if isinstance(node, Sequence):
            return node
        self.wrong(node, f"must be a list, not {kind_of(node)}")
        raise _Noted

    def one(self, key: Key, node: Node) -> Any:
        """The value of a scalar."""
        try:
            if not isinstance(node, Scalar):
                raise Invalid(f"must be {key.kind.what}, not {kind_of(node)}")
            if node.text is None:
                raise Invalid("has no value; leave the key out to have its default")
            return key.kind.read(node.text, self.inputs)
        except Invalid as invalid:
            self.wrong(node, str(invalid))
            raise _Noted from None

    def many(self, key: Key, split: Callable[[str], list[str]], node: Node) -> tuple[Any, ...]:
        """The values of a list, or of one text that is taken apart."""
        if isinstance(node, Scalar) and node.text is not None:
            items: list[Node] = [Scalar(node.place, node.path, item) for item in split(node.text)]
        elif isinstance(node, Sequence):
            items = list(node.items)
        else:
            return (self.one(key, node),)
        if not items:
            self.wrong(node, f"is an empty list; it must be {key.kind.what}")
        values = []
        for item in items:
            with contextlib.suppress(_Noted):
                values.append(self.one(key, item))
        if not items or len(values) < len(items):
            raise _Noted
        return tuple(values)

    def unknown(self, table: Table, section: Section) -> None:
        """Records every key that the section does not have."""
        for name in table.keys.keys() - section.parts.keys():
            if ":" in name or _is_nothing(table.entries[name]):
                self.wrong_unseen(table, name)
                continue
            hint = suggestion(name, section.parts) or self.elsewhere(name)
            known = f"known here: {', '.join(sorted(section.parts))}"
            self.wrong_key(table, name, f"unknown key; {hint or known}")

    def elsewhere(self, name: str) -> str:
        """A hint where a key of that name belongs; empty if there is none."""
        places = [path for path in self.paths if path.rsplit(".", 1)[-1] == name]
        places.sort(key=lambda path: "[]" in path)
        return f"did you mean {quoted(places[0])}?" if places else ""

    def wrong(self, node: Node, message: str) -> None:
        """Records a mistake in a value."""
        if not isinstance(node, Unread):
            self.mistakes.add(Mistake(node.place, node.path, message))

    def wrong_key(self, table: Table, name: str, message: str) -> None:
        """Records a mistake at a key, or at the mapping as a whole if it does not have the key."""
        self.mistakes.add(Mistake(table.keys.get(name, table.place), table.entries.get(name, table).path, message))

    def wrong_unseen(self, table: Table, name: str) -> None:
        """Records a key that is not shown: in ``{password:x}`` and ``{password: a,x}`` a part of it may be secret."""
        message = "a key that is not known here, or has no value; it is not shown, as it may be part of a secret:"
        hint = "a colon needs a space after it, and text with a comma in {...} needs quotes"
        self.mistakes.add(Mistake(table.keys[name], table.path, f"{message} {hint}"))


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.text is None


class _Noted(Exception):
    """The value could not be read, and the mistake is recorded."""
