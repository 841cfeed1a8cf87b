"""A YAML file → its tree."""

from __future__ import annotations

from pathlib import Path

from exporter.schema.document import Node, parse
from exporter.schema.mistakes import ConfigError, Mistake, Place

LARGEST_FILE = 10_000_000
"""In bytes; a larger file is not a configuration."""


def document(file: str) -> tuple[Node | None, list[Mistake]]:
    """The tree of a file and the mistakes in its form; no tree if it is empty or not YAML.

    Raises `ConfigError` if the file cannot be read.
    """
    try:
        with Path(file).open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise ConfigError([Mistake(Place(file or '""'), "", f"cannot be read: {reason}")]) from error
    if len(content) > LARGEST_FILE:
        raise ConfigError([Mistake(Place(file), "", "too large to be a configuration")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        place = Place(file, before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1)
        raise ConfigError([Mistake(place, "", f"not UTF-8 text ({error.reason})")]) from error
    return parse(text, file)
