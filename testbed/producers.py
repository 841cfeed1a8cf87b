"""Real producers."""

from __future__ import annotations

import time
from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from testbed.kafka import Kafka
from testbed.loops import Loop
from testbed.processes import TestbedError

TICK = 0.1
FLUSH_SECONDS = 30.0


class _Client:
    """A producer that notices what was not delivered."""

    def __init__(self, kafka: Kafka) -> None:
        servers = ",".join(kafka.bootstrap_servers)
        self._producer = Producer({"bootstrap.servers": servers, "linger.ms": 20, "log_level": 0})
        self._failure: KafkaError | None = None

    def write(self, topic: str, partition: int, value: str) -> None:
        self._producer.produce(topic, value=value, partition=partition, on_delivery=self._delivered)
        self._producer.poll(0)
        if self._failure is not None:
            raise KafkaException(self._failure)

    def flush(self) -> None:
        left = self._producer.flush(FLUSH_SECONDS)
        if self._failure is not None:
            raise KafkaException(self._failure)
        if left:
            raise TestbedError(f"{left} records were not delivered within {FLUSH_SECONDS:g} s")

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        self._failure = self._failure or error


def fill(kafka: Kafka, topic: str, records: int, value: str = "record") -> None:
    """Writes ``records`` records to each partition, and returns when Kafka has acknowledged them all."""
    client = _Client(kafka)
    for partition in range(kafka.partitions(topic)):
        for _ in range(records):
            client.write(topic, partition, value)
    client.flush()


def producer(kafka: Kafka, topics: Sequence[str], *, rate: float, lifetime: float = 600.0) -> Loop:
    """A loop that writes ``rate`` records a second to each partition of the topics, evenly."""
    client = _Client(kafka)
    partitions = [(topic, number) for topic in topics for number in range(kafka.partitions(topic))]
    started, written = time.monotonic(), 0

    def step() -> bool:
        nonlocal written
        due = int((time.monotonic() - started) * rate)
        for number in range(written, due):
            for topic, partition in partitions:
                client.write(topic, partition, f"record {number}")
        written = due
        time.sleep(TICK)
        return True

    return Loop(f"producer of {', '.join(topics)}", step, client.flush, lifetime)


class TransactionalProducer:
    """Writes records in transactions, each of which ends with a marker that takes an offset of its own."""

    def __init__(self, kafka: Kafka, name: str) -> None:
        servers = ",".join(kafka.bootstrap_servers)
        self._producer = Producer({"bootstrap.servers": servers, "transactional.id": name, "log_level": 0})
        self._producer.init_transactions(FLUSH_SECONDS)

    def write(self, topic: str, records: int) -> None:
        """Writes so many records to the topic's first partition, and commits their transaction."""
        self._producer.begin_transaction()
        for number in range(records):
            self._producer.produce(topic, value=f"record {number}", partition=0)
        self._producer.commit_transaction(FLUSH_SECONDS)
