"""The numbers of the families with few series, read from a cluster's outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from exporter import clock
from exporter.core.failures import summarized
from exporter.core.groups import GroupReport
from exporter.core.model import NOT_READ, ShareGroup, Status
from exporter.core.report import Outcome
from exporter.metrics.family import LabelValues

Numbered = Iterable[tuple[LabelValues, float]]
"""Values, each with the label values after ``cluster``."""


def judged(group: GroupReport, number: float) -> float | None:
    """The number, or None for a group that is not judged, or has no commit that can be."""
    return None if group.worst == Status.NOTFOUND else number


def status(group: GroupReport) -> float | None:
    """The group's status, None where it is not known."""
    return None if group.status == Status.NOTFOUND else group.status


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
    return outcome.report.groups.values() if outcome.report else ()


def share_group_lag(outcome: Outcome) -> Numbered:
    """The sum of each share group's known lags."""
    for name, lags in _share_group_lags(outcome):
        if lags:
            yield (name,), sum(lag for *_, lag in lags)


def share_group_partitions(outcome: Outcome) -> Numbered:
    """On how many partitions the lag of each share group is known."""
    return (((name,), len(lags)) for name, lags in _share_group_lags(outcome))


def share_group_partition_lag(outcome: Outcome) -> Numbered:
    """Each share group's lag on each partition on which it is known."""
    for name, lags in _share_group_lags(outcome):
        yield from (((name, str(partition), topic), lag) for topic, partition, lag in lags)


def share_group_info(outcome: Outcome) -> Numbered:
    """1 for each share group, labelled with what Kafka says about it."""
    for name, group in _share_groups(outcome):
        yield (name, group.state, str(group.coordinator)), 1


def _share_groups(outcome: Outcome) -> Iterable[tuple[str, ShareGroup]]:
    return sorted(outcome.report.share_groups.items()) if outcome.report else ()


def _share_group_lags(outcome: Outcome) -> Iterator[tuple[str, list[tuple[str, int, int]]]]:
    """Each share group with its known lags: topic, partition and records."""
    for name, group in _share_groups(outcome):
        lags = ((topic, *pair) for topic, column in sorted(group.lags.items()) for pair in enumerate(column.tolist()))
        yield name, [known for known in lags if known[2] != NOT_READ]


def brokers(outcome: Outcome) -> Numbered:
    """The number of brokers."""
    if outcome.report:
        yield (), outcome.report.brokers


def stages(outcome: Outcome) -> Numbered:
    """The seconds that each stage of the collection took."""
    if outcome.report:
        yield from (((stage,), seconds) for stage, seconds in sorted(outcome.report.stages.items()))


def requests(outcome: Outcome) -> Numbered:
    """The number of requests of each kind."""
    if outcome.report:
        yield from (((kind,), count) for kind, count in sorted(outcome.report.requests.items()))


def not_evaluated(outcome: Outcome) -> Numbered:
    """The number of groups of each type that is not judged."""
    if outcome.report:
        counts = Counter(outcome.report.not_evaluated.values())
        yield from (((kind,), count) for kind, count in sorted(counts.items()))


def failures(outcome: Outcome) -> Numbered:
    """The number of failures of each scope and reason; also of a cluster that is down."""
    return sorted(((summary.scope, summary.reason), summary.count) for summary in summarized(outcome.failures))


def collected(outcome: Outcome) -> Numbered:
    """When the cluster was last read (s), also for one that is down now."""
    if outcome.last_read is not None:
        yield (), outcome.last_read / 1000 + clock.step()


def age(outcome: Outcome) -> Numbered:
    """How long ago the oldest of the offsets that are shown were read (s)."""
    if outcome.report and outcome.last_read is not None:
        yield (), clock.now() - outcome.last_read / 1000
