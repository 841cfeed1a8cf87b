"""Burrow's configuration file: its sections by Burrow's rules of names, and which of its keys have been used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from exporter.conversion.toml_places import Path, parse
from exporter.quoting import quoted
from exporter.schema import ConfigError
from exporter.schema.mistakes import Mistake, Place

FORMER: Final = {"group-allowlist": "group-whitelist", "group-denylist": "group-blacklist"}
"""Key → what it was called before Burrow 1.4."""


class BurrowFile:
    """What a file says. Burrow ignores the case of sections and keys, so names are in lower case here.

    Mistakes are collected, so that all of them are reported at once.
    """

    def __init__(self, text: str, source: str) -> None:
        values, self._places = parse(text, source)
        self._source = source
        self.mistakes: list[Mistake] = []
        self.used: set[Path] = set()
        self.written: dict[Path, str] = {}
        self._values = self._lower_case(values, ())

    def section(self, *path: str) -> BurrowSection:
        """A section, empty if the file has none of that name."""
        values: Any = self._values
        for name in path:
            values = values.get(name) if isinstance(values, Mapping) else None
        if values is not None and not isinstance(values, Mapping):
            self.mistake(path, f"must be a section, written [{'.'.join(path)}]")
        return BurrowSection(self, path, values if isinstance(values, Mapping) else {}, isinstance(values, Mapping))

    def sections(self, kind: str) -> tuple[BurrowSection, ...]:
        """The sections of a kind, such as all [cluster.NAME], in the order of the file."""
        return tuple(self.section(kind, name) for name in self.section(kind).values)

    def keys_written(self) -> Iterator[Path]:
        """Every key in the file, whatever section it is in."""
        yield from self._leaves(self._values, ())

    def name_as_written(self, path: Path) -> str:
        """The last name of a path in the case in which the file has it."""
        return self.written.get(path, path[-1])

    def mistake(self, path: Path, message: str) -> None:
        """Notes what is wrong with a key or a section."""
        place = next(
            (self._places[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self._places),
            Place(self._source, 1, 1),
        )
        self.mistakes.append(Mistake(place, ".".join(path), message))

    def check(self) -> None:
        """Raises `ConfigError` if there was a mistake."""
        if self.mistakes:
            raise ConfigError(self.mistakes)

    def _lower_case(self, values: Mapping[str, Any], above: Path) -> dict[str, Any]:
        lower: dict[str, Any] = {}
        for name, value in values.items():
            path = (*above, name.lower())
            if path[-1] in lower:
                first = quoted(self.written[path])
                message = f"is there as {first} and as {quoted(name)}, which are the same name to Burrow; rename one"
                self.mistake(path, message)
                continue
            self.written[path] = name
            lower[path[-1]] = self._lower_case(value, path) if isinstance(value, dict) else value
        return lower

    def _leaves(self, values: Mapping[str, Any], above: Path) -> Iterator[Path]:
        for name, value in values.items():
            if isinstance(value, Mapping):
                yield from self._leaves(value, (*above, name))
            else:
                yield (*above, name)


@dataclass(frozen=True, slots=True)
class BurrowSection:
    """A section of the file. Asking for a key uses it; a value of another kind than the key's is a mistake."""

    file: BurrowFile
    path: Path
    values: Mapping[str, Any]
    exists: bool = True

    @property
    def name(self) -> str:
        """Its own name, in lower case: "prod" of [cluster.Prod]."""
        return self.path[-1]

    @property
    def name_as_written(self) -> str:
        """Its own name in the case in which the file has it."""
        return self.file.name_as_written(self.path)

    def has(self, key: str) -> bool:
        """True if the key is there and not empty text, which is as good as none."""
        if self.values.get(key) == "":
            self.file.used.add((*self.path, key))
        return bool(self.values.get(key, "") != "")

    def text(self, key: str, default: str = "") -> str:
        """A text; a number is taken as one, as Burrow does."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self.mistake(key, 'must be a text: "..."')
            return default
        return str(value)

    def former_text(self, key: str) -> str:
        """A text, also under the name that the key had in older versions."""
        former = FORMER[key]
        if self.has(key) and self.has(former):
            self.mistake(former, f"is the old name of {key}, which is there too; take one out")
        return self.text(key) or self.text(former)

    def number(self, key: str, default: float = 0) -> float:
        """A number, not negative; text that is one is taken, as Burrow does."""
        value = self._value(key, default)
        try:
            number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
        except ValueError:
            number = -1.0
        if not 0 <= number < 10**15:
            self.mistake(key, "must be a number, 0 or more, without a unit")
            return default
        return number

    def switch(self, key: str) -> bool:
        """True or false; false if the key is not there."""
        value = self._value(key, False)
        if isinstance(value, str) and value.lower() in {"true", "false"}:
            return value.lower() == "true"
        if not isinstance(value, bool):
            self.mistake(key, "must be true or false")
            return False
        return value

    def texts(self, key: str) -> list[str]:
        """A list of texts; one text is split at blanks, as Burrow does."""
        value = self._value(key, [])
        if isinstance(value, str):
            return value.split()
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.mistake(key, 'must be a list of texts: ["...", "..."]')
            return []
        return list(value)

    def mistake(self, key: str, message: str) -> None:
        """Notes what is wrong with one of its keys, or with the section if the key is empty."""
        self.file.mistake((*self.path, key) if key else self.path, message)

    def _value(self, key: str, default: Any) -> Any:
        if key in self.values:
            self.file.used.add((*self.path, key))
        return self.values.get(key, default)
