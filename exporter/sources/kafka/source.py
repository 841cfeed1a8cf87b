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
from exporter.sources.kafka.connection import Connection, Round
from exporter.sources.kafka.groups import CoordinatorAnswer, ListedGroup, Roster, read_coordinator
from exporter.sources.kafka.members import Described, describe
from exporter.sources.kafka.metadata import Metadata, read_metadata
from exporter.sources.kafka.offsets import EARLIEST, LATEST, READ_COMMITTED, Offsets, read_offsets

SILENCES_IN_A_ROW: Final = 3
"""An observation waits at most this many times for a silent broker: for metadata, commits and end offsets."""


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
        self._connection: Connection | None = None
        self._roster = Roster()
        self._described = Described()
        self._described_at: float | None = None
        self._listed: dict[str, ListedGroup] = {}
        self._sizes: dict[str, int] = {}

    def observe(self, timeout: float) -> Observation:
        """Return the state of the cluster now; see `Source.observe`."""
        connection = self._connected()
        silence = min(self._cluster.request_timeout, timeout / SILENCES_IN_A_ROW)
        try:
            return connection.run(self._observe, Round(connection, silence))
        except ClusterUnavailable as unavailable:
            if unavailable.reason == "authentication":
                # The library would repeat its first authentication failure forever, even once the cause is fixed.
                self.close()
            raise

    def refresh_members(self, seen: Observation) -> None:
        """Describe the alive groups, at most every ``members_refresh`` seconds, and groups whose state is unknown."""
        now = time.monotonic()
        due = self._described_at is None or now - self._described_at >= self._cluster.members_refresh
        if not due or self._connection is None:
            return
        self._described_at = now
        wanted = [
            group
            for name, group in self._listed.items()
            if name in seen.groups and (group.state in ALIVE_STATES or not group.state)
        ]
        connection = self._connection
        questions = Round(connection, self._cluster.request_timeout)
        described = connection.run(describe, questions, wanted)
        silent = seen.unread_groups | {failure.subject for failure in described.failures}
        kept = {name: known for name, known in self._described.groups.items() if name in silent}
        self._described = Described({**kept, **described.groups}, described.failures)

    def close(self) -> None:
        """Close the connections; a later observation opens new ones."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connected(self) -> Connection:
        if self._connection is None:
            try:
                self._connection = Connection(self._cluster)
            except (OSError, ssl.SSLError, ValueError) as error:
                raise ClusterUnavailable("configuration", str(error)) from error
        return self._connection

    async def _observe(self, questions: Round) -> Observation:
        """Ask for metadata, then for commits, then for end offsets: in this order lag cannot be negative."""
        started, at = time.perf_counter(), int(self._clock() * 1000)
        metadata = await read_metadata(questions, self._cluster.topics)
        named = time.perf_counter()
        answers = await questions.connection.together(
            read_coordinator(questions, node, self._cluster.groups) for node in metadata.brokers
        )
        committed = time.perf_counter()
        groups = self._groups(answers)
        offsets = await self._offsets(questions, metadata, groups)
        ended = time.perf_counter()

        unseen = self._roster.unseen(answers)
        listed = {name: group for answer in answers for name, group in answer.groups.items()}
        judged = {name for name, group in listed.items() if group.type in JUDGED_TYPES}
        self._listed = listed
        undescribed = [failure for failure in self._described.failures if failure.subject in groups]
        failures = chain(metadata.failures, *(answer.failures for answer in answers), offsets.failures, undescribed)
        return Observation(
            cluster=self._cluster.name,
            at=at,
            groups=groups,
            end_offsets=self._with_unreadable(offsets.end, metadata),
            start_offsets=offsets.start,
            stable_offsets=offsets.stable,
            topic_ids=metadata.topic_ids,
            committed_readers=frozenset(filter(self._reads_committed, groups)),
            unread_groups=frozenset(unseen) | (judged - groups.keys()),
            other_groups={name: group.type for name, group in listed.items() if name not in judged},
            brokers=len(metadata.brokers),
            failures=tuple(dict.fromkeys(failures)),
            requests=dict(questions.requests),
            stages={"metadata": named - started, "commits": committed - named, "offsets": ended - committed},
        )

    async def _offsets(
        self, questions: Round, metadata: Metadata, groups: Mapping[str, GroupObservation]
    ) -> _TopicOffsets:
        """Ask for end offsets and, where wanted, for log start offsets and last stable offsets."""
        end, failures = await read_offsets(questions, metadata.leaders, LATEST)
        start: Offsets = EMPTY
        stable: Offsets = EMPTY
        if self._cluster.start_offsets:
            start, more = await read_offsets(questions, metadata.leaders, EARLIEST)
            failures += more
        topics = {topic for name in filter(self._reads_committed, groups) for topic in groups[name].commits}
        if topics:
            leaders = {topic: nodes for topic, nodes in metadata.leaders.items() if topic in topics}
            stable, more = await read_offsets(questions, leaders, LATEST, READ_COMMITTED)
            failures += more
        return _TopicOffsets(end, start, stable, failures)

    def _reads_committed(self, group: str) -> bool:
        pattern = self._cluster.read_committed
        return pattern is not None and pattern.search(group) is not None

    def _with_unreadable(self, end_offsets: Offsets, metadata: Metadata) -> Offsets:
        """Add the topics that exist but cannot be read now, as large as they were: they are not deleted."""
        sizes = {topic: size for topic, size in self._sizes.items() if topic in metadata.unreadable}
        self._sizes = sizes | {topic: len(offsets) for topic, offsets in end_offsets.items()}
        unread = {topic: np.full(size, NOT_READ, dtype=np.int64) for topic, size in sizes.items()}
        return {**end_offsets, **unread}

    def _groups(self, answers: list[CoordinatorAnswer]) -> Mapping[str, GroupObservation]:
        """Return the groups whose commits were read, with what is known of their members."""
        found = {}
        for answer in answers:
            for name, commits in answer.commits.items():
                group = answer.groups[name]
                state, members = self._described.groups.get(name, ("", None))
                state = group.state or state
                found[name] = GroupObservation(
                    state=state,
                    commits=commits,
                    type=group.type,
                    protocol=group.protocol,
                    coordinator=int(group.coordinator),
                    members=members if state in ALIVE_STATES else Members(0, EMPTY) if state else None,
                )
        return found


def steady_clock() -> Callable[[], float]:
    """Return a clock of seconds since the epoch that does not jump when the system's clock is corrected.

    A jump would lengthen or shorten the time that a group seems to have been silent.
    """
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()
