"""One Kafka cluster as a source of observations."""

from __future__ import annotations

import errno
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np

from exporter import clock
from exporter.core.model import (
    EMPTY,
    JUDGED_TYPES,
    NOT_READ,
    Failure,
    GroupObservation,
    Observation,
)
from exporter.settings import Cluster
from exporter.sources import ClusterUnavailable
from exporter.sources.kafka.connections import BrokerConnections
from exporter.sources.kafka.coordinated_groups import CoordinatorResponse, ListedGroup, read_coordinator
from exporter.sources.kafka.failure_reasons import SEVERAL_COORDINATORS
from exporter.sources.kafka.known_groups import FORBIDDEN, KnownGroups, check_absent
from exporter.sources.kafka.known_members import KnownMembers
from exporter.sources.kafka.metadata import Metadata, read_metadata, with_forbidden
from exporter.sources.kafka.offsets import EARLIEST, LATEST, READ_COMMITTED, Offsets, read_offsets
from exporter.sources.kafka.request_round import RequestRound
from exporter.sources.kafka.share_groups import read_share_groups

MAX_TIMEOUTS_IN_A_ROW: Final = 3
"""An observation meets at most this many timeouts of a broker: for metadata, commits and end offsets."""

EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EAGAIN})
"""The errors of a system that cannot give any more of what a connection needs."""


@dataclass(frozen=True, slots=True)
class _TopicOffsets:
    """The offsets that the leaders of partitions returned."""

    end: Offsets
    start: Offsets
    stable: Offsets
    failures: tuple[Failure, ...]


