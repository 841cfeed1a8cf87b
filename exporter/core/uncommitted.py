"""Partitions that are assigned to a live member, but on which the group has never committed.

There is no committed offset to judge, so what is judged is how long records have waited since the partition was first
seen like this: what was produced before may be none of the group's business (``auto.offset.reset=latest``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exporter.core.evaluation import EvaluationSettings
from exporter.core.evidence import pace_of
from exporter.core.history import Folded, History
from exporter.core.model import EMPTY
from exporter.core.timeline import lag_in_seconds


@dataclass(frozen=True, slots=True)
class UncommittedPartition:
    """A partition that is assigned and has no commit, though records came.

    ``records``: how many were produced since it was first seen like this. ``seconds``: how long the first of them has
    waited. ``too_long``: that is longer than the group's rhythm explains.
    """

    topic: str
    partition: int
    records: int
    seconds: float
    too_long: bool


def uncommitted(folded: Folded, settings: EvaluationSettings) -> Mapping[str, tuple[UncommittedPartition, ...]]:
    """Group → its partitions that are assigned and have no commit though records came, in order."""
    history, now = folded.history, folded.snapshot
    # A topic that was recreated may have fewer partitions than members were assigned to.
    keys = sorted(key for key in history.waiting if key[2] < _partitions(history, key[1]))
    if not keys:
        return EMPTY
    rows = np.array([history.topics.starts[history.topics.index[topic]] + partition for _, topic, partition in keys])
    first = np.array([history.waiting[key].end for key in keys])
    end = now.topics.end[rows]
    records = np.where(end >= 0, np.maximum(end - first, 0), 0)
    seconds, _ = lag_in_seconds(history.timeline, rows, committed=first, end=end, lag=records, at=now.at)
    tolerated = _tolerated_by_group(folded)
    found: dict[str, list[UncommittedPartition]] = {}
    for (group, topic, partition), count, waited in zip(keys, records.tolist(), seconds.tolist(), strict=True):
        if count:
            own = settings.of(group, topic)
            too_long = own.evaluate and waited >= tolerated.get(group, own.patience)
            found.setdefault(group, []).append(UncommittedPartition(topic, partition, count, waited, too_long))
    return {group: tuple(partitions) for group, partitions in found.items()}


def _partitions(history: History, topic: str) -> int:
    """How many partitions a topic has; 0 if there is none of that name."""
    block = history.topics.block(topic)
    return 0 if block is None else block.stop - block.start


def _tolerated_by_group(folded: Folded) -> dict[str, float]:
    """How long (s) a partition of each group may be silent: the most that one of known rhythm may, if there is one."""
    layout = folded.history.group_topics
    _, silences, tolerated = pace_of(folded, folded.settings)
    waiting = {group for group, _, _ in folded.history.waiting}
    longest: dict[str, float] = {}
    for key in layout.keys:
        block = layout.block(key)
        if key[0] in waiting and block is not None and (known := silences[block] > 0).any():
            longest[key[0]] = max(longest.get(key[0], 0.0), float(tolerated[block][known].max()))
    return longest
