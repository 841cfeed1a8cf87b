"""One partition as it was seen at one time after another, and what was said of it each time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import empty
from exporter.core.model import Observation, Status
from exporter.core.partitions import PartitionReport
from exporter.core.report import Report
from tests.support.observations import group, observation

DEFAULT = EvaluationSettings()
AT_ONCE = EvaluationSettings(patience=DEFAULT.window)
"""For runs that are about something else than a rhythm: one that is not known excuses nothing."""

HOUR = 3600


def looks(
    seconds: Iterable[int],
    committed: Callable[[int], int],
    end: Callable[[int], int] = lambda at: at,
    *,
    state: str = "Stable",
    protocol: str = "consumer",
    more: dict[str, Any] | None = None,
    **of_group: Any,
) -> list[Observation]:
    """Group g on partition 0 of topic t; one record a second is produced unless ``end`` says otherwise."""
    return [
        observation(
            at,
            {"g": group({"t": [committed(at)]}, state=state, protocol=protocol, **of_group)},
            {"t": [end(at)]},
            **(more or {}),
        )
        for at in seconds
    ]


def judged(run: Iterable[Observation], settings: EvaluationSettings = DEFAULT) -> list[Report]:
    """The report on each of these."""
    found, history = [], empty(settings)
    for each in run:
        history, report = advance(history, each, settings)
        found.append(report)
    return found


def partition(report: Report, name: str = "g") -> PartitionReport:
    """The group's first partition."""
    return next(iter(report.partitions(report.groups[name])))


def told(run: Sequence[Observation], settings: EvaluationSettings = DEFAULT) -> list[tuple[int, Status]]:
    """The status at each time (s, since the first look) at which it is another than before."""
    changes: list[tuple[int, Status]] = []
    for each in judged(run, settings):
        status = partition(each).status
        if not changes or changes[-1][1] != status:
            changes.append(((each.at - run[0].at) // 1000, status))
    return changes
