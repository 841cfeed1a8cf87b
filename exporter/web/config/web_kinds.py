"""The kinds of value that only a web configuration has."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from exporter.quoting import quoted
from exporter.schema.inputs import Inputs
from exporter.schema.kinds import Kind, choices, commas
from exporter.schema.mistakes import Invalid
from exporter.web.config.go_names import CURVES as KNOWN_CURVES
from exporter.web.config.go_names import OF_TLS13
from exporter.web.config.go_names import SUITES as KNOWN_SUITES

_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_BCRYPT: Final = re.compile(r"\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}", re.ASCII)
"""Four bits of the salt's last character are unused; bcrypt refuses to compare if one of them is set."""
_PART: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|us|µs|ns|h|m|s)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pem:
    """Certificates or a key in PEM form: the file that holds them or, if ``path`` is None, the text itself."""

    text: bytes = field(repr=False)
    path: str | None = None


def _pem_file(text: str, inputs: Inputs) -> Pem:
    return Pem(inputs.content(text), inputs.readable(text))


def _pem(text: str, _: Inputs) -> Pem:
    if "-----BEGIN " not in text:
        # The text is not shown: it may be a key.
        raise Invalid("holds nothing in PEM form (-----BEGIN ...); a file is named by the key that ends in _file")
    return Pem(text.encode())


def _bcrypt(text: str, _: Inputs) -> str:
    match = _BCRYPT.fullmatch(text)
    if match is None or not 4 <= int(match[1]) <= 31:
        # The text is not shown: it may be the password.
        raise Invalid('is not a bcrypt hash ($2y$10$ and 53 more characters), such as `htpasswd -nBC 10 ""` makes')
    return text


def _user(text: str, _: Inputs) -> str:
    if not text or ":" in text:
        raise Invalid("a user's name must not be empty or contain a colon")
    return text


def _interval(text: str, _: Inputs) -> float:
    if text == "0":
        return 0.0
    if not re.fullmatch(f"(?:{_PART.pattern})+", text, re.ASCII):
        raise Invalid(
            f"{quoted(text)} is not a duration with its unit; write it as 1s, 500ms or 1.5s, or 0 for no limit"
        )
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def _header(text: str, _: Inputs) -> str:
    if not re.fullmatch(r"[ -~]*", text):
        raise Invalid("must be printable ASCII")
    return text


def one_of_header(*allowed: str) -> Kind:
    """The value of a header that has only these; empty counts as not given."""

    def read(text: str, _: Inputs) -> str:
        if text not in ("", *allowed):
            raise Invalid(f"{quoted(text)} is not an allowed value; use {' or '.join(allowed)}")
        return text

    return Kind(" | ".join(allowed), read)


PEM: Final = Kind("text in PEM form", _pem, from_file=Kind("a file in PEM form", _pem_file))
BCRYPT: Final = Kind("a bcrypt hash", _bcrypt)
USER: Final = Kind("a name", _user)
INTERVAL: Final = Kind("a duration with its unit (1s, 500ms), or 0", _interval)
SUITES: Final = choices("cipher suite of Go's", (*OF_TLS13, *KNOWN_SUITES))
CURVES: Final = choices("curve of Go's", tuple(KNOWN_CURVES))
SANS: Final = Kind("a list of names", lambda text, _: text, many=commas)
HEADER: Final = Kind("text", _header)
