"""A Kafka cluster to work with: topics, groups, and their offsets as Kafka returns them.

It uses librdkafka on purpose: a client other than the exporter's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import cached_property
from typing import TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions, NewTopic
from kafka import KafkaAdminClient

from testbed.processes import wait_until

Offsets = dict[tuple[str, int], int]
"""(topic, partition) → offset."""

TIMEOUT = 20.0
T = TypeVar("T")
COORDINATOR_TO_COME = {
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
    KafkaError._WAIT_COORD,
}


def running_servers() -> tuple[str, ...]:
    """The bootstrap servers of the running Kafka that ``KAFKA_BOOTSTRAP_SERVERS`` names; empty if it names none."""
    named = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "")
    return tuple(server.strip() for server in named.split(",") if server.strip())


class Kafka:
    """A Kafka cluster that answers at these bootstrap servers. Every call waits until Kafka has done it."""

    def __init__(self, bootstrap_servers: Sequence[str]) -> None:
        self.bootstrap_servers = tuple(bootstrap_servers)

    @cached_property
    def admin(self) -> AdminClient:
        """The admin client. It does not log broken connections; its callers notice them."""
        return AdminClient({"bootstrap.servers": ",".join(self.bootstrap_servers), "log_level": 0})

    def brokers(self, timeout: float = TIMEOUT) -> int:
        """How many alive brokers the cluster's metadata lists; 0 if no broker answers."""
        try:
            return len(self.admin.list_topics(timeout=timeout).brokers)
        except KafkaException:
            return 0

    def create_topic(
        self, name: str, partitions: int = 1, replicas: int = 1, config: Mapping[str, str] | None = None
    ) -> str:
        """Creates a topic whose every partition has a leader, and returns its name."""
        topic = NewTopic(name, num_partitions=partitions, replication_factor=replicas, config=dict(config or {}))
        self.admin.create_topics([topic], request_timeout=TIMEOUT)[name].result(TIMEOUT)
        self._wait_partitions(name, partitions)
        return name

    def add_partitions(self, topic: str, total: int) -> None:
        """Raises the number of a topic's partitions to ``total``."""
        self.admin.create_partitions([NewPartitions(topic, total)])[topic].result(TIMEOUT)
        self._wait_partitions(topic, total)

    def delete_topic(self, name: str) -> None:
        """Deletes a topic."""
        self.admin.delete_topics([name])[name].result(TIMEOUT)
        wait_until(lambda: name not in self.admin.list_topics(timeout=TIMEOUT).topics, TIMEOUT, f"{name} to be gone")

    def delete_records(self, topic: str, partition: int, before: int) -> None:
        """Moves the log start offset of a partition up to ``before``, as retention does."""
        wanted = TopicPartition(topic, partition, before)
        self.admin.delete_records([wanted])[wanted].result(TIMEOUT)

    def end_offsets(self, topic: str) -> Offsets:
        """The end offset of each partition."""
        return {at: end for at, (_, end) in self._log_ends(topic).items()}

    def start_offsets(self, topic: str) -> Offsets:
        """The log start offset of each partition."""
        return {at: start for at, (start, _) in self._log_ends(topic).items()}

    def committed(self, group: str) -> Offsets:
        """What the group has committed."""
        topics = [name for name in self.admin.list_topics(timeout=TIMEOUT).topics if not name.startswith("__")]
        asked = [TopicPartition(topic, number) for topic in topics for number in range(self.partitions(topic))]
        with closing(self._consumer(group)) as consumer:
            answer = consumer.committed(asked, timeout=TIMEOUT)
        return {(at.topic, at.partition): at.offset for at in answer if at.offset >= 0}

    def commit(self, group: str, offsets: Offsets) -> None:
        """Commits on behalf of a group that has no members."""
        wanted = [TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items()]
        with closing(self._consumer(group)) as consumer:
            _coordinated(lambda: consumer.commit(offsets=wanted, asynchronous=False))

    def lag(self, group: str) -> Offsets:
        """How many records lie between the group's commits and the end offsets."""
        committed = self.committed(group)
        ends: Offsets = {}
        for topic in {topic for topic, _ in committed}:
            ends.update(self.end_offsets(topic))
        return {at: ends[at] - offset for at, offset in committed.items()}

    def group_states(self) -> dict[str, str]:
        """Every consumer group's state in Kafka's words, such as ``STABLE`` or ``EMPTY``."""
        listed = self.admin.list_consumer_groups().result(TIMEOUT)
        return {group.group_id: group.state.name for group in listed.valid}

    def delete_group(self, group: str) -> None:
        """Deletes a group, as soon as it has no members."""
        # librdkafka's own request for this can crash the process while no broker coordinates the group.
        with closing(KafkaAdminClient(bootstrap_servers=list(self.bootstrap_servers))) as admin:
            wait_until(lambda: admin.delete_groups([group])[group] == "OK", TIMEOUT, f"group {group} to be deleted")

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has."""
        return len(self.admin.list_topics(topic, timeout=TIMEOUT).topics[topic].partitions)

    def _log_ends(self, topic: str) -> dict[tuple[str, int], tuple[int, int]]:
        with closing(self._consumer("-")) as reader:
            ask = reader.get_watermark_offsets
            numbers = range(self.partitions(topic))
            return {(topic, number): ask(TopicPartition(topic, number), timeout=TIMEOUT) for number in numbers}

    def _consumer(self, group: str) -> Consumer:
        """A consumer that joins no group and fetches nothing: it reads and commits offsets."""
        servers = ",".join(self.bootstrap_servers)
        return Consumer({"bootstrap.servers": servers, "log_level": 0, "group.id": group, "enable.auto.commit": False})

    def _wait_partitions(self, topic: str, count: int) -> None:
        def led() -> bool:
            found = self.admin.list_topics(topic, timeout=TIMEOUT).topics[topic].partitions
            return len(found) == count and all(partition.leader >= 0 for partition in found.values())

        wait_until(led, TIMEOUT, f"{topic} to have {count} partitions with a leader")


def _coordinated(ask: Callable[[], T]) -> T:
    """The answer of a group's coordinator, asked again while none is there.

    The first request about a group makes Kafka create the topic that commits are kept in; until that is done, and
    while it moves from a stopped broker to another, there is no coordinator.
    """
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            return ask()
        except KafkaException as error:
            code = error.args[0].code()
            if code not in COORDINATOR_TO_COME or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
