"""The kinds of value that a key can have: how each is written, read and shown."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from exporter.quoting import quoted
from exporter.schema import durations
from exporter.schema.addresses import listen_address, server, telemetry_path
from exporter.schema.inputs import Inputs
from exporter.schema.mistakes import Invalid, suggestion

HIDDEN = "<hidden>"
"""Shown in place of a secret."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value.

    ``what`` is how it is written, for messages and documentation; ``read`` turns a scalar's text into the value or
    raises `Invalid`; ``show`` turns the value into what YAML has for it. ``many``: a list, or one text with commas.
    """

    what: str
    read: Callable[[str, Inputs], Any]
    show: Callable[[Any], Any] = field(default=lambda value: value)
    many: bool = False
    secret: bool = False


def integer(low: int, high: int) -> Kind:
    """A whole number within bounds."""
    what = f"a whole number from {low} to {high}"

    def read(text: str, _: Inputs) -> int:
        if not re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
            raise Invalid(f"{quoted(text)} is not {what}")
        if not low <= int(text) <= high:
            raise Invalid(f"{text} is out of range; it must be {what}")
        return int(text)

    return Kind(what, read)


def share() -> Kind:
    """A number from 0 to 1."""
    what = "a number from 0 to 1"

    def read(text: str, _: Inputs) -> float:
        if not re.fullmatch(r"[+-]?(\d{1,18}(\.\d{0,18})?|\.\d{1,18})", text, re.ASCII):
            raise Invalid(f"{quoted(text)} is not {what}")
        if not 0 <= float(text) <= 1:
            raise Invalid(f"{text} is out of range; it must be {what}")
        return float(text)

    return Kind(what, read)


def duration(*, zero: bool = False) -> Kind:
    """A length of time in seconds, written as in Prometheus ("2m30s") or as a number of seconds."""

    def read(text: str, _: Inputs) -> float:
        seconds = durations.read(text)
        if seconds == 0 and not zero:
            raise Invalid("must be longer than 0")
        return seconds

    return Kind("a duration (150s, 2m30s, 900ms, or seconds)", read, durations.write)


def choice(what: str, *options: str) -> Kind:
    """One of a few words."""

    def read(text: str, _: Inputs) -> str:
        if text in options:
            return text
        hint = suggestion(text, options)
        raise Invalid(f"{quoted(text)} is not {what}; use one of {', '.join(options)}" + (f" ({hint})" if hint else ""))

    return Kind(" | ".join(options), read)


def _flag(text: str, _: Inputs) -> bool:
    word = text.lower()
    if word in {"true", "yes", "on"}:
        return True
    if word in {"false", "no", "off"}:
        return False
    raise Invalid(f"{quoted(text)} is neither true nor false")


def _words(text: str, _: Inputs) -> str:
    if not text.strip():
        raise Invalid("is empty")
    return text


def _regex(text: str, _: Inputs) -> re.Pattern[str] | None:
    if not text:
        return None
    try:
        # Something that Python only warns about ("possible nested set") is no reason to refuse the expression.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise Invalid(f"{quoted(text)} is not a Python regular expression: {error}") from error


def _url(text: str, _: Inputs) -> str:
    try:
        parts = urlsplit(text)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid or re.search(r"\s", text):
        raise Invalid(f"{quoted(text)} is not a URL; write it as https://host/path")
    return text


def _file(text: str, inputs: Inputs) -> str:
    return inputs.readable(text)


def _secret(text: str, inputs: Inputs) -> str:
    """The text itself, or, for one that is ``${NAME}`` as a whole, that environment variable.

    Only as a whole, so that a password with a dollar or a brace in it needs no escaping.
    """
    named = re.fullmatch(r"\$\{(.*)\}", text, re.DOTALL)
    return inputs.variable(named[1]) if named else _words(text, inputs)


def _origin(text: str, _: Inputs) -> str:
    if text != "*" and not re.fullmatch(r"https?://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?", text):
        raise Invalid(f"{quoted(text)} is not an origin; write it as https://host or http://host:port, or * for all")
    return text


def _secret_file(text: str, inputs: Inputs) -> str:
    return inputs.secret(text)


def _hidden(value: str | None) -> str | None:
    return None if value is None else HIDDEN


FLAG = Kind("true | false", _flag)
TEXT = Kind("text", _words)
TEXT_OR_VARIABLE = Kind("text, or ${NAME} of an environment variable", _secret)
SECRET = Kind("text, or ${NAME} of an environment variable", _secret, _hidden, secret=True)
SECRET_FILE = Kind("a file that holds it", _secret_file, secret=True)
FILE = Kind("a file", _file)
REGEX = Kind('a regular expression; "" is none', _regex, lambda value: "" if value is None else value.pattern)
URL = Kind("a URL", _url)
SERVERS = Kind("host:port or [ipv6]:port, one or more", lambda text, _: server(text), list, many=True)
LISTEN_ADDRESS = Kind("[host]:port", lambda text, _: listen_address(text))
ORIGIN = Kind("scheme://host[:port], or *", _origin)
TELEMETRY_PATH = Kind("a path", lambda text, _: telemetry_path(text))
