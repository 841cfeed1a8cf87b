"""A YAML file → a tree in which every value knows its place in the text.

Scalars are kept as written; the key that a value belongs to decides how it is read, not YAML's type detection.
So the password ``0123`` stays unchanged, and a cluster may be called ``no``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from exporter.quoting import one_line, quoted
from exporter.schema.bounded_files import content_of
from exporter.schema.mistakes import ConfigError, Mistake, Place

MAX_NODES = 100_000
"""Aliases can expand a small file without limit; this is far above any real one."""

MAX_FILE_BYTES = 10_000_000
"""A larger file is not a configuration."""

_UNTAGGED = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "value", "seq", "map")
)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value as written; ``text`` is None where nothing (or ``null``) was written."""

    place: Place
    path: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    place: Place
    path: str
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping; ``keys`` has the place of each of its keys."""

    place: Place
    path: str
    entries: Mapping[str, Node]
    keys: Mapping[str, Place]


@dataclass(frozen=True, slots=True)
class Unread:
    """Replaces a value whose form is wrong; the mistake has been reported."""

    place: Place
    path: str


Node = Scalar | Sequence | Table | Unread


def kind_of(node: Node) -> str:
    """The kind of a node, in words for a message; its text is not shown, because it may be a password."""
    match node:
        case Scalar(text=None):
            return "nothing"
        case Scalar():
            return "a text"
        case Sequence():
            return "a list"
        case _:
            return "a mapping"


def inside(path: str, name: str) -> str:
    """The path of a key: ``clusters.prod``; unusual names are quoted."""
    shown = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else quoted(name)
    return f"{path}.{shown}" if path else shown


def merged(under: Table, over: Table) -> Table:
    """Both mappings merged, key by key; where both have a value, ``over`` wins.

    ``password`` and ``password_file`` set the same thing, so either hides both.
    """
    entries: dict[str, Node] = {}
    for name, node in under.entries.items():
        twin = name.removesuffix("_file") if name.endswith("_file") else f"{name}_file"
        if name in over.entries or twin not in over.entries:
            entries[name] = node
    for name, node in over.entries.items():
        below = entries.get(name)
        entries[name] = merged(below, node) if isinstance(below, Table) and isinstance(node, Table) else node
    return Table(over.place, over.path, entries, {**under.keys, **over.keys})


def load(file: str, names: Iterable[str], *, when_empty: str = "") -> tuple[Table, list[Mistake]]:
    """The mapping that a file holds, and the mistakes in the form of what is in it.

    ``names``: the keys at its top, for a message. An empty file is an empty mapping, or the mistake ``when_empty``.
    Raises `ConfigError` if there is no mapping to read.
    """
    node, mistakes = parse(text_of(file), file)
    if node is None and mistakes:
        raise ConfigError(mistakes)
    if node is None or (isinstance(node, Scalar) and node.text is None):
        if when_empty:
            raise ConfigError([Mistake(Place(file, 1, 1), "", when_empty)])
        return Table(Place(file, 1, 1), "", {}, {}), []
    if not isinstance(node, Table):
        message = f"must be a mapping of keys ({', '.join(names)}) at the top"
        raise ConfigError(mistakes or [Mistake(node.place, "", message)])
    return node, mistakes


def text_of(file: str) -> str:
    """The text of a file; raises `ConfigError` if it cannot be read."""
    try:
        content = content_of(Path(file), MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise ConfigError([Mistake(Place(file or '""'), "", f"cannot be read: {reason}")]) from error
    if len(content) > MAX_FILE_BYTES:
        raise ConfigError([Mistake(Place(file), "", "too large to be a configuration")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        place = Place(file, before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1)
        raise ConfigError([Mistake(place, "", f"not UTF-8 text ({error.reason})")]) from error


def parse(text: str, source: str) -> tuple[Node | None, list[Mistake]]:
    """The tree of a YAML text and the mistakes in its form; no tree if it is empty or not YAML."""
    loader: yaml.SafeLoader | None = None
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if root is None:
            return None, []
        conversion = _Conversion(source)
        tree = conversion.node(root, "", None)
        return tree, list(conversion.mistakes)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return None, [Mistake(_place(source, mark), "", f"not valid YAML: {one_line(_problem(error))}")]
    except yaml.reader.ReaderError as error:
        before = text[: int(error.position)]
        place = Place(source, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        return None, [
            Mistake(place, "", f"not valid YAML: the character {quoted(chr(error.character))} is not allowed")
        ]
    except RecursionError:
        return None, [Mistake(Place(source, 1, 1), "", "nested too deeply to be a configuration")]
    except (ValueError, OverflowError):
        # PyYAML leaves some invalid escapes ("\UFFFFFFFF") and directives to Python.
        mark = loader.get_mark() if loader is not None else None
        return None, [Mistake(_place(source, mark), "", "not valid YAML: an invalid number or escape")]


_NAMED: Final = {
    "found undefined alias": "an alias (*name) that is not defined; text that starts with * needs quotes",
    "found duplicate anchor": "an anchor (&name) given twice; text that starts with & needs quotes",
    "found undefined tag handle": "a tag (!name) that is not defined; text that starts with ! needs quotes",
    "duplicate tag handle": "a directive (%TAG) given twice",
}
"""How PyYAML's messages with a name begin → what is said instead: the name may be a password."""


