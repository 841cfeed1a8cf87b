"""The members of alive groups, and the partitions assigned to them."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from exporter.core.model import EMPTY, Failure, Members, Owner
from exporter.sources.kafka.connections import Node
from exporter.sources.kafka.groups import GONE, ListedGroup
from exporter.sources.kafka.messages import (
    ConsumerGroupDescribeRequest,
    ConsumerProtocolAssignment,
    DescribeGroupsRequest,
)
from exporter.sources.kafka.reasons import reason_of_code
from exporter.sources.kafka.request_round import NoResponse, RequestRound

GROUPS_PER_REQUEST: Final = 50

StateAndMembers = tuple[str, Members]


@dataclass(frozen=True, slots=True)
class DescribedGroups:
    """The state and the members of groups, as last described, and which groups could not be described and why."""

    groups: Mapping[str, StateAndMembers] = field(default_factory=lambda: EMPTY)
    failures: tuple[Failure, ...] = ()


async def describe(requests: RequestRound, groups: Iterable[ListedGroup]) -> DescribedGroups:
    """The state and the members of each group that its coordinator describes, and which are not described."""
    batches: dict[tuple[Node, bool], list[str]] = defaultdict(list)
    for group in groups:
        batches[group.coordinator, group.type == "consumer"].append(group.name)
    responses = await requests.connections.gather(
        _describe(requests, node, names[start : start + GROUPS_PER_REQUEST], consumer_protocol=consumer_protocol)
        for (node, consumer_protocol), names in batches.items()
        for start in range(0, len(names), GROUPS_PER_REQUEST)
    )
    return DescribedGroups(
        {name: group for response in responses for name, group in response.groups.items()},
        tuple(failure for response in responses for failure in response.failures),
    )


async def _describe(
    requests: RequestRound, node: Node, names: list[str], *, consumer_protocol: bool
) -> DescribedGroups:
    """Describes some groups of one coordinator: KIP-848 ones, or classic ones."""
    try:
        if consumer_protocol:
            request = ConsumerGroupDescribeRequest(group_ids=names, include_authorized_operations=False)
            return _described(await requests.send(node, request), _consumer_group)
        request = DescribeGroupsRequest(groups=names, include_authorized_operations=False)
        return _described(await requests.send(node, request), classic_group)
    except NoResponse as failure:
        return DescribedGroups(failures=tuple(Failure("membership", name, failure.reason) for name in names))


def _described(response: Any, read: Callable[[Any], StateAndMembers]) -> DescribedGroups:
    """The groups of a response; a group that has been deleted is neither described nor a failure."""
    reasons = {group.group_id: reason_of_code(group.error_code) for group in response.groups}
    return DescribedGroups(
        {group.group_id: read(group) for group in response.groups if reasons[group.group_id] is None},
        tuple(Failure("membership", name, reason) for name, reason in reasons.items() if reason not in (None, GONE)),
    )


def _consumer_group(group: Any) -> StateAndMembers:
    """The state and the members of one group of a ConsumerGroupDescribe response."""
    owners: dict[str, dict[int, Owner]] = {}
    for member in group.members:
        owner = Owner(member.client_id, member.client_host)
        for topic in member.assignment.topic_partitions:
            owners.setdefault(topic.topic_name, {}).update(dict.fromkeys(topic.partitions, owner))
    return group.group_state, Members(len(group.members), owners)


def classic_group(group: Any) -> StateAndMembers:
    """The state and the members of one group of a DescribeGroups response; only consumers have owners."""
    if group.protocol_type != "consumer":
        return group.group_state, Members(len(group.members), None)
    owners: dict[str, dict[int, Owner]] = {}
    for member in group.members:
        if not member.member_assignment:
            continue
        owner = Owner(member.client_id, member.client_host)
        try:
            assignment = ConsumerProtocolAssignment.decode(member.member_assignment)
        except (struct.error, ValueError, IndexError, UnicodeDecodeError):
            return group.group_state, Members(len(group.members), None)
        for topic, partitions in ((part.topic, part.partitions) for part in assignment.assigned_partitions):
            owners.setdefault(topic, {}).update(dict.fromkeys(partitions, owner))
    return group.group_state, Members(len(group.members), owners)
