"""Numbers, times and verdicts in words for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from exporter.core.model import Failure, Status
from exporter.core.reasons import duration

DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Badge:
    """How a status is shown: a word, a colour (``kind``, a class of the style sheet) and a shape (an SVG path)."""

    word: str
    kind: str
    shape: str
    meaning: str


_CIRCLE: Final = "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z"
_TRIANGLE: Final = "M8 1.2 15.4 14.4H.6z"
_OCTAGON: Final = "M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z"

BADGES: Final = {
    Status.NOTFOUND: Badge("NONE", "none", f"{_CIRCLE}m0 3a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z", "no readable commit"),
    Status.OK: Badge("OK", "ok", _CIRCLE, "keeps up"),
    Status.WARN: Badge("WARN", "warn", _TRIANGLE, "falls behind"),
    Status.ERR: Badge("ERR", "err", _OCTAGON, "stopped, stalled or rewound"),
    Status.STOP: Badge("STOP", "err", "M2 2h12v12H2z", "no longer commits"),
    Status.STALL: Badge("STALL", "err", "M2.5 2H7v12H2.5zM9 2h4.5v12H9z", "commits the same offset again"),
    Status.REWIND: Badge("REWIND", "err", "M8 2v12L.8 8zM15.2 2v12L8 8z", "went back"),
}

UP: Final = Badge("UP", "ok", _CIRCLE, "the last collection read the cluster")
PARTIAL: Final = Badge("PARTIAL", "warn", _TRIANGLE, "the last collection read the cluster, but not all of it")
DOWN: Final = Badge("DOWN", "err", _OCTAGON, "the last collection could not read the cluster")

_REASONS: Final = {
    "authentication": "Kafka refused the credentials",
    "broker_not_available": "the broker has just started and does not know the cluster yet",
    "configuration": "the connection cannot be set up as it is configured",
    "connection": "no connection could be made, or it broke",
    "coordinator_not_available": "the group's commits have no leader, so nobody can read them",
    "deadline": "the collection had not ended when this page was requested; it continues",
    "internal_error": "an unexpected error; the exporter's log has its traceback",
    "invalid_response": "what was received is not a valid response",
    "no_leader": "the partition has no leader",
    "not_coordinator": "the group is being handed over to another broker",
    "resources": "the system has no thread, file descriptor or memory left",
    "several_coordinators": "two brokers list the group; one of them does so from old memory",
    "throttling_quota_exceeded": "the broker throttles this client",
    "timeout": "no answer in time",
    "unsupported_version": "the broker does not support the request",
}


def number(value: int) -> str:
    """A count with separators: 4,120."""
    return f"{value:,}"


def behind(seconds: float, *, bound: bool) -> str:
    """A lag in seconds: "45 s", or "≥ 2 h 5 min" if only a lower bound is known."""
    text = "< 1 s" if 0 < seconds < 1 and not bound else duration(seconds)
    return f"≥ {text}" if bound else text


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


def reason_in_words(reason: str) -> str:
    """The meaning of a failure's reason, with the word that the metrics use for it."""
    meaning = _REASONS.get(reason)
    return f"{meaning} ({reason})" if meaning else reason


@dataclass(frozen=True, slots=True)
class FailureSummary:
    """The failures of a collection with the same scope and reason: how many, and some of their names."""

    scope: str
    reason: str
    count: int
    subjects: tuple[str, ...]


def summarized(failures: Iterable[Failure], named: int = 8) -> list[FailureSummary]:
    """Failures by scope and reason, the most frequent first, of each at most ``named`` by name."""
    kinds = Counter((failure.scope, failure.reason) for failure in failures)
    subjects: dict[tuple[str, str], list[str]] = {kind: [] for kind in kinds}
    for failure in failures:
        of_kind = subjects[failure.scope, failure.reason]
        if len(of_kind) < named:
            of_kind.append(failure.subject)
    return [
        FailureSummary(scope, reason_in_words(reason), count, tuple(subjects[scope, reason]))
        for (scope, reason), count in kinds.most_common()
    ]
