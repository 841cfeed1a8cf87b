"""The members of Streams groups (KIP-1071), and the partitions that their tasks read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exporter.core.model import Members, Owner


def streams_group(group: Any, sizes: Mapping[str, int]) -> tuple[str, Members]:
    """The state and the members of one group of a StreamsGroupDescribe response.

    A member owns what its active tasks read and commit: task 3 of a subtopology reads partition 3 of each of its source
    topics, as far as they have one. Standby tasks only follow changelogs. ``sizes``: topic → number of partitions.
    """
    topics = _source_topics(group.topology)
    owners: dict[str, dict[int, Owner]] | None = {}
    for member in group.members:
        owner = Owner(member.client_id, member.client_host, member.member_id)
        for tasks in member.assignment.active_tasks:
            if owners is None or tasks.subtopology_id not in topics:
                owners = None  # the topology is being replaced
                break
            for topic in topics[tasks.subtopology_id]:
                partitions = [partition for partition in tasks.partitions if 0 <= partition < sizes.get(topic, 0)]
                owners.setdefault(topic, {}).update(dict.fromkeys(partitions, owner))
    return group.group_state, Members(len(group.members), owners, group.group_epoch)


def _source_topics(topology: Any) -> dict[str, list[str]]:
    """Subtopology → the topics that it reads, those between two subtopologies included; empty if it is not known."""
    if topology is None or topology.subtopologies is None:
        return {}
    return {
        part.subtopology_id: [*part.source_topics, *(topic.name for topic in part.repartition_source_topics)]
        for part in topology.subtopologies
    }
