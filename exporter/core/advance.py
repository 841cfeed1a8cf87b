"""The core's one step: a history and an observation become the next history and a report."""

from __future__ import annotations

from exporter.core.evaluation import EvaluationSettings
from exporter.core.groups import group_reports
from exporter.core.history import History, fold
from exporter.core.model import Observation
from exporter.core.partitions import PartitionColumns
from exporter.core.report import Report
from exporter.core.rules import judge
from exporter.core.timeline import lag_in_seconds


def advance(history: History, observation: Observation, settings: EvaluationSettings) -> tuple[History, Report]:
    """The history after an observation, and the report on it.

    The history may have been kept with other settings; of its windows the newest entries stay.
    """
    after, now = fold(history, observation, settings)
    lag_seconds, lag_is_lower_bound = lag_in_seconds(
        after.timeline, after.end_row, committed=now.committed, end=now.end, lag=now.lag, at=now.at
    )
    columns = PartitionColumns(
        history=after,
        snapshot=now,
        lag_seconds=lag_seconds,
        lag_is_lower_bound=lag_is_lower_bound,
        verdicts=judge(after, now.lag, now.at, settings),
    )
    report = Report(
        cluster=observation.cluster,
        at=observation.at,
        settings=settings,
        columns=columns,
        groups=group_reports(columns, observation),
        end_offsets=observation.end_offsets,
        not_evaluated=observation.other_groups,
        brokers=observation.brokers,
        failures=observation.failures,
        requests=observation.requests,
        stages=observation.stages,
    )
    return after, report
