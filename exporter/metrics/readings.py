"""The numbers of the families with few series, read from a cluster's outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from exporter.core.groups import GroupReport
from exporter.core.model import Status
from exporter.core.report import Outcome
from exporter.metrics.family import LabelValues

Found = Iterable[tuple[LabelValues, float]]
"""Values, each with the label values after ``cluster``."""

MEMBERLESS_STATES: Final = frozenset({"Empty", "Dead"})
"""Group states in which there is no member."""


def judged(group: GroupReport, number: float) -> float | None:
    """The number, or None for a group without a commit that can be judged."""
    return None if group.status == Status.NOTFOUND else number


def members(group: GroupReport) -> float | None:
    """The number of members, or None while that is not known."""
    if group.state in MEMBERLESS_STATES:
        return 0
    return None if group.members is None else group.members.count


def info(outcome: Outcome) -> Found:
    """1 for each group, labelled with what Kafka says about it."""
    for group in _groups(outcome):
        coordinator = "" if group.coordinator is None else str(group.coordinator)
        yield (group.name, group.state, group.type, group.protocol, coordinator), 1


def subscribed(outcome: Outcome) -> Found:
    """Whether each group consumes each topic that it has commits on, where that is known."""
    for group in _groups(outcome):
        for topic, consumed in group.subscribed.items():
            yield (group.name, topic), consumed


def _groups(outcome: Outcome) -> Iterable[GroupReport]:
    return outcome.report.groups.values() if outcome.up and outcome.report else ()


def brokers(outcome: Outcome) -> Found:
    """The number of brokers."""
    if outcome.up and outcome.report:
        yield (), outcome.report.brokers


def stages(outcome: Outcome) -> Found:
    """The seconds that each stage of the collection took."""
    if outcome.up and outcome.report:
        yield from (((stage,), seconds) for stage, seconds in sorted(outcome.report.stages.items()))


def requests(outcome: Outcome) -> Found:
    """The number of requests of each kind."""
    if outcome.up and outcome.report:
        yield from (((kind,), count) for kind, count in sorted(outcome.report.requests.items()))


def not_evaluated(outcome: Outcome) -> Found:
    """The number of groups of each type that is not judged."""
    if outcome.up and outcome.report:
        counts = Counter(outcome.report.not_evaluated.values())
        yield from (((kind,), count) for kind, count in sorted(counts.items()))


def failures(outcome: Outcome) -> Found:
    """The number of failures of each scope and reason; also of a cluster that is down."""
    counts = Counter((failure.scope, failure.reason) for failure in outcome.failures)
    return sorted(counts.items())


def collected(outcome: Outcome) -> Found:
    """When the cluster was last read (s), also for one that is down now."""
    if outcome.last_read is not None:
        yield (), outcome.last_read / 1000
