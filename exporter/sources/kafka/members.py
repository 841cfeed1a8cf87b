"""The members of groups, and the partitions assigned to them."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import Any, Final

from exporter.core.model import EMPTY, Failure, Members, Owner
from exporter.sources.kafka.connections import Node
from exporter.sources.kafka.coordinated_groups import GONE, ListedGroup
from exporter.sources.kafka.failure_reasons import reason_of_code
from exporter.sources.kafka.messages import (
    ConsumerGroupDescribeRequest,
    ConsumerProtocolAssignment,
    DescribeGroupsRequest,
    StreamsGroupDescribeRequest,
)
from exporter.sources.kafka.request_round import NoResponse, RequestRound
from exporter.sources.kafka.streams_members import streams_group

GROUPS_PER_REQUEST: Final = 50

StateAndMembers = tuple[str, Members | None]


@dataclass(frozen=True, slots=True)
class DescribedGroups:
    """The state and the members of groups, as last described, and which groups could not be described and why."""

    groups: Mapping[str, StateAndMembers] = field(default_factory=lambda: EMPTY)
    failures: tuple[Failure, ...] = ()


async def describe(requests: RequestRound, groups: Iterable[ListedGroup], sizes: Mapping[str, int]) -> DescribedGroups:
    """The state and the members of each group that its coordinator describes, and which are not described.

    ``sizes``: topic → number of partitions.
    """
    batches: dict[tuple[Node, str], list[str]] = defaultdict(list)
    for group in groups:
        batches[group.coordinator, group.type].append(group.name)
    responses = await requests.connections.gather(
        _describe(requests, node, type_, names[start : start + GROUPS_PER_REQUEST], sizes)
        for (node, type_), names in batches.items()
        for start in range(0, len(names), GROUPS_PER_REQUEST)
    )
    return DescribedGroups(
        {name: group for response in responses for name, group in response.groups.items()},
        tuple(failure for response in responses for failure in response.failures),
    )


async def _describe(
    requests: RequestRound, node: Node, type_: str, names: list[str], sizes: Mapping[str, int]
) -> DescribedGroups:
    """Describes some groups of one coordinator and one type, each of which has a request of its own."""
    request: Any
    read: Callable[[Any], StateAndMembers]
    if type_ == "consumer":
        request = ConsumerGroupDescribeRequest(group_ids=names, include_authorized_operations=False)
        read = consumer_group
    elif type_ == "streams":
        request = StreamsGroupDescribeRequest(group_ids=names, include_authorized_operations=False)
        read = partial(streams_group, sizes=sizes)
    else:
        request = DescribeGroupsRequest(groups=names, include_authorized_operations=False)
        read = classic_group
    try:
        return await requests.send(node, request, lambda response: _described(response, read))
    except NoResponse as failure:
        return DescribedGroups(failures=tuple(Failure("membership", name, failure.reason) for name in names))


def _described(response: Any, read: Callable[[Any], StateAndMembers]) -> DescribedGroups:
    """The groups of a response; a group that has been deleted is neither described nor a failure."""
    reasons = {group.group_id: reason_of_code(group.error_code) for group in response.groups}
    return DescribedGroups(
        {group.group_id: read(group) for group in response.groups if reasons[group.group_id] is None},
        tuple(Failure("membership", name, reason) for name, reason in reasons.items() if reason not in (None, GONE)),
    )


def consumer_group(group: Any) -> StateAndMembers:
    """The state and the members of one group of a ConsumerGroupDescribe response."""
    owners: dict[str, dict[int, Owner]] = {}
    for member in group.members:
        owner = Owner(member.client_id, member.client_host, member.member_id)
        for topic in member.assignment.topic_partitions:
            owners.setdefault(topic.topic_name, {}).update(dict.fromkeys(topic.partitions, owner))
    return group.group_state, Members(len(group.members), owners, group.group_epoch)


def classic_group(group: Any) -> StateAndMembers:
    """The state and the members of one group of a DescribeGroups response.

    Only consumers have owners, and only if every assignment can be read: members send them to each other as bytes, so
    a client may have put anything there.
    """
    owners: dict[str, dict[int, Owner]] | None = {} if group.protocol_type == "consumer" else None
    for member in group.members:
        if owners is None:
            break
        owner = Owner(member.client_id, member.client_host, member.member_id)
        try:
            for topic, partitions in _assignment(member.member_assignment).items():
                owners.setdefault(topic, {}).update(dict.fromkeys(partitions, owner))
        except (struct.error, TypeError, ValueError, IndexError):
            owners = None
    return group.group_state, Members(len(group.members), owners, _generation(group))


def _generation(group: Any) -> str | None:
    """A text that stands for the members of a classic group and their assignments; None while it rebalances.

    Members that come back get a new id, and Kafka does not tell the number of the generation.
    """
    if group.group_state != "Stable":
        return None
    members = sorted((member.member_id, bytes(member.member_assignment or b"")) for member in group.members)
    return blake2b(repr(members).encode(), digest_size=8).hexdigest()


def _assignment(encoded: bytes) -> dict[str, list[int]]:
    """Topic → partition ids of one member. Raises TypeError, ValueError, IndexError or struct.error."""
    if not encoded:
        return {}
    assigned: dict[str, list[int]] = {}
    for topic in ConsumerProtocolAssignment.decode(encoded).assigned_partitions:
        if topic.topic is None or min(topic.partitions, default=0) < 0:
            raise ValueError(f"partitions {topic.partitions} of topic {topic.topic}")
        assigned.setdefault(topic.topic, []).extend(topic.partitions)
    return assigned
