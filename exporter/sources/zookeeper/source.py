"""A cluster of which some groups commit to ZooKeeper: their commits beside all that another source reads from Kafka."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from exporter import clock
from exporter.core.model import EMPTY, NO_OFFSET, Failure, GroupObservation, Int64s, Members, Observation
from exporter.settings import Cluster, ZooKeeper
from exporter.sources import Source
from exporter.sources.zookeeper.groups import SCOPE, Commit, StoredGroup, StoredGroups, read_groups, read_members
from exporter.sources.zookeeper.names import SUFFIX, Names
from exporter.sources.zookeeper.nodes import Nodes, Unreadable

SHARE: Final = 0.5
"""Reading ZooKeeper takes no more than this share of an observation's time: Kafka is read after it."""

BROKEN_SECONDS: Final = 1.0
"""So long an observation waits for a connection that the one before did not get: it goes on being made meanwhile."""

TYPE: Final = "zookeeper"
"""The type of these groups, beside those of Kafka's own."""


class WithZooKeeper:
    """Adds the groups in ZooKeeper to what ``kafka`` observes; see `exporter.sources.Source`.

    ZooKeeper is read first. Commits are so from before the end offsets, as those in Kafka are, and lag is not negative.
    """

    def __init__(
        self, cluster: Cluster, stored: ZooKeeper, kafka: Source, clock: Callable[[], float] = clock.now
    ) -> None:
        self._cluster = cluster
        self._kafka = kafka
        self._clock = clock
        self._nodes = Nodes(stored)
        self._expire_seconds = stored.expire_groups
        self._names = Names()
        self._topics: Mapping[str, int] = EMPTY
        self._told = True
        self._failed = False
        self._read: Mapping[str, StoredGroup] = EMPTY
        self._members: Mapping[str, Members] = EMPTY
        self._members_at = float("-inf")
        self._members_failed = False

    def observe(self, timeout: float) -> Observation:
        """Returns the state of the cluster now, that of ZooKeeper included; see `Source.observe`."""
        started = time.monotonic()
        found: StoredGroups | Unreadable
        try:
            patience = timeout * SHARE
            if self._failed and not self._nodes.connected:
                patience = min(patience, BROKEN_SECONDS)
            found = read_groups(self._nodes, self._cluster.groups, self._cluster.topics, started + patience)
        except Unreadable as unreadable:
            found = unreadable
        self._failed = isinstance(found, Unreadable)
        if not self._told:
            stored = None if isinstance(found, Unreadable) else {*found.groups, *found.unread}
            self._kafka.expect(self._names.expected_in_kafka(stored), self._topics)
            self._told = True
        read = time.monotonic()
        observation = self._kafka.observe(max(timeout - (read - started), 0.0))
        stages = {**observation.stages, "zookeeper": read - started}
        return replace(self._together(observation, found), stages=stages)

    def expect(self, groups: Iterable[str], topics: Mapping[str, int]) -> None:
        """Names what exists; Kafka is told of its own groups once it is known which those are."""
        admits = self._cluster.groups.admits
        self._names.expect(name for name in groups if admits(name.removesuffix(SUFFIX)))
        self._topics = topics
        self._told = False

    def refresh_members(self, observation: Observation) -> None:
        """Describes the members of Kafka's groups and, as often, the owners of partitions in ZooKeeper."""
        self._kafka.refresh_members(observation)
        now = time.monotonic()
        if now - self._members_at < self._cluster.members_refresh or not self._nodes.connected:
            return
        self._members_at = now
        try:
            self._members = read_members(self._nodes, self._read, now + self._cluster.request_timeout)
            self._members_failed = False
        except Unreadable:
            self._members_failed = True

    def close(self) -> None:
        """Closes the connections to both."""
        self._nodes.close()
        self._kafka.close()

    def _together(self, observation: Observation, found: StoredGroups | Unreadable) -> Observation:
        """The observation of Kafka with the groups of ZooKeeper, each under a name of its own."""
        names = self._names
        names.see(observation)
        if isinstance(found, Unreadable):
            failure = Failure(SCOPE, ",".join(self._nodes.servers), found.reason)
            unread = observation.unread_groups | names.watched()
            return replace(observation, unread_groups=unread, failures=(*observation.failures, failure))
        self._read = {name: group for name, group in found.groups.items() if self._is_current(group)}
        names.watch({*self._read, *found.unread})
        sizes = {topic: len(offsets) for topic, offsets in observation.end_offsets.items()}
        groups = {names.of(name): self._observed(name, group, sizes) for name, group in self._read.items()}
        failures = [replace(each, subject=names.of(each.subject)) for each in found.failures]
        if self._members_failed:
            failures += [Failure("membership", name, "timeout") for name, group in groups.items() if group.alive]
        return replace(
            observation,
            groups={**observation.groups, **groups},
            # Kafka may miss a group that was never there.
            unread_groups=(observation.unread_groups - groups.keys()) | set(map(names.of, found.unread)),
            failures=(*(f for f in observation.failures if f.scope != "group" or f.subject not in groups), *failures),
        )

    def _is_current(self, group: StoredGroup) -> bool:
        """False for a group that nobody would miss: ZooKeeper keeps the nodes of all groups that there ever were."""
        if group.consumers:
            return True
        return group.newest() > (self._clock() - self._expire_seconds) * 1000

    def _observed(self, name: str, group: StoredGroup, sizes: Mapping[str, int]) -> GroupObservation:
        """A group as one of Kafka's would be observed.

        One whose consumers do not register is like one in Kafka whose consumers assign partitions to themselves.
        """
        of_topic = {
            topic: columns
            for topic, commits in group.commits.items()
            if (columns := _columns(commits, sizes.get(topic, 0))) is not None
        }
        alive = bool(group.consumers)
        return GroupObservation(
            state="Stable" if alive else "Empty",
            commits={topic: offsets for topic, (offsets, _) in of_topic.items()},
            commit_times={topic: times for topic, (_, times) in of_topic.items()},
            type=TYPE,
            protocol="" if group.consumers is None else "consumer",
            members=self._members.get(name) if alive else Members(0, EMPTY),
        )


def _columns(commits: Mapping[int, Commit], size: int) -> tuple[Int64s, Int64s] | None:
    """The offsets and the times (ms) of commits by partition id, as far as the topic has partitions; None for none."""
    known = {number: commit for number, commit in commits.items() if number < size}
    if not known:
        return None
    offsets, times = np.full((2, max(known) + 1), NO_OFFSET, dtype=np.int64)
    numbers = list(known)
    offsets[numbers] = [offset for offset, _ in known.values()]
    times[numbers] = [time for _, time in known.values()]
    return offsets, times
