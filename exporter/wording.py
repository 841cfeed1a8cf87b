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
    "invalid_offset": "what is in its place in ZooKeeper is no offset",
    "no_leader": "the partition has no leader",
    "no_such_path": "ZooKeeper has no node `consumers` below the root of the settings",
    "not_authorized": "ZooKeeper does not let these credentials read it",
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


def explanation(reason: Reason) -> str:  # noqa: C901, PLR0912 - a table of cases
    """A reason as a sentence: "has left records waiting at 4,120 for 7 min while a consumer is assigned; ..."."""
    behind = f"{reason.current_lag:,} behind"
    match reason.rule:
        case Rule.NOT_EVALUATED:
            return f"not judged, as the settings say; {behind}"
        case Rule.CAUGHT_UP if reason.current_lag == 0:
            return f"caught up at offset {reason.last_offset:,}"
        case Rule.CAUGHT_UP:
            return f"{behind}, which is within the allowed {reason.allowed_lag:,}"
        case Rule.BEYOND_END:
            return f"its commit, {reason.last_offset:,}, lies beyond the end of the log, which was cut off or recreated"
        case Rule.AT_MARKERS:
            return f"{behind}, which is where it always comes to rest, so these are taken for transaction markers"
        case Rule.KEEPING_UP if reason.silence > 0:
            return f"{behind}, but only for {duration(reason.silence)}"
        case Rule.KEEPING_UP:
            return f"{behind}, but it keeps up: {_consumed(reason)}{_slight_growth(reason)}"
        case Rule.PAUSING:
            return f"{behind}; {_silent(reason)}; {_pace(reason)}"
        case Rule.YOUNG:
            return f"{behind}; watched for {duration(reason.span + reason.since_commit)}, too short to say more"
        case Rule.STOPPED:
            return f"{_silent(reason)}, and no consumer has stayed on it; {_pace(reason)}; {behind}"
        case Rule.STALLED:
            return f"{_silent(reason)} while a consumer is assigned; {_pace(reason)}; {behind}"
        case Rule.FALLING_BEHIND if reason.lag_growth > 0:
            grown = f"its lag grew by {duration(reason.lag_growth)} in {duration(reason.growth_span)}"
            return f"{grown}, although {_consumed(reason)}; {behind}"
        case Rule.FALLING_BEHIND:
            return f"its lag did not shrink, although {_consumed(reason)}; {behind}"
        case Rule.REWOUND:
            return f"{_went_back(reason)}; {behind}"


def _consumed(reason: Reason) -> str:
    """What was committed over the window."""
    return f"it consumed {reason.last_offset - reason.first_offset:,} in {duration(reason.span)}"


def _slight_growth(reason: Reason) -> str:
    """By how much lag has grown, where that is no more than chance explains."""
    if reason.lag_growth < 1:
        return ""
    return f"; its lag grew by {duration(reason.lag_growth)} in {duration(reason.growth_span)}, which may be chance"


def _silent(reason: Reason) -> str:
    """For how long nothing moved; a commit with its own time was made then."""
    silence = reason.silence if reason.silence > 0 else reason.since_commit
    return f"has left records waiting at {reason.last_offset:,} for {duration(silence)}"


def _pace(reason: Reason) -> str:
    """How often it usually moves and, where its silence was measured by that, how long it may take."""
    if reason.usual_silence is None:
        usual = "how often it moves is not known yet"
    elif reason.usual_silence < 1:
        usual = "it usually moves at every observation"
    else:
        usual = f"it usually moves within {duration(reason.usual_silence)}"
    if reason.rule is not Rule.PAUSING and reason.silence < reason.tolerated_silence:
        return usual
    return f"{usual}, so up to {duration(reason.tolerated_silence)} is tolerated"


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
