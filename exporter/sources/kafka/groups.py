"""Which groups a broker coordinates, and what they have committed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from exporter.core.model import JUDGED_TYPES, NO_OFFSET, NOT_READ, Failure, Int64s
from exporter.settings import Filter
from exporter.sources.kafka.connections import Node
from exporter.sources.kafka.messages import ListGroupsRequest, OffsetFetchRequest
from exporter.sources.kafka.reasons import reason_of_code
from exporter.sources.kafka.request_round import NoResponse, RequestRound

GROUPS_PER_REQUEST: Final = 100
MIN_VERSION_WITH_MANY_GROUPS: Final = 8
"""OffsetFetch takes many groups from this version on (KIP-709, Kafka 3.0)."""
MAX_VERSION_WITH_TOPIC_NAMES: Final = 9
"""From version 10 on OffsetFetch names topics by id only."""

GONE = "group_id_not_found"

_Group = OffsetFetchRequest.OffsetFetchRequestGroup


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """A group as its coordinator lists it; fields that old brokers do not send are empty."""

    name: str
    state: str
    type: str
    protocol: str
    coordinator: Node


@dataclass(slots=True)
class CoordinatorResponse:
    """What one broker responded about the groups that it coordinates.

    ``commits``: group → topic → committed offset by partition id; a group that is listed but missing here could
    not be read. ``listed`` is False if the broker did not send a complete list of its groups.
    """

    node: Node
    listed: bool = True
    groups: dict[str, ListedGroup] = field(default_factory=dict)
    commits: dict[str, Mapping[str, Int64s]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def fail(self, names: Iterable[str], reason: str) -> None:
        """Records that the commits of some groups could not be read."""
        self.failures += [Failure("group", name, reason) for name in names]


async def read_coordinator(requests: RequestRound, node: Node, admitted: Filter) -> CoordinatorResponse:
    """Reads the groups of one broker, and the commits of those that are admitted and judged."""
    response = CoordinatorResponse(node)
    try:
        listing = await requests.send(node, ListGroupsRequest())
    except NoResponse as failure:
        response.listed = False
        response.failures.append(Failure("broker", str(node), failure.reason))
        return response
    reason = reason_of_code(listing.error_code)
    if reason is not None:
        # A broker that is still loading its offsets returns an error, and only a part of its groups.
        response.listed = False
        response.failures.append(Failure("broker", str(node), reason))
    response.groups = listed_groups(listing, node, admitted)
    judged = [name for name, group in response.groups.items() if group.type in JUDGED_TYPES]
    for start in range(0, len(judged), GROUPS_PER_REQUEST):
        await _read_commits(requests, judged[start : start + GROUPS_PER_REQUEST], response)
    return response


def listed_groups(listing: Any, node: Node, admitted: Filter) -> dict[str, ListedGroup]:
    """The admitted groups of a ListGroups response."""
    return {
        group.group_id: ListedGroup(
            name=group.group_id,
            state=group.group_state or "",
            type=(group.group_type or "").lower(),
            protocol=group.protocol_type or "",
            coordinator=node,
        )
        for group in listing.groups
        if admitted.admits(group.group_id)
    }


async def _read_commits(requests: RequestRound, names: list[str], into: CoordinatorResponse) -> None:
    """Reads the commits of some groups of one broker, in one request or, from an old broker, one for each."""
    try:
        response = await requests.send(
            into.node,
            OffsetFetchRequest(
                groups=[_Group(group_id=name, topics=None) for name in names],
                min_version=MIN_VERSION_WITH_MANY_GROUPS,
                max_version=MAX_VERSION_WITH_TOPIC_NAMES,
            ),
        )
    except NoResponse as failure:
        if failure.reason == "unsupported_version":
            await requests.connections.gather(_read_commits_of_one(requests, name, into) for name in names)
        else:
            into.fail(names, failure.reason)
        return
    for group in response.groups:
        record_commits(group.group_id, group, into)


async def _read_commits_of_one(requests: RequestRound, name: str, into: CoordinatorResponse) -> None:
    """Reads the commits of one group from a broker before Kafka 3.0."""
    request = OffsetFetchRequest(
        group_id=name, topics=None, min_version=2, max_version=MIN_VERSION_WITH_MANY_GROUPS - 1
    )
    try:
        response = await requests.send(into.node, request)
    except NoResponse as failure:
        into.fail([name], failure.reason)
        return
    record_commits(name, response, into)


def record_commits(name: str, response: Any, into: CoordinatorResponse) -> None:
    """Records one group's commits, or why they could not be read."""
    reason = reason_of_code(response.error_code)
    if reason == GONE:
        into.groups.pop(name, None)
        return
    if reason is not None:
        into.fail([name], reason)
        return
    commits: dict[str, Int64s] = {}
    for topic in response.topics:
        offsets = [NO_OFFSET] * (max((p.partition_index for p in topic.partitions), default=-1) + 1)
        for partition in topic.partitions:
            if partition.error_code == 0:
                offsets[partition.partition_index] = partition.committed_offset
            else:
                offsets[partition.partition_index] = NOT_READ
                subject = f"{name}/{topic.name}/{partition.partition_index}"
                into.failures.append(Failure("partition", subject, reason_of_code(partition.error_code) or ""))
        commits[topic.name] = np.array(offsets, dtype=np.int64)
    into.commits[name] = commits


class KnownGroups:
    """Remembers the coordinator of each group, to tell a deleted group from one that cannot be listed now."""

    def __init__(self) -> None:
        self._groups: dict[str, ListedGroup] = {}
        self._brokers: frozenset[Node] = frozenset()

    def unlisted(self, responses: Iterable[CoordinatorResponse]) -> dict[str, ListedGroup]:
        """Takes in a round of responses, and returns the groups that are missing from it without being deleted.

        A group that no broker lists is deleted if every broker listed its groups and the brokers are those of the
        round before. Otherwise its coordinator may not have responded, or may be changing.
        """
        responses = list(responses)
        brokers = frozenset(response.node for response in responses)
        listed = {name: group for response in responses for name, group in response.groups.items()}
        settled = brokers == self._brokers and all(response.listed for response in responses)
        unlisted = {} if settled else {name: group for name, group in self._groups.items() if name not in listed}
        self._groups = listed | unlisted
        self._brokers = brokers
        return unlisted
