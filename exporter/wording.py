"""Durations, reasons and failures in words, the same in the log, on pages, in tables and in JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from exporter.core.failures import summarized
from exporter.core.model import Failure
from exporter.core.reasons import Reason
from exporter.core.rules import Rule

MAX_NAMED: Final = 3
"""Of many failures of the same kind this many are named."""

_FAILURE_REASONS: Final = {
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


def duration(seconds: float) -> str:
    """A duration in its two largest units: 45 s, 2 min 30 s, 7 min, 2 h 5 min, 3 d 4 h."""
    whole = round(seconds)
    for unit, name, part, part_name in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min")):
        if whole >= unit:
            rest = whole % unit // part
            return f"{whole // unit} {name}" + (f" {rest} {part_name}" if rest else "")
    if whole >= 300:
        return f"{whole // 60} min"
    if whole >= 120:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole} s"


def explanation(reason: Reason) -> str:  # noqa: C901 - a table of cases
    """A reason as a sentence: "has stayed at 4,120 for 7 min, although it usually moves after 40 s; 312 behind"."""
    behind = f"{reason.current_lag:,} behind"
    moved = reason.last_offset - reason.first_offset
    match reason.rule:
        case Rule.CAUGHT_UP if reason.current_lag == 0:
            return f"caught up at offset {reason.last_offset:,}"
        case Rule.CAUGHT_UP:
            return f"{behind}, which is within the allowed {reason.allowed_lag:,}"
        case Rule.BEYOND_END:
            return f"its commit, {reason.last_offset:,}, lies beyond the end of the log, which was cut off or recreated"
        case Rule.AT_MARKERS:
            return f"caught up at offset {reason.last_offset:,}: only transaction markers follow ({behind})"
        case Rule.KEEPING_UP if moved > 0:
            return f"{behind}, but it keeps up: {moved:,} consumed; the window spans {duration(reason.span)}"
        case Rule.KEEPING_UP:
            return f"{behind}, but only for {duration(reason.silence)}"
        case Rule.PAUSING:
            return f"{behind}; {_silent(reason)}, which is no longer than it may take: {_rhythm(reason)}"
        case Rule.YOUNG:
            return f"{behind}; watched for {duration(reason.span + reason.since_commit)}, too short to say more"
        case Rule.STOPPED:
            return f"{_silent(reason)}, and no consumer is there; {_rhythm(reason)}; {behind}"
        case Rule.STALLED:
            return f"{_silent(reason)} while a consumer is assigned; {_rhythm(reason)}; {behind}"
        case Rule.FALLING_BEHIND:
            grew = f"its lag grew by {duration(reason.lag_growth)} in {duration(reason.growth_span)}"
            return f"{grew}, although it consumed {moved:,}; {behind}"
        case Rule.REWOUND:
            return f"{_went_back(reason)}; {behind}"


def _silent(reason: Reason) -> str:
    """For how long nothing moved; a commit with its own time was made then."""
    silence = max(reason.silence, 0.0) or reason.since_commit
    return f"has stayed at {reason.last_offset:,} for {duration(silence)}"


def _rhythm(reason: Reason) -> str:
    if reason.usual_silence is None:
        return f"its rhythm is not known yet, so up to {duration(reason.tolerated_silence)} is tolerated"
    return f"it usually moves within {duration(reason.usual_silence)}, and has {duration(reason.tolerated_silence)} to"


def _went_back(reason: Reason) -> str:
    since = f" and is at {reason.last_offset:,} again" if reason.last_offset > reason.lowest_offset else ""
    return f"went back from {reason.highest_offset:,} to {reason.lowest_offset:,}{since}"


def failures_on_one_line(failures: Iterable[Failure]) -> str:
    """The failures: how many of each scope and reason, and the first few by name."""
    return ", ".join(
        f"{summary.count} {summary.scope} {summary.reason} ({', '.join(summary.subjects[:MAX_NAMED])}"
        f"{', ...' if summary.count > MAX_NAMED else ''})"
        for summary in summarized(failures)
    )


def failure_reason(reason: str) -> str:
    """The meaning of a failure's reason, with the word that the metrics use for it."""
    meaning = _FAILURE_REASONS.get(reason)
    return f"{meaning} ({reason})" if meaning else reason
