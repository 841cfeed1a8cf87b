"""Groups in ZooKeeper: what they have committed, which of them have consumers, and who owns what.

Below ROOT/consumers/GROUP there are `offsets/TOPIC/PARTITION`, each with an offset in digits, and for consumers that
balance among themselves `ids/CONSUMER` and `owners/TOPIC/PARTITION`, which vanish with the consumer's session.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from exporter.core.model import NO_OFFSET, NOT_READ, Failure, Members, Owner
from exporter.settings import Filter
from exporter.sources.zookeeper.nodes import FORBIDDEN, Forbidden, Node, Nodes, Unreadable

SCOPE: Final = "zookeeper"
"""The scope of a failure to read ZooKeeper as a whole."""

NO_PATH: Final = "no_such_path"
NOT_ALLOWED: Final = "not_authorized"
INVALID: Final = "invalid_offset"

MAX_PARTITION_DIGITS: Final = 9
MAX_OFFSET: Final = 2**63 - 1

Commit = tuple[int, int]
"""An offset and when it was committed (ms)."""


@dataclass(slots=True)
class StoredGroup:
    """One group as ZooKeeper has it.

    ``commits``: topic → partition → commit, with NOT_READ for an offset that is none. ``consumers``: how many are
    there; None where the group's consumers do not register, and so nobody knows.
    """

    consumers: int | None
    commits: dict[str, dict[int, Commit]] = field(default_factory=dict)

    def newest(self) -> int:
        """When (ms) it committed last, 0 if it never did."""
        return max((time for commits in self.commits.values() for _, time in commits.values()), default=0)


@dataclass(frozen=True, slots=True)
class StoredGroups:
    """The groups in ZooKeeper; those ``unread`` exist, but the exporter may not read them."""

    groups: Mapping[str, StoredGroup]
    unread: frozenset[str]
    failures: tuple[Failure, ...]


def read_groups(nodes: Nodes, groups: Filter, topics: Filter, deadline: float) -> StoredGroups:
    """All admitted groups, with their commits on admitted topics.

    Each level of the tree is one round of requests. Raises Unreadable if it could not all be read by the deadline.
    """
    (listed,) = nodes.children(["/consumers"], deadline)
    if listed is None:
        raise Unreadable(NO_PATH)
    if isinstance(listed, Forbidden):
        raise Unreadable(NOT_ALLOWED)
    names = sorted(filter(groups.admits, listed))
    forbidden: set[str] = set()
    ids = dict(_allowed(zip(names, nodes.children(map(_ids, names), deadline), strict=True), forbidden))
    below = zip(names, nodes.children((f"/consumers/{name}/offsets" for name in names), deadline), strict=True)
    of_topic = [(name, topic) for name, found in _allowed(below, forbidden) for topic in found if topics.admits(topic)]
    found_partitions = nodes.children((f"/consumers/{name}/offsets/{topic}" for name, topic in of_topic), deadline)
    places = [
        (name, topic, number)
        for (name, topic), found in zip(of_topic, found_partitions, strict=True)
        for _, numbers in _allowed([(name, found)], forbidden)
        for number in filter(_is_partition, numbers)
    ]
    stored = {name: StoredGroup(len(ids[name]) if ids.get(name) is not None else None) for name in names}
    failures: list[Failure] = []
    held = nodes.nodes((f"/consumers/{name}/offsets/{topic}/{number}" for name, topic, number in places), deadline)
    for (name, topic, number), node in zip(places, held, strict=True):
        if isinstance(node, Node):
            offset = _offset(node.data)
            stored[name].commits.setdefault(topic, {})[int(number)] = offset, node.modified
            if offset == NOT_READ:
                failures.append(Failure("group", name, INVALID))
        elif node is FORBIDDEN:
            forbidden.add(name)
    failures += [Failure("group", name, NOT_ALLOWED) for name in sorted(forbidden)]
    readable = {name: group for name, group in stored.items() if name not in forbidden}
    return StoredGroups(readable, frozenset(forbidden), tuple(dict.fromkeys(failures)))


def read_members(nodes: Nodes, groups: Mapping[str, StoredGroup], deadline: float) -> dict[str, Members]:
    """The members of the groups that have consumers, and the partitions that each owns.

    A consumer names itself GROUP_HOST-TIME-ID-THREAD; as in Burrow this whole text is the owner.
    """
    names = [name for name, group in groups.items() if group.consumers]
    topics = nodes.children((f"/consumers/{name}/owners" for name in names), deadline)
    of_topic = [(name, topic) for name, found in zip(names, topics, strict=True) for topic in _listed(found)]
    partitions = nodes.children((f"/consumers/{name}/owners/{topic}" for name, topic in of_topic), deadline)
    places = [
        (name, topic, number)
        for (name, topic), found in zip(of_topic, partitions, strict=True)
        for number in filter(_is_partition, _listed(found))
    ]
    held = nodes.nodes((f"/consumers/{name}/owners/{topic}/{number}" for name, topic, number in places), deadline)
    owners: dict[str, dict[str, dict[int, Owner]]] = defaultdict(dict)
    for (name, topic, number), node in zip(places, held, strict=True):
        if isinstance(node, Node):
            owner = Owner(client_id="", host=node.data.decode("utf-8", "replace"))
            owners[name].setdefault(topic, {})[int(number)] = owner
    return {name: Members(groups[name].consumers or 0, owners[name]) for name in names}


def _ids(name: str) -> str:
    return f"/consumers/{name}/ids"


def _allowed(
    found: Iterable[tuple[str, list[str] | Forbidden | None]], forbidden: set[str]
) -> Iterator[tuple[str, list[str]]]:
    """What has children, by group; groups in which something may not be read are added to ``forbidden``."""
    for name, children in found:
        if isinstance(children, Forbidden):
            forbidden.add(name)
        elif children is not None:
            yield name, children


def _listed(children: list[str] | Forbidden | None) -> list[str]:
    return children if isinstance(children, list) else []


def _is_partition(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) <= MAX_PARTITION_DIGITS


def _offset(data: bytes) -> int:
    """The offset in a node: NO_OFFSET for -1, which some consumers begin with, and NOT_READ for what is none."""
    if re.fullmatch(rb"\s*-1\s*", data):
        return NO_OFFSET
    if not re.fullmatch(rb"\s*[0-9]{1,19}\s*", data) or int(data) > MAX_OFFSET:
        return NOT_READ
    return int(data)
