"""Numbers, times and verdicts in words for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from exporter.core.model import Status
from exporter.wording import duration

DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Badge:
    """How a status is shown: a word, a colour (``kind``, a class of the style sheet) and a shape (an SVG path)."""

    word: str
    kind: str
    shape: str
    meaning: str


_CIRCLE: Final = "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z"
_RING: Final = f"{_CIRCLE}m0 3a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z"
_TRIANGLE: Final = "M8 1.2 15.4 14.4H.6z"
_OCTAGON: Final = "M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z"

BADGES: Final = {
    Status.NOTFOUND: Badge("NONE", "none", _RING, "not judged, or not known"),
    Status.OK: Badge("OK", "ok", _CIRCLE, "keeps up"),
    Status.WARN: Badge("WARN", "warn", _TRIANGLE, "falls behind"),
    Status.ERR: Badge("ERR", "err", _OCTAGON, "stopped, stalled or rewound"),
    Status.STOP: Badge("STOP", "err", "M2 2h12v12H2z", "does not move, and no consumer has stayed"),
    Status.STALL: Badge("STALL", "err", "M2.5 2H7v12H2.5zM9 2h4.5v12H9z", "does not move, though a consumer is there"),
    Status.REWIND: Badge("REWIND", "err", "M8 2v12L.8 8zM15.2 2v12L8 8z", "went back"),
}

UNKNOWN: Final = Badge("UNKNOWN", "none", _RING, "some partitions could not be read, and none of the others is bad")

UP: Final = Badge("UP", "ok", _CIRCLE, "the last collection read the cluster")
PARTIAL: Final = Badge("PARTIAL", "warn", _TRIANGLE, "the last collection read the cluster, but not all of it")
LATE: Final = Badge("LATE", "warn", _TRIANGLE, "the collection is late; this is what the one before read")
DOWN: Final = Badge("DOWN", "err", _OCTAGON, "the last collection could not read the cluster")


def status(found: Status, unreadable: int) -> Badge:
    """The status of what has so many partitions that could not be read."""
    return UNKNOWN if found is Status.NOTFOUND and unreadable else BADGES[found]


def health(*, up: bool, shown: bool, failures: bool) -> Badge:
    """How a cluster is, of which something is ``shown`` or nothing."""
    if not up:
        return LATE if shown else DOWN
    return PARTIAL if failures else UP


def number(value: int) -> str:
    """A count with separators: 4,120."""
    return f"{value:,}"


def behind(seconds: float, *, lower_bound: bool) -> str:
    """A lag in seconds: "45 s", or "≥ 2 h 5 min" if only a lower bound is known."""
    text = "< 1 s" if 0 < seconds < 1 and not lower_bound else duration(seconds)
    return f"≥ {text}" if lower_bound else text


def rate(per_second: float) -> str:
    """A rate without its sign: "1,204/s", "8.2/s", "12/min" or, below one a minute, "30/h"."""
    for unit, factor in (("s", 1), ("min", 60), ("h", 3600)):
        value = abs(per_second) * factor
        if value >= 1 or unit == "h":
            return f"{value:,.0f}/{unit}" if value >= 10 else f"{value:.1f}/{unit}"
    raise AssertionError


def share(part: float) -> str:
    """A share in percent, never rounded up to the whole: 99 % for 0.999."""
    return f"{int(part * 100 + 1e-9)} %"


@dataclass(frozen=True, slots=True)
class Moment:
    """A time for machines, for people in UTC, and how long ago it was."""

    machine: str
    clock: str
    ago: str


def moment(at: int, now: int) -> Moment:
    """A time (ms) as seen at another; with the date if they are a day or more apart."""
    when = datetime.fromtimestamp(at / 1000, UTC)
    clock = f"{when:%H:%M:%S} UTC" if abs(now - at) < DAY_MS else f"{when:%Y-%m-%d %H:%M:%S} UTC"
    ago = f"{duration((now - at) / 1000)} ago" if now - at >= 500 else "just now"
    return Moment(f"{when:%Y-%m-%dT%H:%M:%SZ}", clock, ago)


def sentence(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]
