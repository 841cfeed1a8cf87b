"""Which groups a broker coordinates, and what they have committed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from exporter.core.model import JUDGED_TYPES, NO_OFFSET, NOT_READ, Failure, Int64s
from exporter.settings import Filter
from exporter.sources.kafka.connections import Node
from exporter.sources.kafka.failure_reasons import UNSUPPORTED_VERSION, reason_of_code
from exporter.sources.kafka.fetched_commits import FetchedCommits, commits_of, commits_of_one
from exporter.sources.kafka.messages import ListGroupsRequest, OffsetFetchRequest
from exporter.sources.kafka.request_round import NoResponse, RequestRound

GROUPS_PER_REQUEST: Final = 100
REQUESTS_AT_A_TIME: Final = 4
"""So many requests for commits wait at a coordinator, so that it never waits for the next one."""

MIN_VERSION_WITH_MANY_GROUPS: Final = 8
"""OffsetFetch takes many groups from this version on (KIP-709, Kafka 3.0)."""
MAX_VERSION_WITH_TOPIC_NAMES: Final = 9
"""From version 10 on OffsetFetch names topics by id only."""

GONE: Final = "group_id_not_found"

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
    not be read. ``listed`` is False if the broker did not send a complete list of its groups. ``total``: how many it
    listed, those that are not admitted included.
    """

    node: Node
    listed: bool = True
    total: int = 0
    groups: dict[str, ListedGroup] = field(default_factory=dict)
    commits: dict[str, Mapping[str, Int64s]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def fail(self, names: Iterable[str], reason: str) -> None:
        """Records that the commits of some groups could not be read."""
        self.failures += [Failure("group", name, reason) for name in names]


async def read_coordinator(
    requests: RequestRound, node: Node, admitted: Filter, sizes: Mapping[str, int]
) -> CoordinatorResponse:
    """Reads the groups of one broker, and the commits of those that are admitted and judged.

    ``sizes``: topic → number of partitions; commits on anything else are left out.
    """
    response = CoordinatorResponse(node)

    def read(listing: Any) -> str | None:
        response.groups = listed_groups(listing, node, admitted)
        response.total = len(listing.groups)
        return reason_of_code(listing.error_code)

    try:
        reason = await requests.send(node, ListGroupsRequest(), read)
    except NoResponse as failure:
        reason = failure.reason
    if reason is not None:
        # A broker that is still loading its offsets returns an error, and only a part of its groups.
        response.listed = False
        response.failures.append(Failure("broker", str(node), reason))
    judged = [name for name, group in response.groups.items() if group.type in JUDGED_TYPES]
    starts = range(0, len(judged), GROUPS_PER_REQUEST)
    batches = iter([judged[start : start + GROUPS_PER_REQUEST] for start in starts])
    await requests.connections.gather(
        _read_batches(requests, batches, response, sizes) for _ in starts[:REQUESTS_AT_A_TIME]
    )
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


async def _read_batches(
    requests: RequestRound, batches: Iterator[list[str]], into: CoordinatorResponse, sizes: Mapping[str, int]
) -> None:
    """Reads the commits of one batch of groups after the other until none is left."""
    for names in batches:
        await _read_commits(requests, names, into, sizes)


async def _read_commits(
    requests: RequestRound, names: list[str], into: CoordinatorResponse, sizes: Mapping[str, int]
) -> None:
    """Reads the commits of some groups of one broker, in one request or, from an old broker, one for each."""

    def read(response: Any) -> None:
        record_commits(commits_of(response), into, sizes)

    request = OffsetFetchRequest(
        groups=[_Group(group_id=name, topics=None) for name in names],
        min_version=MIN_VERSION_WITH_MANY_GROUPS,
        max_version=MAX_VERSION_WITH_TOPIC_NAMES,
    )
    try:
        await requests.send(into.node, request, read, has_alternative=True)
    except NoResponse as failure:
        if failure.reason == UNSUPPORTED_VERSION:
            await requests.connections.gather(_read_commits_of_one(requests, name, into, sizes) for name in names)
        else:
            into.fail((name for name in names if name not in into.commits), failure.reason)


async def _read_commits_of_one(
    requests: RequestRound, name: str, into: CoordinatorResponse, sizes: Mapping[str, int]
) -> None:
    """Reads the commits of one group from a broker before Kafka 3.0."""
    request = OffsetFetchRequest(
        group_id=name, topics=None, min_version=2, max_version=MIN_VERSION_WITH_MANY_GROUPS - 1
    )
    try:
        await requests.send(
            into.node, request, lambda response: record_commits(commits_of_one(name, response), into, sizes)
        )
    except NoResponse as failure:
        into.fail([name], failure.reason)


def record_commits(fetched: FetchedCommits, into: CoordinatorResponse, sizes: Mapping[str, int]) -> None:
    """Records the commits on topics of known size, or why they could not be read.

    Raises LookupError for a group that was not requested.
    """
    topics = [topic for group in fetched.groups for topic in group.topics]
    counts = np.array([partitions for _, partitions in topics], dtype=np.int64)
    of_topic = np.repeat(np.arange(len(topics)), counts)
    size = np.array([sizes.get(topic, 0) for topic, _ in topics], dtype=np.int64)
    read = np.flatnonzero((fetched.partition >= 0) & (fetched.partition < size[of_topic]))
    partition, of_topic, failed = fetched.partition[read], of_topic[read], fetched.error_code[read] != 0
    # Each topic's offsets, up to the last partition that was read, lie behind those of the topic before.
    lengths = np.zeros(len(topics), dtype=np.int64)
    np.maximum.at(lengths, of_topic, partition + 1)
    ends = np.cumsum(lengths)
    offsets = np.full(int(lengths.sum()), NO_OFFSET, dtype=np.int64)
    offsets[(ends - lengths)[of_topic] + partition] = np.where(failed, NOT_READ, fetched.offset[read])

    places = zip(ends.tolist(), lengths.tolist(), strict=True)
    not_read = _reasons(of_topic[failed], partition[failed], fetched.error_code[read][failed])
    position = 0
    for group in fetched.groups:
        if group.name not in into.groups:
            raise KeyError(f"group {group.name}")
        blocks = {topic: next(places) for topic, _ in group.topics}
        reason = reason_of_code(group.error_code)
        if reason == GONE:
            into.groups.pop(group.name)
        elif reason is not None:
            into.fail([group.name], reason)
        else:
            into.commits[group.name] = {
                topic: offsets[end - length : end] for topic, (end, length) in blocks.items() if length
            }
            for at, topic in enumerate(blocks, start=position) if not_read else ():
                into.failures += [
                    Failure("partition", f"{group.name}/{topic}/{number}", why) for number, why in not_read.get(at, ())
                ]
        position += len(group.topics)


def _reasons(of_topic: Int64s, partition: Int64s, error_code: Int64s) -> dict[int, list[tuple[int, str]]]:
    """Topic by its position → its partitions that could not be read, each with the reason."""
    reasons: dict[int, list[tuple[int, str]]] = {}
    for topic, number, code in zip(of_topic.tolist(), partition.tolist(), error_code.tolist(), strict=True):
        reasons.setdefault(topic, []).append((number, reason_of_code(code) or ""))
    return reasons
