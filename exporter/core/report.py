"""What a collection found out about one cluster: an immutable value that every page is built from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from exporter.core import rules
from exporter.core.evaluation import Evaluation
from exporter.core.history import History
from exporter.core.model import (
    EMPTY,
    NO_OFFSET,
    NOT_READ,
    Bools,
    Failure,
    GroupObservation,
    Int64s,
    Members,
    Observation,
    Status,
)


@dataclass(frozen=True, slots=True)
class GroupReport:
    """One consumer group: its verdict over its partitions, and what Kafka says of it.

    ``status`` is NOTFOUND for a group without a single readable commit: nothing can be said of it.
    ``complete``: the share of its partitions whose window is complete. Lags in records.
    """

    name: str
    status: Status
    complete: float
    total_lag: int
    max_lag: int
    partitions: int
    state: str
    type: str
    protocol: str
    coordinator: int | None
    members: Members | None
    topics: Mapping[str, slice]
    """The rows of `Columns` of each topic, topics in order."""
    subscribed: Mapping[str, bool] = field(default_factory=lambda: EMPTY)
    """Topics with commits → whether a live member is assigned to a partition; empty while that is not known."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What is known now of each row of commits; rows that are not ``shown`` hold nothing to be shown.

    ``committed`` and ``end`` are offsets, ``lag`` is records and ≥ 0, ``partition`` the partition's id.
    """

    shown: Bools
    partition: Int64s
    committed: Int64s
    end: Int64s
    lag: Int64s
    verdicts: rules.Verdicts


@dataclass(frozen=True, slots=True)
class Report:
    """One cluster after one collection, at ``at`` (ms since the epoch).

    ``end_offsets`` and ``start_offsets`` are by topic and partition id, NOT_READ where unread.
    """

    cluster: str
    at: int
    history: History
    columns: Columns
    groups: Mapping[str, GroupReport]
    end_offsets: Mapping[str, Int64s]
    start_offsets: Mapping[str, Int64s]
    not_evaluated: Mapping[str, str]
    brokers: int
    failures: tuple[Failure, ...]
    requests: Mapping[str, int]
    stages: Mapping[str, float]


def report(history: History, seen: Observation, settings: Evaluation) -> Report:
    """The report on an observation that has been folded into ``history``."""
    layout = history.group_topics
    committed = layout.column(
        {(name, topic): array for name, group in seen.groups.items() for topic, array in group.commits.items()},
        missing=NO_OFFSET,
    )
    end = history.topics.column(seen.end_offsets, missing=NOT_READ)[history.end_row]
    shown = (committed >= 0) & (end >= 0)
    # The one place where lag is made: commits are read before end offsets, so a negative one can only come
    # from a log that was truncated or made anew, where nothing is left to read.
    lag = np.where(shown, np.maximum(end - committed, 0), 0)
    verdicts = rules.judge(history, lag, seen.at, settings)
    partition = np.arange(layout.rows) - np.repeat(layout.starts[:-1], np.diff(layout.starts))
    columns = Columns(shown, partition, committed, end, lag, verdicts)
    return Report(
        cluster=seen.cluster,
        at=seen.at,
        history=history,
        columns=columns,
        groups=_groups(history, columns, seen),
        end_offsets=seen.end_offsets,
        start_offsets=seen.start_offsets,
        not_evaluated=seen.other_groups,
        brokers=seen.brokers,
        failures=seen.failures,
        requests=seen.requests,
        stages=seen.stages,
    )


def _groups(history: History, columns: Columns, seen: Observation) -> dict[str, GroupReport]:
    """Every group that was read, by name in order."""
    layout = history.group_topics
    topics: dict[str, dict[str, slice]] = {}
    for name, topic in layout.keys:
        block = layout.block((name, topic))
        if block is not None:
            topics.setdefault(name, {})[topic] = block
    shown = columns.shown
    status = np.where(shown, columns.verdicts.status, Status.NOTFOUND)
    lag, complete = columns.lag, shown & (columns.verdicts.complete >= 1.0)
    found: dict[str, GroupReport] = {}
    for name in sorted(seen.groups):
        group = seen.groups[name]
        blocks = topics.get(name, {})
        # The blocks of a group lie next to each other, because keys are in order.
        rows = (
            slice(min(b.start for b in blocks.values()), max(b.stop for b in blocks.values())) if blocks else slice(0)
        )
        partitions = int(shown[rows].sum())
        found[name] = GroupReport(
            name=name,
            status=Status(min(int(status[rows].max(initial=Status.NOTFOUND)), Status.ERR)),
            complete=int(complete[rows].sum()) / partitions if partitions else 0.0,
            total_lag=int(lag[rows].sum()),
            max_lag=int(lag[rows].max(initial=0)),
            partitions=partitions,
            state=group.state,
            type=group.type,
            protocol=group.protocol,
            coordinator=group.coordinator,
            members=group.members,
            topics=blocks,
            subscribed=_subscribed(group, blocks),
        )
    return found


def _subscribed(group: GroupObservation, topics: Mapping[str, slice]) -> Mapping[str, bool]:
    """Whether each topic of an alive group with known members is assigned to one of them."""
    if not group.alive or group.members is None or group.members.owners is None:
        return EMPTY
    owners = group.members.owners
    return {topic: bool(owners.get(topic)) for topic in topics}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a page can say of one cluster.

    ``report`` is None where nothing can be shown; ``failures`` then say why. ``up`` is True if the last
    collection read the cluster and is what ``report`` holds.
    """

    cluster: str
    report: Report | None
    failures: tuple[Failure, ...]
    up: bool
