"""Real members of consumer groups, in both protocols, behind one interface."""

from __future__ import annotations

import time
from functools import partial
from typing import Any, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka import TopicPartition as ConfluentPartition

from testbed.kafka import Kafka, Offsets

POLL_SECONDS = 0.1
REBALANCING = {
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.STALE_MEMBER_EPOCH,
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._TIMED_OUT,
    KafkaError._WAIT_COORD,
}
"""Errors of a commit while the group or its coordinator is changing; the next commit is likely to succeed."""


class Member(Protocol):
    """A client that has subscribed to a topic; without a commit it begins at the log start."""

    def read(self, seconds: float) -> None:
        """Reads on for so long, which also keeps the membership."""

    def positions(self) -> Offsets:
        """The next offset to read of each assigned partition that it has a position in."""

    def commit(self, offsets: Offsets) -> bool:
        """Commits these offsets; False if the group is just being rearranged."""

    def go_back(self, offsets: Offsets) -> None:
        """Seeks to these offsets, and reads no further from there."""

    def close(self) -> None:
        """Leaves the group. Commits nothing."""


class ConfluentMember:
    """A member by librdkafka; ``protocol`` is ``classic`` or ``consumer`` (KIP-848).

    ``session_seconds``: for how long a classic member that has died is still counted as one.
    """

    def __init__(
        self, kafka: Kafka, group: str, topic: str, protocol: str = "consumer", session_seconds: float = 10.0
    ) -> None:
        config: dict[str, Any] = {
            "bootstrap.servers": ",".join(kafka.bootstrap_servers),
            "client.id": group,
            "group.id": group,
            "group.protocol": protocol,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "log_level": 0,
        }
        if protocol == "classic":
            session = round(session_seconds * 1000)
            config |= {"session.timeout.ms": session, "heartbeat.interval.ms": session // 10}
        self._consumer = Consumer(config)
        self._consumer.subscribe([topic])

    def read(self, seconds: float) -> None:
        """Reads on for so long."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._consumer.consume(5_000, timeout=min(left, POLL_SECONDS))

    def assigned(self) -> list[tuple[str, int]]:
        """The topics and partitions that it is assigned now."""
        return [(at.topic, at.partition) for at in self._consumer.assignment()]

    def positions(self) -> Offsets:
        """The next offset to read of each assigned partition that it has read from."""
        found = self._consumer.position(self._consumer.assignment())
        return {(at.topic, at.partition): at.offset for at in found if at.offset >= 0}

    def commit(self, offsets: Offsets) -> bool:
        """Commits these offsets; False if the group is just being rearranged."""
        wanted = [ConfluentPartition(*at, offset) for at, offset in offsets.items()]
        try:
            answer = self._consumer.commit(offsets=wanted, asynchronous=False)
            errors = [at.error for at in answer if at.error is not None]
        except KafkaException as refused:
            errors = [refused.args[0]]
        for error in errors:
            if error.code() not in REBALANCING and not error.retriable():
                raise KafkaException(error)
        return not errors

    def go_back(self, offsets: Offsets) -> None:
        """Seeks to these offsets, and reads no further from there."""
        self._consumer.pause([ConfluentPartition(*at) for at in offsets])
        for at, offset in offsets.items():
            self._consumer.seek(ConfluentPartition(*at, offset))

    def close(self) -> None:
        """Leaves the group."""
        self._consumer.close()


class RecordMember(ConfluentMember):
    """A member whose position is the offset after the last record it has read, as in many frameworks.

    librdkafka's own position passes over the markers of transactions, which are no records.
    """

    def __init__(self, kafka: Kafka, group: str, topic: str) -> None:
        super().__init__(kafka, group, topic)
        self._after: Offsets = {}

    def read(self, seconds: float) -> None:
        """Reads on for so long."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            for record in self._consumer.consume(5_000, timeout=min(left, POLL_SECONDS)):
                match record.topic(), record.partition(), record.offset():
                    case (str(name), int(partition), int(offset)) if record.error() is None:
                        self._after[name, partition] = offset + 1

    def positions(self) -> Offsets:
        """The offset after the last record of each partition that it has read from."""
        return dict(self._after)


ClassicMember = partial(ConfluentMember, protocol="classic")
"""A member by librdkafka in the classic protocol. kafka-python's (3.0.12) was seen to wait for minutes to join a group
on a fresh broker, so it is not used here."""
