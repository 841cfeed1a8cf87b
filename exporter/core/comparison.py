"""Where two settings judge a recording differently, and the totals of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import History, empty
from exporter.core.model import Observation, Status
from exporter.core.report import Report

Partition = tuple[str, str, int]
"""Group, topic and partition id."""

Both = tuple[Status, Status]
"""The verdicts under the two settings."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A period in which a partition had different verdicts under the two settings.

    ``since``: its first observation (ms). ``until``: the first observation after it, None if the recording ended.
    ``seconds``: its length, up to the end of the recording at most.
    """

    group: str
    topic: str
    partition: int
    since: int
    until: int | None
    seconds: float
    statuses: Both


@dataclass(frozen=True, slots=True)
class Totals:
    """The totals of a group under one setting: changes of its verdict, seconds not OK, and seconds watched in all.

    An observation's verdict holds until the next observation; the last one's counts for no time.
    """

    changes: int = 0
    not_ok: float = 0.0
    watched: float = 0.0

    def __add__(self, other: Totals) -> Totals:
        return Totals(self.changes + other.changes, self.not_ok + other.not_ok, self.watched + other.watched)

    @property
    def not_ok_share(self) -> float:
        """The share of the watched time in which the group was not OK, 0 to 1."""
        return self.not_ok / self.watched if self.watched else 0.0


BothTotals = tuple[Totals, Totals]


class Comparison:
    """One cluster's recording under two settings, given one observation after the other."""

    def __init__(self, settings: tuple[EvaluationSettings, EvaluationSettings]) -> None:
        self.settings = settings
        self.began: int | None = None
        self.ended = 0
        self.observations = 0
        self.groups: dict[str, BothTotals] = {}
        self._histories: list[History] = [empty(each) for each in settings]
        self._known: dict[str, Both] = {}
        self._shown: frozenset[str] = frozenset()
        self._over: list[Difference] = []
        self._open: dict[Partition, tuple[int, Both]] = {}

    def add(self, observation: Observation) -> None:
        """Adds the next observation of the cluster."""
        one, other = self._judged(observation, 0), self._judged(observation, 1)
        verdicts = {
            name: (group.status, other.groups[name].status)
            for name, group in one.groups.items()
            # Without a readable commit there is no verdict, nor where neither evaluates the group.
            if max(group.status, other.groups[name].status) != Status.NOTFOUND
        }
        if self.began is None:
            self.began = self.ended = observation.at
        self._count(verdicts, (observation.at - self.ended) / 1000)
        self._compare(differing(one, other), observation.at)
        self.ended = observation.at
        self.observations += 1

    def differences(self) -> list[Difference]:
        """All differences, by group, topic, partition and time."""
        still = [self._difference(where, None) for where in self._open]
        return sorted(self._over + still, key=lambda one: (one.group, one.topic, one.partition, one.since))

    def all_groups(self) -> BothTotals:
        """The tallies of all groups together."""
        return sum((one for one, _ in self.groups.values()), Totals()), sum(
            (other for _, other in self.groups.values()), Totals()
        )

    def _judged(self, observation: Observation, which: int) -> Report:
        self._histories[which], report = advance(self._histories[which], observation, self.settings[which])
        return report

    def _count(self, verdicts: Mapping[str, Both], seconds: float) -> None:
        """Adds the time for which the verdicts before this observation held, and the changes that it brings."""
        for name in self._shown:
            self._add_totals(
                name, *(Totals(0, seconds * (status > Status.OK), seconds) for status in self._known[name])
            )
        for name, now in verdicts.items():
            before = self._known.get(name, now)
            self._add_totals(name, *(Totals(then != status) for then, status in zip(before, now, strict=True)))
        self._known.update(verdicts)
        self._shown = frozenset(verdicts)

    def _add_totals(self, name: str, one: Totals, other: Totals) -> None:
        before = self.groups.get(name, (Totals(), Totals()))
        self.groups[name] = (before[0] + one, before[1] + other)

    def _compare(self, differing: Mapping[Partition, Both], at: int) -> None:
        """Closes the differences that have ended, and opens those that begin."""
        for where in [where for where, (_, statuses) in self._open.items() if differing.get(where) != statuses]:
            self._over.append(self._difference(where, at))
            del self._open[where]
        for where, statuses in differing.items():
            self._open.setdefault(where, (at, statuses))

    def _difference(self, where: Partition, until: int | None) -> Difference:
        since, statuses = self._open[where]
        end = self.ended if until is None else until
        return Difference(*where, since=since, until=until, seconds=(end - since) / 1000, statuses=statuses)


def differing(one: Report, other: Report) -> dict[Partition, Both]:
    """The partitions on which two reports on the same observation differ, with both verdicts."""
    first, second = one.columns.verdicts.status, other.columns.verdicts.status
    layout = one.history.group_topics
    verdicts: dict[Partition, Both] = {}
    for row in np.flatnonzero(one.columns.snapshot.readable & (first != second)).tolist():
        (group, topic), partition = layout.place(row)
        verdicts[group, topic, partition] = (Status(int(first[row])), Status(int(second[row])))
    return verdicts
