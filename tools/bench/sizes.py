"""The sizes of cluster that are measured, and how a Kafka is filled with one."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from testbed.kafka import Kafka
from testbed.producers import fill

PARTITIONS_PER_TOPIC: Final = 100
RECORDS: Final = 10
COMMITTED: Final = 7
"""Each partition holds so many records, of which each group has committed so many."""

REQUESTS_AT_A_TIME: Final = 64
PROGRESS_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 60.0

Say = Callable[[str], None]
"""Tells whoever waits how far the work has come."""


@dataclass(frozen=True, slots=True)
class Size:
    """So many groups, each of which has committed on so many partitions; every group reads the same topics."""

    name: str
    groups: int
    partitions: int
    rounds: int
    """How often each exporter is scraped."""

    @property
    def group_partitions(self) -> int:
        """How many offsets are judged."""
        return self.groups * self.partitions

    def __str__(self) -> str:
        return f"{self.groups:,} groups × {self.partitions:,} partitions"

    def topics(self) -> dict[str, int]:
        """Topic → number of partitions."""
        whole, rest = divmod(self.partitions, PARTITIONS_PER_TOPIC)
        sizes = [PARTITIONS_PER_TOPIC] * whole + ([rest] if rest else [])
        return {f"orders-{number}": size for number, size in enumerate(sizes)}

    def group_names(self) -> Iterator[str]:
        """The names of the groups, as long as such names usually are."""
        return (f"billing-service-{number:05d}" for number in range(self.groups))


SIZES: Final = {
    size.name: size
    for size in (
        Size("1k", 100, 10, rounds=15),
        Size("10k", 100, 100, rounds=15),
        Size("100k", 100, 1_000, rounds=9),
        Size("65kx3", 65_000, 3, rounds=5),
    )
}


def fill_kafka(kafka: Kafka, size: Size, say: Say) -> None:
    """Creates the topics with some records in each partition, and lets every group commit by the admin API."""
    for topic, partitions in size.topics().items():
        kafka.create_topic(topic, partitions)
        fill(kafka, topic, RECORDS)
    say(f"{size.partitions:,} partitions have {RECORDS} records each")
    first, *_ = size.topics()
    kafka.commit(next(size.group_names()), {(first, 0): COMMITTED})  # makes Kafka create the topic that keeps commits
    commit = Commits(kafka.admin)
    told = time.monotonic()
    for done, group in enumerate(size.group_names()):
        commit.send(group, size.topics(), COMMITTED)
        if time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            say(f"{done:,} of {size.groups:,} groups have committed")
    commit.wait()
    say(f"all {size.groups:,} groups have committed")


class Commits:
    """Commits of groups without members, a bounded number of requests at a time."""

    def __init__(self, admin: AdminClient) -> None:
        self._admin = admin
        self._sent: deque[Future[ConsumerGroupTopicPartitions]] = deque()

    def send(self, group: str, topics: dict[str, int], offset: int) -> None:
        """Lets the group commit this offset on each partition, without waiting for the answer."""
        wanted = [TopicPartition(topic, number, offset) for topic, size in topics.items() for number in range(size)]
        self.send_offsets(group, wanted)

    def send_offsets(self, group: str, wanted: list[TopicPartition]) -> None:
        """Lets the group commit these offsets, without waiting for the answer."""
        while len(self._sent) >= REQUESTS_AT_A_TIME:
            self._sent.popleft().result(ANSWER_SECONDS)
        asked = self._admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, wanted)])
        self._sent.extend(asked.values())

    def wait(self) -> None:
        """Waits until all of them are committed."""
        while self._sent:
            self._sent.popleft().result(ANSWER_SECONDS)
