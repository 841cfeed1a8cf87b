"""The core's one step: a history and an observation become the next history and a report."""

from __future__ import annotations

from dataclasses import replace

from exporter.core.evaluation import EvaluationSettings
from exporter.core.groups import group_reports
from exporter.core.history import History, fold
from exporter.core.model import Observation
from exporter.core.partitions import PartitionColumns
from exporter.core.recent_trouble import last_unhealthy
from exporter.core.report import Report
from exporter.core.rules import judge
from exporter.core.uncommitted import uncommitted


def advance(history: History, observation: Observation, settings: EvaluationSettings) -> tuple[History, Report]:
    """The history after an observation, and the report on it.

    The history may have been kept with other settings; of its windows the newest entries stay.
    """
    folded = fold(history, observation, settings)
    verdicts = judge(folded, folded.settings)
    told = replace(
        folded.history.commits,
        falling=verdicts.falling,
        deserted=verdicts.deserted,
        outlasted=verdicts.outlasted,
    )
    after = replace(folded.history, commits=told)
    columns = PartitionColumns(
        history=after,
        snapshot=folded.snapshot,
        lag_seconds=folded.lag_seconds,
        lag_is_lower_bound=folded.is_lower_bound,
        verdicts=verdicts,
    )
    groups = group_reports(columns, observation, uncommitted(folded, settings))
    after = replace(after, last_unhealthy=last_unhealthy(history.last_unhealthy, observation, groups.values()))
    report = Report(
        cluster=observation.cluster,
        at=observation.at,
        settings=settings,
        columns=replace(columns, history=after),
        groups=groups,
        end_offsets=observation.end_offsets,
        not_evaluated=observation.other_groups,
        share_groups=observation.share_groups,
        brokers=observation.brokers,
        failures=observation.failures,
        requests=observation.requests,
        stages=observation.stages,
        placement=observation.placement,
    )
    return after, report
