"""Which partitions are assigned to a live member while the group has never committed on them, and since when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from exporter.core.commits import ASSIGNED
from exporter.core.layout import Layout
from exporter.core.model import NO_OFFSET, Observation
from exporter.core.snapshot import GroupTopic, Snapshot

Key = tuple[str, str, int]
"""Group, topic and partition id."""


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """When (ms) a partition was first seen assigned without a commit, and its end offset then."""

    at: int
    end: int


Waiting = Mapping[Key, FirstSeen]

NOTHING: Final[Waiting] = MappingProxyType({})


def waiting(before: Waiting, observation: Observation, group_topics: Layout[GroupTopic], snapshot: Snapshot) -> Waiting:
    """The partitions that are assigned without a commit now; those of groups that could not be read stay."""
    # Of a topic that was recreated there may be fewer partitions than are still assigned.
    sizes = {topic: len(ends) for topic, ends in observation.end_offsets.items()}
    here: dict[Key, FirstSeen] = {
        key: seen
        for key, seen in before.items()
        if key[0] in observation.unread_groups and key[2] < sizes.get(key[1], 0)
    }
    for key in _assigned_without_commit(observation, group_topics, snapshot):
        if key[2] >= sizes[key[1]]:
            continue
        end = int(observation.end_offsets[key[1]][key[2]])
        if key in before:
            here[key] = before[key]
        elif end >= 0:
            here[key] = FirstSeen(observation.at, end)
    return here or NOTHING


def _assigned_without_commit(
    observation: Observation, group_topics: Layout[GroupTopic], snapshot: Snapshot
) -> Iterator[Key]:
    alone = (snapshot.committed == NO_OFFSET) & (snapshot.assigned == ASSIGNED) & snapshot.alive
    for row in np.flatnonzero(alone).tolist():
        (group, topic), partition = group_topics.place(row)
        yield group, topic, partition
    for name, observed in observation.groups.items():
        if not observed.alive or observed.members is None or observed.members.owners is None:
            continue
        for topic in observed.members.owners.keys() - observed.commits.keys():
            if topic in observation.end_offsets:
                yield from ((name, topic, partition) for partition in observed.members.owners[topic])
