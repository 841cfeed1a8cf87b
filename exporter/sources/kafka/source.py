"""One Kafka cluster as a source of observations."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np

from exporter.core.model import (
    ALIVE_STATES,
    EMPTY,
    JUDGED_TYPES,
    NOT_READ,
    Failure,
    GroupObservation,
    Members,
    Observation,
)
from exporter.settings import Cluster
from exporter.sources import ClusterUnavailable
from exporter.sources.kafka.connections import BrokerConnections
from exporter.sources.kafka.groups import CoordinatorResponse, KnownGroups, ListedGroup, read_coordinator
from exporter.sources.kafka.members import DescribedGroups, describe
from exporter.sources.kafka.metadata import Metadata, read_metadata
from exporter.sources.kafka.offsets import EARLIEST, LATEST, READ_COMMITTED, Offsets, read_offsets
from exporter.sources.kafka.request_round import RequestRound

MAX_TIMEOUTS_IN_A_ROW: Final = 3
"""An observation meets at most this many timeouts of a broker: for metadata, commits and end offsets."""


@dataclass(frozen=True, slots=True)
class _TopicOffsets:
    """The offsets that the leaders of partitions returned."""

    end: Offsets
    start: Offsets
    stable: Offsets
    failures: tuple[Failure, ...]


class KafkaSource:
    """Observes one cluster; connects at the first observation. See `exporter.sources.Source`."""

    def __init__(self, cluster: Cluster, clock: Callable[[], float] | None = None) -> None:
        self._cluster = cluster
        self._clock = clock or steady_clock()
        self._connections: BrokerConnections | None = None
        self._known_groups = KnownGroups()
        self._described = DescribedGroups()
        self._described_at: float | None = None
        self._listed: dict[str, ListedGroup] = {}
        self._sizes: dict[str, int] = {}

    def observe(self, timeout: float) -> Observation:
        """Returns the state of the cluster now; see `Source.observe`."""
        connections = self._connected()
        response_timeout = min(self._cluster.request_timeout, timeout / MAX_TIMEOUTS_IN_A_ROW)
        try:
            return connections.run(self._observe, RequestRound(connections, response_timeout))
        except ClusterUnavailable as unavailable:
            if unavailable.reason == "authentication":
                # The library would repeat its first authentication failure forever, even once the cause is fixed.
                self.close()
            raise

    def refresh_members(self, observation: Observation) -> None:
        """Describes the alive groups, at most every ``members_refresh`` seconds, and groups whose state is unknown."""
        now, connections = time.monotonic(), self._connections
        due = self._described_at is None or now - self._described_at >= self._cluster.members_refresh
        if not due or connections is None:
            return
        self._described_at = now
        wanted = [
            group
            for name, group in self._listed.items()
            if name in observation.groups and (group.state in ALIVE_STATES or not group.state)
        ]
        requests = RequestRound(connections, self._cluster.request_timeout)
        described = connections.run(describe, requests, wanted)
        not_described = observation.unread_groups | {failure.subject for failure in described.failures}
        kept = {name: known for name, known in self._described.groups.items() if name in not_described}
        self._described = DescribedGroups({**kept, **described.groups}, described.failures)

    def close(self) -> None:
        """Closes the connections; a later observation opens new ones."""
        connections, self._connections = self._connections, None
        if connections is not None:
            connections.close()

    def _connected(self) -> BrokerConnections:
        """The open connections. Raises ClusterUnavailable if their settings are of no use."""
        if self._connections is None:
            try:
                self._connections = BrokerConnections(self._cluster)
            except (OSError, ssl.SSLError, ValueError) as error:
                raise ClusterUnavailable("configuration", str(error)) from error
        return self._connections

    async def _observe(self, requests: RequestRound) -> Observation:
        """Reads metadata, then commits, then end offsets: in this order lag cannot be negative."""
        started, at = time.perf_counter(), int(self._clock() * 1000)
        metadata = await read_metadata(requests, self._cluster.topics)
        metadata_read = time.perf_counter()
        responses = await requests.connections.gather(
            read_coordinator(requests, node, self._cluster.groups) for node in metadata.brokers
        )
        commits_read = time.perf_counter()
        groups = self._groups(responses)
        offsets = await self._offsets(requests, metadata, groups)
        offsets_read = time.perf_counter()

        unlisted = self._known_groups.unlisted(responses)
        listed = {name: group for response in responses for name, group in response.groups.items()}
        judged = {name for name, group in listed.items() if group.type in JUDGED_TYPES}
        self._listed = listed
        undescribed = [failure for failure in self._described.failures if failure.subject in groups]
        failures = chain(
            metadata.failures, *(response.failures for response in responses), offsets.failures, undescribed
        )
        return Observation(
            cluster=self._cluster.name,
            at=at,
            groups=groups,
            end_offsets=self._with_unreadable(offsets.end, metadata),
            start_offsets=offsets.start,
            stable_offsets=offsets.stable,
            topic_ids=metadata.topic_ids,
            committed_readers=frozenset(filter(self._reads_committed, groups)),
            unread_groups=frozenset(unlisted) | (judged - groups.keys()),
            other_groups={name: group.type for name, group in listed.items() if name not in judged},
            brokers=len(metadata.brokers),
            failures=tuple(dict.fromkeys(failures)),
            requests=dict(requests.sent),
            stages={
                "metadata": metadata_read - started,
                "commits": commits_read - metadata_read,
                "offsets": offsets_read - commits_read,
            },
        )

    async def _offsets(
        self, requests: RequestRound, metadata: Metadata, groups: Mapping[str, GroupObservation]
    ) -> _TopicOffsets:
        """Reads end offsets and, where wanted, log start offsets and last stable offsets."""
        end, failures = await read_offsets(requests, metadata.leaders, LATEST)
        start: Offsets = EMPTY
        stable: Offsets = EMPTY
        if self._cluster.start_offsets:
            start, more = await read_offsets(requests, metadata.leaders, EARLIEST)
            failures += more
        topics = {topic for name in filter(self._reads_committed, groups) for topic in groups[name].commits}
        if topics:
            leaders = {topic: nodes for topic, nodes in metadata.leaders.items() if topic in topics}
            stable, more = await read_offsets(requests, leaders, LATEST, READ_COMMITTED)
            failures += more
        return _TopicOffsets(end, start, stable, failures)

    def _reads_committed(self, group: str) -> bool:
        pattern = self._cluster.read_committed
        return pattern is not None and pattern.search(group) is not None

    def _with_unreadable(self, end_offsets: Offsets, metadata: Metadata) -> Offsets:
        """The end offsets, with the topics that exist but cannot be read now: as large as they were, NOT_READ."""
        sizes = {topic: size for topic, size in self._sizes.items() if topic in metadata.unreadable}
        self._sizes = sizes | {topic: len(offsets) for topic, offsets in end_offsets.items()}
        unread = {topic: np.full(size, NOT_READ, dtype=np.int64) for topic, size in sizes.items()}
        return {**end_offsets, **unread}

    def _groups(self, responses: list[CoordinatorResponse]) -> Mapping[str, GroupObservation]:
        """The groups whose commits were read, with what is known of their members."""
        groups = {}
        for response in responses:
            for name, commits in response.commits.items():
                group = response.groups[name]
                state, members = self._described.groups.get(name, ("", None))
                state = group.state or state
                groups[name] = GroupObservation(
                    state=state,
                    commits=commits,
                    type=group.type,
                    protocol=group.protocol,
                    coordinator=int(group.coordinator),
                    members=members if state in ALIVE_STATES else Members(0, EMPTY) if state else None,
                )
        return groups


def steady_clock() -> Callable[[], float]:
    """A clock of seconds since the epoch that does not jump when the system's clock is corrected.

    A jump would lengthen or shorten the time that a group seems to have been silent.
    """
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()