class KafkaSource:
    """Observes one cluster; connects at the first observation. See `exporter.sources.Source`."""

    def __init__(self, cluster: Cluster, clock: Callable[[], float] = clock.now) -> None:
        self._cluster = cluster
        self._clock = clock
        self._connections: BrokerConnections | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._known_groups = KnownGroups()
        self._members = KnownMembers(cluster.members_refresh)
        self._listed: dict[str, ListedGroup] = {}
        self._sizes: dict[str, int] = {}

    def observe(self, timeout: float) -> Observation:
        """Returns the state of the cluster now; see `Source.observe`."""
        connections = self._connected()
        response_timeout = min(self._cluster.request_timeout, timeout / MAX_TIMEOUTS_IN_A_ROW)
        ends_at = time.monotonic() + timeout
        try:
            return connections.run(self._observe, RequestRound(connections, response_timeout), ends_at)
        except ClusterUnavailable:
            raise
        except Exception:
            # The connections' thread may have ended with it. The next observation opens new ones.
            self._replace(connections)
            raise

    def refresh_members(self, observation: Observation) -> None:
        """Describes the members of groups, if that is due; see `Source.refresh_members`."""
        connections = self._connections
        if connections is None:
            return
        listed = (group for name, group in self._listed.items() if name in observation.groups)
        timeout = self._cluster.request_timeout
        self._members.refresh(connections, timeout, listed, observation.unread_groups, self._sizes)

    def expect(self, groups: Iterable[str], topics: Mapping[str, int]) -> None:
        """Names groups, and topics with their numbers of partitions, that exist; see `Source.expect`."""
        self._known_groups.expect(filter(self._cluster.groups.admits, groups))
        self._sizes = {topic: size for topic, size in topics.items() if self._cluster.topics.admits(topic)}

    def close(self) -> None:
        """Closes the connections for good: an observation that has not opened them yet will not."""
        with self._lock:
            self._closed = True
            connections, self._connections = self._connections, None
        if connections is not None:
            connections.close()

    def _connected(self) -> BrokerConnections:
        """The open connections. Raises ClusterUnavailable if there cannot be any."""
        with self._lock:
            if self._closed:
                raise ClusterUnavailable("closed", "the connections have been closed")
            if self._connections is None:
                self._connections = self._connect()
            return self._connections

    def _connect(self) -> BrokerConnections:
        try:
            return BrokerConnections(self._cluster)
        except RuntimeError as error:
            raise ClusterUnavailable("resources", str(error)) from error
        except (OSError, ssl.SSLError, ValueError) as error:
            exhausted = isinstance(error, OSError) and error.errno in EXHAUSTED
            raise ClusterUnavailable("resources" if exhausted else "configuration", str(error)) from error

    def _replace(self, connections: BrokerConnections) -> None:
        with self._lock:
            if self._connections is connections:
                self._connections = None
        connections.close()

    async def _observe(self, requests: RequestRound, ends_at: float) -> Observation:
        """Reads metadata, then commits, then end offsets: in this order lag cannot be negative.

        What is not read by ``ends_at`` (monotonic time) is a failure; reading commits leaves time for end offsets.
        """
        started = time.perf_counter()
        metadata = await read_metadata(requests, self._cluster.topics, placement=self._cluster.metrics.need_placement)
        metadata = await with_forbidden(requests, metadata, self._sizes)
        metadata_read = time.perf_counter()
        now = time.monotonic()
        requests.deadline = now + (ends_at - now) / 2
        sizes = self._sizes | {topic: len(leaders) for topic, leaders in metadata.leaders.items()}
        responses = await requests.connections.gather(
            read_coordinator(requests, node, self._cluster.groups, sizes) for node in metadata.brokers
        )
        commits_read, at = time.perf_counter(), int(self._clock() * 1000)
        requests.deadline = ends_at
        groups = self._groups(responses)
        offsets = await self._offsets(requests, metadata, groups)
        offsets_read = time.perf_counter()

        missing = await self._known_groups.missing(requests, metadata, responses)
        listed = {name: group for response in responses for name, group in response.groups.items()}
        judged = {name for name, group in listed.items() if group.type in JUDGED_TYPES}
        self._listed = listed
        # After all else, so that a coordinator that is slow to count lags costs nothing else.
        groups_known = time.perf_counter()
        share_groups, lags_not_read = await read_share_groups(
            requests, (group for group in listed.values() if group.type == "share"), sizes
        )
        share_groups_read = time.perf_counter()
        failures = chain(
            metadata.failures,
            *(response.failures for response in responses),
            offsets.failures,
            self._members.failures(groups),
            (Failure("group", name, SEVERAL_COORDINATORS) for name in judged & _listed_twice(responses)),
            (Failure("group", name, reason) for name, reason in missing.items() if reason is not None),
            await self._forbidden_groups(requests, responses),
            lags_not_read,
        )
        return Observation(
            cluster=self._cluster.name,
            at=at,
            groups=groups,
            end_offsets=self._with_unreadable(offsets.end, metadata),
            start_offsets=offsets.start,
            stable_offsets=offsets.stable,
            topic_ids=metadata.topic_ids,
            committed_readers=frozenset(filter(self._cluster.reads_committed, groups)),
            unread_groups=frozenset(missing) | (judged - groups.keys()),
            other_groups={name: group.type for name, group in listed.items() if name not in judged},
            share_groups=share_groups,
            brokers=len(metadata.brokers),
            failures=tuple(dict.fromkeys(failures)),
            requests=dict(requests.sent),
            placement=metadata.placement,
            stages={
                "metadata": metadata_read - started,
                "commits": commits_read - metadata_read,
                "offsets": offsets_read - commits_read,
                "share_groups": share_groups_read - groups_known,
            },
        )

    async def _forbidden_groups(
        self, requests: RequestRound, responses: Iterable[CoordinatorResponse]
    ) -> tuple[Failure, ...]:
        """A failure if no group is listed because none may be described: Kafka leaves such groups out of its lists."""
        listing = [response for response in responses if response.listed]
        if any(response.total for response in responses) or not listing:
            return ()
        name = self._cluster.client_id
        said = await check_absent(requests, listing[0].node, [name])
        return (Failure("cluster", self._cluster.name, FORBIDDEN),) if said.get(name) == FORBIDDEN else ()

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
        topics = {topic for name in filter(self._cluster.reads_committed, groups) for topic in groups[name].commits}
        if topics:
            leaders = {topic: nodes for topic, nodes in metadata.leaders.items() if topic in topics}
            stable, more = await read_offsets(requests, leaders, LATEST, READ_COMMITTED)
            failures += more
        return _TopicOffsets(end, start, stable, failures)

    def _with_unreadable(self, end_offsets: Offsets, metadata: Metadata) -> Offsets:
        """The end offsets, with the topics that exist but cannot be read now: as large as they were, NOT_READ."""
        sizes = {topic: size for topic, size in self._sizes.items() if topic in metadata.unreadable}
        self._sizes = sizes | {topic: len(offsets) for topic, offsets in end_offsets.items()}
        unread = {topic: np.full(size, NOT_READ, dtype=np.int64) for topic, size in sizes.items()}
        return {**end_offsets, **unread}

    def _groups(self, responses: list[CoordinatorResponse]) -> Mapping[str, GroupObservation]:
        """The groups whose commits were read, with what is known of their members.

        A group that two brokers list is left out. One of them does not coordinate it any more: its commits are old.
        """
        groups = {}
        listed_twice = _listed_twice(responses)
        for response in responses:
            for name, commits in response.commits.items():
                if name in listed_twice:
                    continue
                group = response.groups[name]
                state, members = self._members.of(group)
                groups[name] = GroupObservation(
                    state=state,
                    commits=commits,
                    type=group.type,
                    protocol=group.protocol,
                    coordinator=int(group.coordinator),
                    members=members,
                )
        return groups


def _listed_twice(responses: Iterable[CoordinatorResponse]) -> set[str]:
    """The groups that more than one broker lists."""
    counts = Counter(name for response in responses for name in response.groups)
    return {name for name, count in counts.items() if count > 1}
