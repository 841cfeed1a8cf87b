"""The kinds of metric families. Nearly all are gauges, because a page shows one collection."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
import numpy.typing as npt

from exporter.core.groups import GroupReport
from exporter.core.model import Bools, Int64s, Status
from exporter.core.report import Outcome, Report
from exporter.settings import Granularity

Numbers = Int64s | npt.NDArray[np.int8] | npt.NDArray[np.float64]
LabelValues = tuple[str, ...]
GROUP: Final = "consumer_group"
"""The label that names a group."""

EVERY: Final[tuple[Granularity, ...]] = ("partition", "topic", "group")


@dataclass(frozen=True, slots=True)
class Names:
    """What labels are called. An empty name: there is no such label; the others are in alphabetical order.

    ``owner``: further labels that name the member to which a partition is assigned.
    """

    cluster: str = "cluster"
    group: str = GROUP
    partition: str = "partition"
    topic: str = "topic"
    owner: tuple[str, ...] = ()


OWN: Final = Names()


class Level(Enum):
    """What a row of a family of many series stands for; the value: the labels that name it."""

    GROUP = ("cluster", "group")
    GROUP_TOPIC = ("cluster", "group", "topic")
    GROUP_PARTITION = ("cluster", "group", "partition", "topic")
    TOPIC = ("cluster", "topic")
    TOPIC_PARTITION = ("cluster", "partition", "topic")

    def labels(self, names: Names) -> tuple[str, ...]:
        """What its labels are called, in alphabetical order."""
        named = (getattr(names, label) for label in self.value)
        return tuple(sorted([*filter(None, named), *(names.owner if self is Level.GROUP_PARTITION else ())]))


@dataclass(frozen=True, slots=True)
class Column:
    """One number for each row of a level, and which rows are shown."""

    numbers: Numbers
    shown: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A metric family, and at which granularities of a cluster it is exported; labels are in alphabetical order.

    A ``counter`` only rises, until what it counts begins anew; its name ends with ``_total``. ``once``: it is the same
    for every shard of an exporter, so only the first one exports it. ``peer``: the other exporter whose family it is,
    empty for the exporter's own. ``names``: what its labels are called.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    granularities: tuple[Granularity, ...] = EVERY
    counter: bool = False
    once: bool = False
    peer: str = ""
    names: Names = OWN

    @property
    def of_groups(self) -> bool:
        """True if each series belongs to a group."""
        return self.names.group in self.labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples(Family):
    """A family of few series: ``samples`` gives label values, in the order of ``labels``, and the number."""

    samples: Callable[[Outcome], Iterable[tuple[LabelValues, float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns(Family):
    """A family of many series: one for each shown row of a level, read from the report of a cluster that is up."""

    level: Level
    column: Callable[[Report], Column]


def per_group(
    name: str, meaning: str, value: Callable[[GroupReport], float | None], *, counter: bool = False
) -> Columns:
    """A family with one number for each group; a group with None has no series."""

    def column(report: Report) -> Column:
        numbers = np.array([value(group) for group in report.groups.values()], dtype=np.float64)
        return Column(numbers, ~np.isnan(numbers))

    return Columns(
        name=name, help=meaning, labels=Level.GROUP.labels(OWN), counter=counter, level=Level.GROUP, column=column
    )


def per_group_topic(
    name: str, meaning: str, combine: np.ufunc, rows: Callable[[Report], Numbers], *, only_judged: bool = False
) -> Columns:
    """A family with one number for each topic of each group, made from the numbers of its readable partitions.

    ``rows`` are ≥ 0; ``combine`` is ``np.add`` or ``np.maximum``. ``only_judged``: they are statuses, of those that are
    judged; no topic is OK of which some partition could not be read.
    """

    def column(report: Report) -> Column:
        starts = report.history.group_topics.starts
        numbers = np.zeros(len(starts) - 1, dtype=np.int64)
        shown = np.zeros(len(starts) - 1, dtype=np.bool_)
        # reduceat cannot handle an empty block; leaving them out does not move the ends of the others.
        blocks = np.flatnonzero(np.diff(starts))
        if len(blocks):
            counted = _judged(report) if only_judged else report.columns.snapshot.readable
            numbers[blocks] = combine.reduceat(np.where(counted, rows(report), 0), starts[blocks])
            shown[blocks] = np.logical_or.reduceat(counted, starts[blocks])
            if only_judged:
                unread = np.logical_or.reduceat(report.columns.snapshot.unreadable, starts[blocks])
                shown[blocks] &= ~(unread & (numbers[blocks] == Status.OK))
        return Column(numbers, shown)

    return Columns(
        name=name,
        help=meaning,
        labels=Level.GROUP_TOPIC.labels(OWN),
        level=Level.GROUP_TOPIC,
        granularities=("topic",),
        column=column,
    )


def per_group_partition(
    name: str, meaning: str, rows: Callable[[Report], Numbers], *, only_judged: bool = False
) -> Columns:
    """A family with one number for each partition that a group has committed on; a partition with NaN has no series.

    ``only_judged``: nor has one that is not judged.
    """

    def column(report: Report) -> Column:
        numbers = rows(report)
        shown = _judged(report) if only_judged else report.columns.snapshot.readable
        return Column(numbers, shown & ~np.isnan(numbers) if numbers.dtype.kind == "f" else shown)

    return Columns(
        name=name,
        help=meaning,
        labels=Level.GROUP_PARTITION.labels(OWN),
        level=Level.GROUP_PARTITION,
        granularities=("partition",),
        column=column,
    )


def _judged(report: Report) -> Bools:
    """The rows with a verdict."""
    judged: Bools = report.columns.snapshot.readable & (report.columns.verdicts.status != Status.NOTFOUND)
    return judged


def per_topic_partition(name: str, meaning: str, offsets: Callable[[Report], Int64s], *, once: bool = True) -> Columns:
    """A family with one offset for each partition of each topic; a partition below 0 (not read) has no series."""

    def column(report: Report) -> Column:
        numbers = offsets(report)
        return Column(numbers, numbers >= 0)

    return Columns(
        name=name,
        help=meaning,
        labels=Level.TOPIC_PARTITION.labels(OWN),
        level=Level.TOPIC_PARTITION,
        granularities=("partition",),
        once=once,
        column=column,
    )


def few(
    name: str,
    meaning: str,
    samples: Callable[[Outcome], Iterable[tuple[LabelValues, float]]],
    *more: str,
    granularities: tuple[Granularity, ...] = EVERY,
    once: bool = False,
) -> Samples:
    """A family of few series; ``more`` are its labels besides cluster, ``samples`` gives values in that order."""
    labels = ("cluster", *more)
    order = sorted(range(len(labels)), key=labels.__getitem__)

    def ordered(outcome: Outcome) -> Iterable[tuple[LabelValues, float]]:
        for values, number in samples(outcome):
            named = (outcome.cluster, *values)
            yield tuple(named[place] for place in order), number

    return Samples(
        name=name,
        help=meaning,
        labels=tuple(sorted(labels)),
        granularities=granularities,
        once=once,
        samples=ordered,
    )
