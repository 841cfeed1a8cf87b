"""Durations as Prometheus writes them: ``150s``, ``2m30s``, ``900ms``."""

from __future__ import annotations

import re

from exporter.quoting import quoted
from exporter.schema.mistakes import Invalid

UNITS = (("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000))
"""Units from long to short, in milliseconds, as in Prometheus' ``model.ParseDuration``; "ms" itself comes last."""

LONGEST = 366 * 86_400.0
"""Longest duration that makes sense for any setting, in seconds."""

_NUMBER = re.compile(r"-?(\d{1,18}(\.\d{0,18})?|\.\d{1,18})", re.ASCII)
_UNITS = re.compile("".join(rf"(?:(\d{{1,18}}){unit})?" for unit in [*(name for name, _ in UNITS), "ms"]), re.ASCII)


def read(text: str) -> float:
    """Seconds: 150.0 for ``2m30s``, for ``150s`` and for ``150``."""
    if _NUMBER.fullmatch(text):
        seconds = float(text)
    elif text and (match := _UNITS.fullmatch(text)):
        factors = [*(factor for _, factor in UNITS), 1]
        seconds = (
            sum(int(count) * factor for count, factor in zip(match.groups(), factors, strict=True) if count) / 1000
        )
    else:
        raise Invalid(f"{quoted(text)} is not a duration; write it as 150s, 2m30s, 900ms, or a number of seconds")
    if seconds < 0:
        raise Invalid(f"{text} is out of range; a duration cannot be negative")
    if seconds > LONGEST:
        raise Invalid(f"{text} is out of range; longer than a year")
    return seconds


def write(seconds: float) -> str:
    """The duration in short form: ``150s`` for 150.0, ``1h30m`` for 5400.0; up to ten minutes in seconds."""
    left, text = round(seconds * 1000), ""
    for unit, factor in UNITS[3:] if seconds > 600 else UNITS[-1:]:
        count, left = divmod(left, factor)
        text += f"{count}{unit}" if count else ""
    if left:
        text += f"{left}ms"
    return text or "0s"
