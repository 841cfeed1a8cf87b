"""JSON as Go's ``encoding/json`` writes it, which is what Burrow's clients expect."""

from __future__ import annotations

import json.encoder
import re
import struct
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

Value = None | bool | int | float | str | Sequence["Value"] | Mapping[str, "Value"]
"""What can be written. Mappings keep their order, as a Go struct's fields do."""

_ESCAPED: Final = re.compile("[<>&\u2028\u2029\ud800-\udfff]")
"""What Go escapes in addition, so that JSON can be embedded in HTML; half of a surrogate pair stands for a byte that is
not UTF-8, for which Go writes the replacement character."""


def encode(value: Value) -> bytes:
    r"""The value as JSON: no spaces, ``<`` ``>`` ``&`` escaped, no trailing newline.

    ``{"a<b": 0.5}`` is ``{"a\u003cb":0.5}``.
    """
    return _ESCAPED.sub(_escape, _text(value)).encode()


def float32(number: float) -> str:
    """The fewest digits that identify a 32-bit float: 1, 0.5, 0.33333334."""
    single = _single(number)
    shortest = next(text for digits in range(1, 10) if _single(float(text := f"{single:.{digits}g}")) == single)
    if 0 < abs(single) < _single(1e-6):
        mantissa, exponent = f"{Decimal(shortest):e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{Decimal(shortest):f}"


def _single(number: float) -> float:
    """The nearest 32-bit float."""
    single: float = struct.unpack("f", struct.pack("f", number))[0]
    return single


def _escape(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\u{0xFFFD if 0xD800 <= number <= 0xDFFF else number:04x}"


def _text(value: Value) -> str:
    if isinstance(value, str):
        return json.encoder.encode_basestring(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return float32(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_text(key)}:{_text(held)}" for key, held in value.items()) + "}"
    return "[" + ",".join(map(_text, value)) + "]"
