"""What a collection found about one cluster: an immutable value that every page is built from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from exporter.core import rules
from exporter.core.evaluation import EvaluationSettings
from exporter.core.groups import Columns, GroupReport, group_reports
from exporter.core.history import History
from exporter.core.model import NO_OFFSET, Failure, Int64s, Observation
from exporter.core.timeline import behind

MAX_NAMED: Final = 3
"""Of many failures of the same kind this many are named."""


@dataclass(frozen=True, slots=True)
class Report:
    """One cluster after one collection, at ``at`` (ms since the epoch).

    ``end_offsets``, ``start_offsets`` and ``stable_offsets`` are by topic and partition id, NOT_READ where unread.
    """

    cluster: str
    at: int
    history: History
    columns: Columns
    groups: Mapping[str, GroupReport]
    end_offsets: Mapping[str, Int64s]
    start_offsets: Mapping[str, Int64s]
    stable_offsets: Mapping[str, Int64s]
    not_evaluated: Mapping[str, str]
    brokers: int
    failures: tuple[Failure, ...]
    requests: Mapping[str, int]
    stages: Mapping[str, float]


def report(history: History, seen: Observation, settings: EvaluationSettings) -> Report:
    """The report on an observation, the newest one that has been folded into ``history``."""
    layout, now = history.group_topics, history.now
    if now is None:
        raise ValueError("a report needs a history into which its observation has been folded")
    lag_seconds, lag_is_bound = behind(
        history.timeline, history.end_row, committed=now.committed, end=now.end, lag=now.lag, at=seen.at
    )
    columns = Columns(
        partition=np.arange(layout.rows) - np.repeat(layout.starts[:-1], np.diff(layout.starts)),
        shown=now.shown,
        unreadable=~now.shown & (now.committed != NO_OFFSET),
        committed=now.committed,
        start=now.start,
        end=now.end,
        lag=now.lag,
        lost=now.lost,
        lag_seconds=lag_seconds,
        lag_is_bound=lag_is_bound,
        verdicts=rules.judge(history, now.lag, seen.at, settings),
    )
    return Report(
        cluster=seen.cluster,
        at=seen.at,
        history=history,
        columns=columns,
        groups=group_reports(history, columns, seen),
        end_offsets=seen.end_offsets,
        start_offsets=seen.start_offsets,
        stable_offsets=seen.stable_offsets,
        not_evaluated=seen.other_groups,
        brokers=seen.brokers,
        failures=seen.failures,
        requests=seen.requests,
        stages=seen.stages,
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a page can show of one cluster.

    ``report`` is None where nothing can be shown; ``failures`` then say why. ``up`` is True if the last
    collection read the cluster and is what ``report`` holds. ``last_read``: when (ms) one last did, None if none has.
    """

    cluster: str
    report: Report | None
    failures: tuple[Failure, ...]
    up: bool
    last_read: int | None = None


def in_words(failures: Iterable[Failure]) -> str:
    """The failures for the log: how many of each scope and reason, and the first few by name."""
    subjects: dict[tuple[str, str], list[str]] = {}
    for failure in failures:
        subjects.setdefault((failure.scope, failure.reason), []).append(failure.subject)
    return ", ".join(
        f"{len(names)} {scope} {reason} ({', '.join(names[:MAX_NAMED])}{', ...' if len(names) > MAX_NAMED else ''})"
        for (scope, reason), names in sorted(subjects.items())
    )