def _problem(error: yaml.MarkedYAMLError) -> str:
    """What is not YAML, in PyYAML's words, unless a name stands in them."""
    words = [word for word in (error.problem, error.context) if word]
    for beginning, said in _NAMED.items():
        if any(word.startswith(beginning) for word in words):
            return said
    return ", ".join(words)


def _place(source: str, mark: yaml.error.Mark | None) -> Place:
    return Place(source, mark.line + 1, mark.column + 1) if mark is not None else Place(source, 1, 1)


class _Conversion:
    """Converts PyYAML's nodes to ours."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.mistakes: set[Mistake] = set()
        self.nodes = 0
        self.open: set[int] = set()

    def node(self, node: yaml.Node, path: str, key: Place | None) -> Node:
        place = _place(self.source, node.start_mark)
        self.nodes += 1
        if self.nodes > MAX_NODES:
            return self.wrong(Place(self.source, 1, 1), "", "too large to be a configuration, with all its aliases")
        if node.tag not in _UNTAGGED:
            # The tag itself is not shown: it may be a password that starts with "!".
            return self.wrong(place, path, "a tag (!name) has no meaning here; text that starts with ! needs quotes")
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, place, path, key or place)
        return self.collection(node, key or place, path)

    def collection(self, node: yaml.Node, place: Place, path: str) -> Node:
        if id(node) in self.open:
            return self.wrong(place, path, "the alias (*name) refers to something that contains it")
        self.open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self.table(node, path, place)
            items = tuple(self.node(item, f"{path}[{index}]", None) for index, item in enumerate(node.value))
            return Sequence(place, path, items)
        finally:
            self.open.discard(id(node))

    def scalar(self, node: yaml.ScalarNode, place: Place, path: str, key: Place) -> Node:
        if node.tag == "tag:yaml.org,2002:null" and node.style is None:
            # Without a value, the key is the place to report.
            return Scalar(key, path, None)
        if not _encodes(node.value):
            return self.wrong(place, path, "is not valid Unicode (half of a surrogate pair)")
        return Scalar(place, path, node.value)

    def table(self, node: yaml.MappingNode, path: str, place: Place) -> Table:
        entries: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        for key_node, value_node in node.value:
            key_place = _place(self.source, key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode) or not _encodes(key_node.value):
                self.wrong(key_place, path, "a key must be plain text")
                continue
            name = key_node.value
            if key_node.tag == "tag:yaml.org,2002:merge":
                self.wrong(key_place, path, "merge keys (<<) are not read; put what clusters share under defaults")
                continue
            if name in keys:
                message = f"given twice, first on line {keys[name].line}"
                # {password: a,b,b} has two keys b, which are not shown.
                self.wrong(key_place, path if value_node.value == "" else inside(path, name), message)
                continue
            keys[name] = key_place
            entries[name] = self.node(value_node, inside(path, name), key_place)
        return Table(place, path, entries, keys)

    def wrong(self, place: Place, path: str, message: str) -> Unread:
        self.mistakes.add(Mistake(place, path, message))
        return Unread(place, path)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
