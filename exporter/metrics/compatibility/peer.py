"""Another exporter: what its labels are called, its families, and which of them are not given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from exporter.core.groups import GroupReport
from exporter.core.model import EMPTY
from exporter.core.report import Outcome, Report
from exporter.metrics.family import Column, Columns, Family, LabelValues, Level, Names, Samples
from exporter.settings import Compatible, Granularity

FINE: Final[tuple[Granularity, ...]] = ("partition", "topic")

GRANULARITIES: Final[Mapping[Level, tuple[Granularity, ...]]] = {
    Level.GROUP: ("partition", "topic", "group"),
    Level.GROUP_TOPIC: FINE,
    Level.GROUP_PARTITION: ("partition",),
    Level.TOPIC: FINE,
    Level.TOPIC_PARTITION: ("partition",),
}
"""At which granularities of a cluster a family of a level is exported."""

Read = Callable[[Report], Column]
NamedSamples = Callable[[Outcome], Iterable[tuple[Mapping[str, str], float]]]


@dataclass(frozen=True, slots=True)
class Given:
    """A family of another exporter; ``difference`` says in what it is not quite the original's."""

    make: Callable[[Names], Family]
    difference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another exporter. ``title`` as its users call it; ``not_given``: names of its families, and why they are not.

    ``cost``: what giving its families costs beyond writing them.
    """

    name: Compatible
    title: str
    names: Names
    given: tuple[Given, ...]
    not_given: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    cost: str

    def families(self, *, several: bool = False) -> Iterable[Family]:
        """Its families; for ``several`` clusters with the label `cluster`, unless a label of its own tells them."""
        names = replace(self.names, cluster=self.names.cluster or "cluster") if several else self.names
        return [replace(given.make(names), peer=self.name) for given in self.given]


def columns(name: str, meaning: str, level: Level, read: Read, difference: str = "") -> Given:
    """A family of many series."""

    def make(names: Names) -> Family:
        return Columns(
            name=name,
            help=meaning,
            labels=level.labels(names),
            granularities=GRANULARITIES[level],
            names=names,
            once=level in (Level.TOPIC, Level.TOPIC_PARTITION),
            level=level,
            column=read,
        )

    return Given(make, difference)


def per_group(name: str, meaning: str, read: Callable[[GroupReport], float | None], difference: str = "") -> Given:
    """A family with one number for each group; a group with None has no series."""

    def column(report: Report) -> Column:
        numbers = np.array([read(group) for group in report.groups.values()], dtype=np.float64)
        return Column(numbers, ~np.isnan(numbers))

    return columns(name, meaning, Level.GROUP, column, difference)


def few(
    name: str,
    meaning: str,
    labels: tuple[str, ...],
    samples: NamedSamples,
    difference: str = "",
    *,
    granularities: tuple[Granularity, ...] = GRANULARITIES[Level.GROUP],
    once: bool = False,
) -> Given:
    """A family of few series; ``samples`` gives the values of ``labels``, without that of the cluster."""

    def make(names: Names) -> Family:
        order = tuple(sorted((*labels, names.cluster) if names.cluster else labels))

        def read(outcome: Outcome) -> Iterable[tuple[LabelValues, float]]:
            for values, number in samples(outcome):
                named = {**values, names.cluster: outcome.cluster}
                yield tuple(named[label] for label in order), number

        return Samples(
            name=name,
            help=meaning,
            labels=order,
            granularities=granularities,
            names=names,
            once=once,
            samples=read,
        )

    return Given(make, difference)
