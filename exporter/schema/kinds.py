"""The kinds of value that a key can have: how each is written, read and shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from exporter.name_pattern import NamePattern
from exporter.quoting import one_line, quoted
from exporter.schema import durations
from exporter.schema.inputs import Inputs
from exporter.schema.mistakes import Invalid, suggestion

HIDDEN = "<hidden>"
"""Shown in place of a secret."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value.

    ``what`` is how it is written, for messages; ``read`` turns a scalar's text into the value or raises `Invalid`;
    ``to_yaml`` turns the value into what YAML has for it, ``unset`` is what it has for None. ``many``: the value is a
    list, or one text, which ``many`` takes apart. ``metavar``: what the help of a flag has for it. ``from_file``: the
    kind of a path to a file that holds the value.
    """

    what: str
    read: Callable[[str, Inputs], Any]
    to_yaml: Callable[[Any], Any] = field(default=lambda value: value)
    many: Callable[[str], list[str]] | None = None
    metavar: str = "VALUE"
    from_file: Kind | None = None
    unset: Any = None

    def show(self, value: Any) -> Any:
        """The value as YAML has it; None if there is nothing to show."""
        return self.unset if value is None else self.to_yaml(value)


def commas(text: str) -> list[str]:
    """The items of a text with commas."""
    return [item.strip() for item in text.split(",")]


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

    return Kind("a duration (150s, 2m30s, 900ms, or seconds)", read, durations.write, metavar="DURATION")


def choice(what: str, *options: str) -> Kind:
    """One of a few words."""

    def read(text: str, _: Inputs) -> str:
        if text in options:
            return text
        hint = suggestion(text, options)
        raise Invalid(f"{quoted(text)} is not {what}; use one of {', '.join(options)}" + (f" ({hint})" if hint else ""))

    return Kind(" | ".join(options), read, metavar="|".join(options))


def choices(what: str, known: tuple[str, ...]) -> Kind:
    """Some of many words."""

    def read(text: str, _: Inputs) -> str:
        if text not in known:
            hint = suggestion(text, known) or f"there are {', '.join(known)}"
            raise Invalid(f"{quoted(text)} is no {what}; {hint}")
        return text

    return Kind(f"a list of {what}s", read, list, many=commas)


def _boolean(text: str, _: Inputs) -> bool:
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


_ONLY_PYTHON = re.compile(r"\(\?(<?[=!]|P=|>|\()|\\[1-9]|[*+?}]\+")
"""What Python's syntax has beyond RE2's: lookaround, backreferences, conditions, possessive quantifiers."""


def _regex(text: str, _: Inputs) -> NamePattern | None:
    if not text:
        return None
    try:
        return NamePattern(text)
    except ValueError as error:
        # RE2's own message repeats what is wrong of the expression, but not always on one line.
        reason = one_line(str(error))
        hint = "; it has no lookaround and no backreferences" if _ONLY_PYTHON.search(text) else ""
        raise Invalid(f"{quoted(text)} is not a regular expression of RE2: {reason}{hint}") from error


def _needed_regex(text: str, inputs: Inputs) -> NamePattern | None:
    if not text:
        raise Invalid('is empty; ".*" matches every name')
    return _regex(text, inputs)


def _secret(text: str, inputs: Inputs) -> str:
    """The text itself, or, for one that is ``${NAME}`` as a whole, that environment variable.

    Only as a whole, so that a password with a dollar or a brace in it needs no escaping.
    """
    named = re.fullmatch(r"\$\{(.*)\}", text, re.DOTALL)
    return inputs.variable(named[1]) if named else _words(text, inputs)


BOOLEAN = Kind("true | false", _boolean)
TEXT = Kind("text", _words)
FILE = Kind("a file", lambda text, inputs: inputs.readable(text), metavar="FILE")
DIRECTORY = Kind("text", _words, metavar="DIR")
REGEX = Kind('a regular expression; "" is none', _regex, lambda value: value.pattern, unset="")
NEEDED_REGEX = Kind("a regular expression", _needed_regex, lambda value: value.pattern)
SECRET_FILE = Kind("a file that holds it", lambda text, inputs: inputs.secret(text))
SECRET = Kind("text, or ${NAME} of an environment variable", _secret, lambda _: HIDDEN, from_file=SECRET_FILE)
LOGIN = Kind(SECRET.what, _secret, from_file=SECRET_FILE)
"""A name that goes with a secret: given as a secret is, but shown."""
