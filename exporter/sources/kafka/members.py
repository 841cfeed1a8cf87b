"""Who is in the alive groups, and what they are assigned."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from exporter.core.model import Members, Owner
from exporter.sources.kafka.connection import NoAnswer, Node, Round
from exporter.sources.kafka.groups import ListedGroup
from exporter.sources.kafka.messages import (
    ConsumerGroupDescribeRequest,
    ConsumerProtocolAssignment,
    DescribeGroupsRequest,
)

GROUPS_PER_REQUEST: Final = 50

Described = Mapping[str, tuple[str, Members]]
"""Group → its state and its members."""


async def describe(questions: Round, groups: Iterable[ListedGroup]) -> dict[str, tuple[str, Members]]:
    """Return the state and the members of each group that its coordinator describes; others are left out."""
    batches: dict[tuple[Node, bool], list[str]] = defaultdict(list)
    for group in groups:
        batches[group.coordinator, group.type == "consumer"].append(group.name)
    answers = await questions.connection.together(
        _describe(questions, node, names[start : start + GROUPS_PER_REQUEST], consumer_protocol=consumer_protocol)
        for (node, consumer_protocol), names in batches.items()
        for start in range(0, len(names), GROUPS_PER_REQUEST)
    )
    return {name: found for answer in answers for name, found in answer.items()}


async def _describe(questions: Round, node: Node, names: list[str], *, consumer_protocol: bool) -> Described:
    """Describe some groups of one coordinator: KIP-848 ones, or classic ones."""
    try:
        if consumer_protocol:
            request = ConsumerGroupDescribeRequest(group_ids=names, include_authorized_operations=False)
            answer = await questions.ask(node, request)
            return {group.group_id: _consumer_group(group) for group in answer.groups if group.error_code == 0}
        answer = await questions.ask(node, DescribeGroupsRequest(groups=names, include_authorized_operations=False))
        return {group.group_id: classic_group(group) for group in answer.groups if group.error_code == 0}
    except NoAnswer:
        return {}


def _consumer_group(group: Any) -> tuple[str, Members]:
    """Return what a ConsumerGroupDescribe answer says of one group."""
    owners: dict[str, dict[int, Owner]] = {}
    for member in group.members:
        owner = Owner(member.client_id, member.client_host)
        for topic in member.assignment.topic_partitions:
            owners.setdefault(topic.topic_name, {}).update(dict.fromkeys(topic.partitions, owner))
    return group.group_state, Members(len(group.members), owners)


def classic_group(group: Any) -> tuple[str, Members]:
    """Return what a DescribeGroups answer says of one group; assignments are read if they are the consumer's."""
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
