"""Lag in seconds on a real Kafka, held against the age that the records themselves tell."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from confluent_kafka import Consumer, TopicPartition

from testbed.kafka import Kafka
from testbed.processes import wait_until
from testbed.producers import producer
from testbed.scrape import scrape
from testbed.servers import Server

pytestmark = pytest.mark.real

INTERVAL = 1.0
PATIENCE = 60.0


def timestamp_of(kafka: Kafka, topic: str, offset: int) -> float:
    """When the record at an offset was written, in seconds since 1970, as Kafka has it."""
    reader = Consumer({"bootstrap.servers": ",".join(kafka.bootstrap_servers), "group.id": "-", "log_level": 0})
    try:
        reader.assign([TopicPartition(topic, 0, offset)])
        record = reader.poll(PATIENCE)
        assert record is not None
        assert record.error() is None
        return float(record.timestamp()[1]) / 1000
    finally:
        reader.close()


def test_the_lag_in_seconds_is_the_age_of_the_oldest_unread_record_within_one_interval(
    kafka: Kafka, start_exporter: Callable[..., Server], unique: Callable[[str], str]
) -> None:
    topic, group = kafka.create_topic(unique("topic")), unique("group")
    cluster = {"bootstrap_servers": list(kafka.bootstrap_servers), "evaluation": {"min_distance": "900ms"}}
    server = start_exporter({"clusters": {"real": cluster}, "collection": {"min_interval": "0s"}})

    def lag_seconds() -> float | None:
        return scrape(f"{server.url}/metrics").value(
            "burrow_kafka_consumer_partition_lag_seconds", consumer_group=group, topic=topic
        )

    with producer(kafka, [topic], rate=50.0, lifetime=PATIENCE):
        wait_until(lambda: next(iter(kafka.end_offsets(topic).values())) > 0, PATIENCE, "the first record")
        for _ in range(4):  # the end offset is watched before the commit falls behind it
            lag_seconds()
            time.sleep(INTERVAL)
        (committed,) = kafka.end_offsets(topic).values()
        kafka.commit(group, {(topic, 0): committed})
        for _ in range(8):
            time.sleep(INTERVAL)
            found, looked = lag_seconds(), time.time()
    assert found is not None
    truth = looked - timestamp_of(kafka, topic, committed)
    assert truth > 5
    # One interval between two looks, and what a look itself takes.
    assert abs(found - truth) < INTERVAL + 0.5
    page = scrape(f"{server.url}/metrics")
    assert page.value("burrow_kafka_consumer_lag_seconds_is_lower_bound", consumer_group=group) == 0


def test_a_commit_from_before_the_exporter_looked_is_told_as_a_lower_bound(
    kafka: Kafka, start_exporter: Callable[..., Server], unique: Callable[[str], str]
) -> None:
    topic, group = kafka.create_topic(unique("topic")), unique("group")
    with producer(kafka, [topic], rate=200.0, lifetime=PATIENCE):
        wait_until(lambda: next(iter(kafka.end_offsets(topic).values())) > 50, PATIENCE, "fifty records")
    kafka.commit(group, {(topic, 0): 10})
    cluster = {"bootstrap_servers": list(kafka.bootstrap_servers), "evaluation": {"min_distance": "900ms"}}
    server = start_exporter({"clusters": {"real": cluster}, "collection": {"min_interval": "0s"}})
    scrape(f"{server.url}/metrics")
    time.sleep(INTERVAL)
    page = scrape(f"{server.url}/metrics")
    found = page.value("burrow_kafka_consumer_max_lag_seconds", consumer_group=group)
    assert found is not None
    assert 0 < found < 60
    assert page.value("burrow_kafka_consumer_lag_seconds_is_lower_bound", consumer_group=group) == 1
