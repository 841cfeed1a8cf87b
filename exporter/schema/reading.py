"""A tree and the table of keys → values and every mistake."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from exporter.quoting import quoted
from exporter.schema.document import Node, Scalar, Sequence, Table, Unread, kind_of
from exporter.schema.inputs import Inputs
from exporter.schema.mistakes import Invalid, Mistake, suggestion
from exporter.schema.section import Key, Section


class Reading:
    """One pass over a configuration. ``mistakes`` grows; the same mistake met twice counts once.

    ``paths`` are those of all known keys, to suggest where a key belongs.
    """

    def __init__(self, inputs: Inputs, mistakes: Iterable[Mistake], *, paths: Iterable[str]) -> None:
        self.inputs = inputs
        self.mistakes = set(mistakes)
        self.paths = tuple(paths)

    def wrong(self, node: Node, message: str) -> None:
        """Record a mistake in a value."""
        self.mistakes.add(Mistake(node.place, node.path, message))

    def table(self, node: Node | None, what: str) -> Table | None:
        """The node, if it is a mapping."""
        if isinstance(node, Table):
            return node
        if isinstance(node, Scalar) and node.text is None:
            self.wrong(node, f"is empty; write {what}: {{}} if that is intended, or leave it out")
        elif node is not None and not isinstance(node, Unread):
            self.wrong(node, f"must be a mapping of keys, not {kind_of(node)}")
        return None

    def unknown(self, table: Table, names: Iterable[str]) -> None:
        """Record every key that is not among the names."""
        known = set(names)
        for name, place in table.keys.items():
            if name not in known:
                hint = suggestion(name, known) or self.elsewhere(name)
                message = f"unknown key; {hint}" if hint else f"unknown key; known here: {', '.join(sorted(known))}"
                self.mistakes.add(Mistake(place, table.entries[name].path, message))

    def elsewhere(self, name: str) -> str:
        """A hint where a key of that name belongs; empty if there is none."""
        places = [path for path in self.paths if path.rsplit(".", 1)[-1] == name]
        return f"did you mean {quoted(places[0])}?" if places else ""

    def section(self, section: Section, table: Table, *, partial: bool = False) -> dict[str, Any]:
        """Field name → value of what could be read; nested sections become such dictionaries too.

        ``partial``: the section is completed elsewhere, so nothing is missing and checks between keys do not apply.
        """
        self.unknown(table, section.names())
        values: dict[str, Any] = {}
        for part in section.parts:
            node = table.entries.get(part.name)
            if isinstance(part, Section):
                below = self.table(node, part.name)
                if below is not None:
                    read = self.section(part, below, partial=partial)
                    values.update({part.prefix + name: value for name, value in read.items()} if part.prefix else {})
                    if not part.prefix:
                        values[part.name] = read
            elif node is not None:
                self.key(part, node, table, values)
            elif part.required and not partial:
                self.wrong(table, f"{part.name} is missing; it is {part.kind.what}, as in {part.example}")
        if section.check is not None and not partial:
            for name, message in section.check(table, values, self.inputs):
                at = table.entries.get(name, table)
                self.mistakes.add(Mistake(table.keys.get(name, table.place), at.path, message))
        return values

    def key(self, key: Key, node: Node, table: Table, values: dict[str, Any]) -> None:
        """Add the value of a key, or record what is wrong with it."""
        if key.into and key.into in table.entries:
            message = f"give {key.into} or {key.name}, not both"
            self.mistakes.add(Mistake(table.keys[key.name], node.path, message))
            return
        with contextlib.suppress(_Noted):
            values[key.field] = self.many(key, node) if key.kind.many else self.one(key, node)

    def one(self, key: Key, node: Node) -> Any:
        """The value of a scalar."""
        if isinstance(node, Unread):
            raise _Noted
        try:
            if not isinstance(node, Scalar):
                raise Invalid(f"must be {key.kind.what}, not {kind_of(node)}")
            if node.text is None:
                raise Invalid("has no value; leave the key out to have its default")
            return key.kind.read(node.text, self.inputs)
        except Invalid as invalid:
            self.wrong(node, str(invalid))
            raise _Noted from None

    def many(self, key: Key, node: Node) -> tuple[Any, ...]:
        """The values of a list, or of one text with commas."""
        if isinstance(node, Scalar) and node.text is not None:
            items = [Scalar(node.place, node.path, item.strip()) for item in node.text.split(",")]
        elif isinstance(node, Sequence):
            items = list(node.items)  # type: ignore[arg-type]
        else:
            return (self.one(key, node),)
        if not items:
            self.wrong(node, f"is an empty list; it must be {key.kind.what}")
            raise _Noted
        read: list[Any] = []
        for item in items:
            try:
                read.append(self.one(key, item))
            except _Noted:
                continue
        if len(read) < len(items):
            raise _Noted
        return tuple(read)


class _Noted(Exception):
    """The value could not be read, and the mistake is recorded."""
