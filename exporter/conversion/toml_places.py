"""TOML → values, and the line on which each was written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from exporter.quoting import one_line
from exporter.schema import ConfigError
from exporter.schema.mistakes import Mistake, Place

Path = tuple[str, ...]
"""The names that lead to a value, in lower case: ("cluster", "prod", "servers")."""

_NAME = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
_NAMES = rf"({_NAME}(?:[ \t]*\.[ \t]*{_NAME})*)"
_HEADER = re.compile(rf"[ \t]*\[\[?[ \t]*{_NAMES}[ \t]*\]")
_KEY = re.compile(rf"[ \t]*{_NAMES}[ \t]*=")
_TEXT_OR_COMMENT = re.compile(
    r'#[^\n]*|"{3}(?:\\.|[^\\])*?"{3,}|\'{3}.*?\'{3,}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'', re.DOTALL
)
_OLD_SECTION = re.compile(r'[ \t]*\[[a-z]+[ \t]+"', re.IGNORECASE)


def parse(text: str, source: str) -> tuple[dict[str, Any], Mapping[Path, Place]]:
    """The values in a TOML text, and where each section and key is written.

    Raises `ConfigError` with line, column and a way to mend it if the text is not TOML.
    """
    try:
        return tomllib.loads(text), dict(_places(text, source))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_mistake(text, source, str(error))]) from None
    except (RecursionError, ValueError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else one_line(str(error))
        raise ConfigError([Mistake(Place(source, 1, 1), "", f"not valid TOML: {reason}")]) from None


def _mistake(text: str, source: str, message: str) -> Mistake:
    """What the parser complains about, with its place, which it has at the end of its message."""
    reason, _, where = message.partition(" (at ")
    numbers = [int(number) for number in re.findall(r"\d+", where)]
    lines = text.splitlines() or [""]
    line, column = (numbers[0], numbers[1]) if len(numbers) == 2 else (len(lines), len(lines[-1]) + 1)
    problem = reason[:1].lower() + reason[1:]
    return Mistake(
        Place(source, line, column), "", f"not valid TOML: {one_line(problem)}{_remedy(lines, line, reason)}"
    )


def _remedy(lines: list[str], line: int, reason: str) -> str:
    written = lines[min(line, len(lines)) - 1]
    if any(_OLD_SECTION.match(each) for each in lines):
        return (
            '; this looks like the configuration of Burrow 0.x ([kafka "local"]): write it in the form of Burrow 1.x'
            " ([cluster.local]) first"
        )
    if "Cannot declare" in reason or "overwrite" in reason:
        return "; a section or key is given twice: put what belongs together under one, and take the other out"
    if "escape" in reason or "\\" in written:
        return '; in "..." write \\\\ for a backslash, or put the text between single quotes, which keep it as it is'
    if re.search(r"=\s*(?!true\b|false\b)[A-Za-z/]", written):
        return '; text needs quotes: key="text"'
    if re.search(r"=\s*\[[^\]]*$", written):
        return '; a list needs a bracket at its end: ["text", "text"]'
    return '; sections are written [cluster.name], and keys as name="text", name=5 or name=["text", "text"]'


def _places(text: str, source: str) -> Iterator[tuple[Path, Place]]:
    """Where each section and key is written; what is written inside braces has no place of its own."""
    section: Path = ()
    for number, line in enumerate(_TEXT_OR_COMMENT.sub(_on_one_line, text).split("\n"), start=1):
        if header := _HEADER.match(line):
            section = _path(header[1])
            for length in range(1, len(section) + 1):
                yield section[:length], Place(source, number, header.start(1) + 1)
        elif key := _KEY.match(line):
            yield (*section, *_path(key[1])), Place(source, number, key.start(1) + 1)


def _on_one_line(match: re.Match[str]) -> str:
    """Text over several lines as that many empty lines, no comment, and other text as it is."""
    found = match[0]
    if found.startswith("#"):
        return ""
    return "\n" * found.count("\n") if "\n" in found else found


def _path(names: str) -> Path:
    return tuple(name.strip("\"'").lower() for name in re.findall(_NAME, names))
