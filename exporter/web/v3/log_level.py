"""The log level, in Burrow's words."""

from __future__ import annotations

import json
import logging
from typing import Any, Final

WORDS: Final = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "fatal": logging.CRITICAL,
}
"""The words that are accepted, in any case."""

SHOWN: Final = {
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warn",
    logging.ERROR: "error",
    logging.CRITICAL: "fatal",
}
"""The words that are shown, by the lowest level that they stand for."""


class Undecodable(ValueError):
    """A body that does not begin with a JSON object, or has no text as its level."""


def shown(level: int) -> str:
    """The word for a level of `logging`."""
    return next((word for least, word in reversed(SHOWN.items()) if level >= least), "debug")


def requested(body: bytes) -> str:
    """The word in ``{"level": "debug"}``, as Go decodes it: keys in any case, trailing text ignored.

    Raises:
        Undecodable: the body has no such word.
    """
    try:
        found, _ = _DECODER.raw_decode(body.decode("utf-8", "replace").lstrip(" \t\r\n"))
    except (ValueError, RecursionError) as error:
        raise Undecodable from error
    if found is None:
        return ""
    if not isinstance(found, _Members):
        raise Undecodable
    level = ""
    for key, value in found:
        if key.lower() != "level" or value is None:
            continue
        if not isinstance(value, str):
            raise Undecodable
        level = value
    return level


class _Members(list[tuple[str, Any]]):
    """The members of an object, in order."""


def _refuse(word: str) -> Any:
    raise Undecodable(f"{word} is not JSON")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_Members, parse_constant=_refuse)
