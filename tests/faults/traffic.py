"""Producers and groups that go on through every fault, and write down in a ledger what Kafka has acknowledged."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from testbed import behaviours
from testbed.kafka import Kafka
from testbed.loops import Loop
from testbed.members import ClassicMember
from tests.faults.ledger import Ledger

LIFETIME = 4 * 3600.0
STEP_SECONDS = 0.5
OFFSETS_PARTITIONS = 6
"""Partitions of ``__consumer_offsets``: two led by each of three brokers."""

ORDERS, SINGLES = "orders", "singles"
SIZES = {ORDERS: 6, SINGLES: 3}
REPLICAS = {ORDERS: 3, SINGLES: 1}
"""Of what is kept once only, the partitions of a broker cannot be read while it is down."""

STUCK = 1
"""Where the commits of bad groups stay."""


def offsets_partition(group: str) -> int:
    """The partition of ``__consumer_offsets`` that keeps a group's commits, by Java's hash of its name."""
    value = 0
    for letter in group:
        value = (31 * value + ord(letter)) & 0xFFFFFFFF
    return (value & 0x7FFFFFFF) % OFFSETS_PARTITIONS


def one_for_each(prefix: str) -> tuple[str, ...]:
    """Names of groups of which each partition of ``__consumer_offsets`` keeps one."""
    names: dict[int, str] = {}
    number = 0
    while len(names) < OFFSETS_PARTITIONS:
        name = f"{prefix}-{number}"
        names.setdefault(offsets_partition(name), name)
        number += 1
    return tuple(names[partition] for partition in sorted(names))


HEALTHY = one_for_each("healthy")
"""They commit whatever is acknowledged, every half second or so: OK."""

STOPPED = one_for_each("stopped")
"""Nobody commits for them, and records come: STOP."""

IN_PART = tuple(f"in-part-{partition}" for partition in range(SIZES[SINGLES]))
"""Healthy but on one partition, which a different broker has for each of them: there STOP."""

STALLED = "stalled"
"""A living member that commits nothing: STALL."""

BAD = frozenset({*STOPPED, *IN_PART, STALLED})
GROUPS = BAD | set(HEALTHY)


class Writing:
    """Writes a record to every partition now and then; never twice, so that no end offset is larger than asked for."""

    def __init__(self, kafka: Kafka, ledger: Ledger) -> None:
        self._ledger = ledger
        self._written: dict[tuple[str, int], int] = defaultdict(int)
        self._producer = Producer(
            {
                "bootstrap.servers": ",".join(kafka.bootstrap_servers),
                "log_level": 0,
                "acks": "all",
                "retries": 0,
                "message.timeout.ms": 3000,
                "reconnect.backoff.max.ms": 500,
                "topic.metadata.refresh.interval.ms": 2000,
            }
        )

    def step(self) -> bool:
        """One record for each partition; those that are not delivered are forgotten."""
        for topic, partitions in SIZES.items():
            for number in range(partitions):
                self._written[topic, number] += 1
                self._ledger.send((topic, str(number)), self._written[topic, number])
                try:
                    self._producer.produce(topic, b"record", partition=number, on_delivery=self._delivered)
                except BufferError:
                    continue
                except KafkaException:  # the partition is not known yet
                    continue
        self._producer.poll(STEP_SECONDS)
        return True

    def close(self) -> None:
        """Waits for no record."""
        self._producer.purge()

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        offset = message.offset()
        if error is None and offset is not None:
            self._ledger.acknowledge((str(message.topic()), str(message.partition())), offset + 1)


class Committing:
    """Commits for one group, without a member; at most one commit is under way, so that none overtakes another."""

    def __init__(self, kafka: Kafka, ledger: Ledger, group: str, topic: str, stuck: int | None = None) -> None:
        self.places = [(group, topic, str(number)) for number in range(SIZES[topic]) if number != stuck]
        self._ledger = ledger
        self._group = group
        self._topic = topic
        self._under_way = 0.0
        self._consumer = Consumer(
            {
                "bootstrap.servers": ",".join(kafka.bootstrap_servers),
                "log_level": 0,
                "group.id": group,
                "enable.auto.commit": False,
                "on_commit": self._committed,
                "reconnect.backoff.max.ms": 500,
            }
        )

    def step(self) -> None:
        """Commits what has been acknowledged, unless the last commit still waits for its answer."""
        self._consumer.poll(0)
        if self._under_way:
            return
        now = time.time()
        wanted = []
        for _, topic, number in self.places:
            offset = self._ledger.acknowledged((topic, number), now)
            self._ledger.send((self._group, topic, number), offset)
            wanted.append(TopicPartition(topic, int(number), offset))
        self._under_way = now
        try:
            self._consumer.commit(offsets=wanted, asynchronous=True)
        except KafkaException:
            self._under_way = 0.0

    def close(self) -> None:
        """Leaves the group as it is."""
        self._consumer.close()

    def _committed(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        self._under_way = 0.0
        for at in partitions if error is None else ():
            if at.error is None:
                self._ledger.acknowledge((self._group, at.topic, str(at.partition)), at.offset)


class Traffic:
    """All of them, from entering the context until leaving it."""

    def __init__(self, kafka: Kafka) -> None:
        self.ledger = Ledger()
        self._kafka = kafka
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        kafka, ledger = self._kafka, self.ledger
        with ExitStack() as stack:
            for topic, partitions in SIZES.items():
                kafka.create_topic(topic, partitions, replicas=REPLICAS[topic])
            writing = Writing(kafka, ledger)
            stack.enter_context(Loop("writing", writing.step, writing.close, LIFETIME))
            for group in STOPPED:
                kafka.commit(group, {(ORDERS, number): STUCK for number in range(SIZES[ORDERS])})
            for number, group in enumerate(IN_PART):
                kafka.commit(group, {(SINGLES, number): STUCK})
            committing = [Committing(kafka, ledger, group, ORDERS) for group in HEALTHY]
            committing += [
                Committing(kafka, ledger, group, SINGLES, stuck=number) for number, group in enumerate(IN_PART)
            ]

            def commit() -> bool:
                for each in committing:
                    each.step()
                time.sleep(STEP_SECONDS)
                return True

            def close() -> None:
                for each in committing:
                    each.close()

            stack.enter_context(Loop("committing", commit, close, LIFETIME))
            member = ClassicMember(kafka, STALLED, ORDERS)
            stalled = behaviours.consumer(member, behaviours.Behaviour.STALLED, turns_after=0.0, lifetime=LIFETIME)
            stack.enter_context(stalled)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._stack.close()

    def flowing(self, since: float) -> bool:
        """Whether Kafka has acknowledged something everywhere after that time."""
        return all(self.ledger.last(place) > since for place in self.ledger.places())
