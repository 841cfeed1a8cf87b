"""Which groups a broker coordinates, and what they have committed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from exporter.core.model import JUDGED_TYPES, NO_OFFSET, NOT_READ, Failure, Int64s
from exporter.settings import Filter
from exporter.sources.kafka.connection import NoAnswer, Node, Round, reason_of_code
from exporter.sources.kafka.messages import ListGroupsRequest, OffsetFetchRequest

GROUPS_PER_REQUEST: Final = 100
FIRST_WITH_MANY_GROUPS: Final = 8
"""OffsetFetch takes many groups from this version on (KIP-709, Kafka 3.0)."""
LAST_WITH_TOPIC_NAMES: Final = 9
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
class CoordinatorAnswer:
    """One broker's answers about the groups that it coordinates.

    ``commits``: group → topic → committed offset by partition id; a group that is listed but missing here could
    not be read. ``listed`` is False if the broker did not send a complete list of its groups.
    """

    node: Node
    listed: bool = True
    groups: dict[str, ListedGroup] = field(default_factory=dict)
    commits: dict[str, Mapping[str, Int64s]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def fail(self, names: Iterable[str], reason: str) -> None:
        """Note that the commits of some groups could not be read."""
        self.failures += [Failure("group", name, reason) for name in names]


async def read_coordinator(questions: Round, node: Node, admitted: Filter) -> CoordinatorAnswer:
    """Ask one broker for its groups, and for the commits of those that are admitted and judged."""
    answer = CoordinatorAnswer(node)
    try:
        listing = await questions.ask(node, ListGroupsRequest())
    except NoAnswer as refusal:
        answer.listed = False
        answer.failures.append(Failure("broker", str(node), refusal.reason))
        return answer
    reason = reason_of_code(listing.error_code)
    if reason is not None:
        # A broker that is still loading its offsets returns an error, and only a part of its groups.
        answer.listed = False
        answer.failures.append(Failure("broker", str(node), reason))
    answer.groups = listed_groups(listing, node, admitted)
    judged = [name for name, group in answer.groups.items() if group.type in JUDGED_TYPES]
    for start in range(0, len(judged), GROUPS_PER_REQUEST):
        await _read_commits(questions, judged[start : start + GROUPS_PER_REQUEST], answer)
    return answer


def listed_groups(listing: Any, node: Node, admitted: Filter) -> dict[str, ListedGroup]:
    """Return the admitted groups of an answer to a ListGroups request."""
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


async def _read_commits(questions: Round, names: list[str], into: CoordinatorAnswer) -> None:
    """Read the commits of some groups of one broker, in one request or, from an old broker, one for each."""
    try:
        answer = await questions.ask(
            into.node,
            OffsetFetchRequest(
                groups=[_Group(group_id=name, topics=None) for name in names],
                min_version=FIRST_WITH_MANY_GROUPS,
                max_version=LAST_WITH_TOPIC_NAMES,
            ),
        )
    except NoAnswer as refusal:
        if refusal.reason == "unsupported_version":
            await questions.connection.together(_read_commits_of_one(questions, name, into) for name in names)
        else:
            into.fail(names, refusal.reason)
        return
    for group in answer.groups:
        note_commits(group.group_id, group, into)


async def _read_commits_of_one(questions: Round, name: str, into: CoordinatorAnswer) -> None:
    """Read the commits of one group from a broker before Kafka 3.0."""
    request = OffsetFetchRequest(group_id=name, topics=None, min_version=2, max_version=FIRST_WITH_MANY_GROUPS - 1)
    try:
        answer = await questions.ask(into.node, request)
    except NoAnswer as refusal:
        into.fail([name], refusal.reason)
        return
    note_commits(name, answer, into)


def note_commits(name: str, answer: Any, into: CoordinatorAnswer) -> None:
    """Note one group's commits, or why they could not be read."""
    reason = reason_of_code(answer.error_code)
    if reason == GONE:
        into.groups.pop(name, None)
        return
    if reason is not None:
        into.fail([name], reason)
        return
    commits: dict[str, Int64s] = {}
    for topic in answer.topics:
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


class Roster:
    """Remembers the coordinator of each group, to tell a deleted group from one that cannot be listed now."""

    def __init__(self) -> None:
        self._groups: dict[str, ListedGroup] = {}
        self._brokers: frozenset[Node] = frozenset()

    def unseen(self, answers: Iterable[CoordinatorAnswer]) -> dict[str, ListedGroup]:
        """Take in a round of answers, and return the groups that are missing from it without being deleted.

        A group that no broker lists is deleted if every broker listed its groups and the brokers are those of the
        round before. Otherwise its coordinator may not have answered, or may be changing.
        """
        answers = list(answers)
        brokers = frozenset(answer.node for answer in answers)
        listed = {name: group for answer in answers for name, group in answer.groups.items()}
        settled = brokers == self._brokers and all(answer.listed for answer in answers)
        unseen = {} if settled else {name: group for name, group in self._groups.items() if name not in listed}
        self._groups = listed | unseen
        self._brokers = brokers
        return unseen
