"""The numbers of the families with few series, read from a cluster's outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from exporter.core.failures import summarized
from exporter.core.groups import GroupReport
from exporter.core.model import MEMBERLESS_STATES, Status
from exporter.core.report import Outcome
from exporter.metrics.family import LabelValues

Numbered = Iterable[tuple[LabelValues, float]]
"""Values, each with the label values after ``cluster``."""


def judged(group: GroupReport, number: float) -> float | None:
    """The number, or None for a group that is not judged, or has no commit that can be."""
    return None if group.status == Status.NOTFOUND else number


def measured(group: GroupReport, number: float) -> float | None:
    """The number, or None for a group without a commit that can be read."""
    return number if group.partitions else None


def info(outcome: Outcome) -> Numbered:
    """1 for each group, labelled with what Kafka says about it."""
    for group in _groups(outcome):
        coordinator = "" if group.coordinator is None else str(group.coordinator)
        yield (group.name, group.state, group.type, group.protocol, coordinator), 1


def subscribed(outcome: Outcome) -> Numbered:
    """Whether each group consumes each topic that it has commits on, where that is known."""
    for group in _groups(outcome):
        for topic, consumed in group.subscribed.items():
            yield (group.name, topic), consumed


def _groups(outcome: Outcome) -> Iterable[GroupReport]:
    return outcome.report.groups.values() if outcome.up and outcome.report else ()


def brokers(outcome: Outcome) -> Numbered:
    """The number of brokers."""
    if outcome.up and outcome.report:
        yield (), outcome.report.brokers


def stages(outcome: Outcome) -> Numbered:
    """The seconds that each stage of the collection took."""
    if outcome.up and outcome.report:
        yield from (((stage,), seconds) for stage, seconds in sorted(outcome.report.stages.items()))


def requests(outcome: Outcome) -> Numbered:
    """The number of requests of each kind."""
    if outcome.up and outcome.report:
        yield from (((kind,), count) for kind, count in sorted(outcome.report.requests.items()))


def not_evaluated(outcome: Outcome) -> Numbered:
    """The number of groups of each type that is not judged."""
    if outcome.up and outcome.report:
        counts = Counter(outcome.report.not_evaluated.values())
        yield from (((kind,), count) for kind, count in sorted(counts.items()))


def failures(outcome: Outcome) -> Numbered:
    """The number of failures of each scope and reason; also of a cluster that is down."""
    return sorted(((summary.scope, summary.reason), summary.count) for summary in summarized(outcome.failures))


def collected(outcome: Outcome) -> Numbered:
    """When the cluster was last read (s), also for one that is down now."""
    if outcome.last_read is not None:
        yield (), outcome.last_read / 1000
