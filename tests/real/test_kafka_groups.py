"""The exporter on a real Kafka: what its page says of groups and topics as they come, change and go."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from confluent_kafka import Producer

from testbed.behaviours import Behaviour, consumer
from testbed.kafka import Kafka
from testbed.members import ClassicMember, ConfluentMember
from testbed.processes import wait_until
from testbed.producers import fill, producer
from testbed.scrape import Page, scrape
from testbed.servers import Server

pytestmark = pytest.mark.real

PATIENCE = 60.0
EXPECTED = {
    Behaviour.HEALTHY: "OK",
    Behaviour.IDLE: "OK",
    Behaviour.SLOW: "WARN",
    Behaviour.STALLED: "STALL",
    Behaviour.STOPPED: "STOP",
    Behaviour.REWINDING: "REWIND",
}

Unique = Callable[[str], str]


def lag(page: Page, group: str, topic: str, partition: int = 0) -> float | None:
    return page.value(
        "burrow_kafka_consumer_partition_lag", consumer_group=group, topic=topic, partition=str(partition)
    )


def seen(page: Page, **labels: str) -> bool:
    return any(labels.items() <= sample.labels.items() for sample in page.samples)


@pytest.mark.parametrize("protocol", ["classic", pytest.param("consumer", marks=pytest.mark.needs_kafka("4.0"))])
def test_real_consumers_reach_each_status(
    kafka: Kafka, look: Callable[[], Page], unique: Unique, protocol: str, lists_types: bool
) -> None:
    busy, quiet = kafka.create_topic(unique("busy"), 2), kafka.create_topic(unique("quiet"), 2)
    fill(kafka, busy, 20_000)
    fill(kafka, quiet, 100)
    groups = {behaviour: unique(behaviour) for behaviour in Behaviour}
    with ExitStack() as stack:
        loops = [producer(kafka, [busy], rate=200.0, lifetime=PATIENCE)]
        for behaviour, group in groups.items():
            topic = quiet if behaviour is Behaviour.IDLE else busy
            member = ConfluentMember(kafka, group, topic, protocol)
            loops.append(consumer(member, behaviour, records=20, lifetime=PATIENCE))
        for loop in loops:
            stack.enter_context(loop)

        def as_expected() -> bool:
            for loop in loops:
                loop.check()
            page = look()
            return all(
                page.worst_status(group) == EXPECTED[behaviour]
                and page.value("burrow_kafka_consumer_complete_ratio", consumer_group=group) == 1.0
                for behaviour, group in groups.items()
            )

        wait_until(as_expected, PATIENCE, f"every {protocol} group to reach its status", interval=1.0)
        page = look()
        kinds = {
            sample.labels["type"]
            for group in groups.values()
            for sample in page.select("burrow_kafka_consumer_info", consumer_group=group)
        }
        assert kinds == {protocol if lists_types else ""}
        assert page.value("burrow_kafka_consumer_members", consumer_group=groups[Behaviour.STALLED]) == 1
        assert page.value("burrow_kafka_consumer_members", consumer_group=groups[Behaviour.STOPPED]) == 0
        for loop in loops:
            loop.ask_to_stop()


def test_a_group_that_is_deleted_leaves_nothing_behind(kafka: Kafka, look: Callable[[], Page], unique: Unique) -> None:
    topic, group = kafka.create_topic(unique("topic")), unique("group")
    fill(kafka, topic, 10)
    kafka.commit(group, {(topic, 0): 4})
    page = look()
    assert lag(page, group, topic) == 6
    assert page.value("burrow_kafka_consumer_lag_total", consumer_group=group) == 6
    kafka.delete_group(group)
    assert not seen(look(), consumer_group=group)


def test_a_topic_that_is_deleted_leaves_nothing_behind(kafka: Kafka, look: Callable[[], Page], unique: Unique) -> None:
    kept, gone, group = kafka.create_topic(unique("kept")), kafka.create_topic(unique("gone")), unique("group")
    fill(kafka, gone, 10)
    kafka.commit(group, {(kept, 0): 0, (gone, 0): 4})
    assert lag(look(), group, gone) == 6
    kafka.delete_topic(gone)
    page = look()
    assert not seen(page, topic=gone)
    assert page.value("burrow_kafka_consumer_lag_total", consumer_group=group) == 0


def test_a_topic_made_anew_with_fewer_partitions_starts_afresh(
    kafka: Kafka, look: Callable[[], Page], unique: Unique
) -> None:
    topic, group = kafka.create_topic(unique("topic"), 3), unique("group")
    fill(kafka, topic, 300)
    kafka.commit(group, {(topic, partition): 10 for partition in range(3)})
    assert lag(look(), group, topic, 2) == 290
    kafka.delete_topic(topic)
    kafka.create_topic(topic, 1)
    fill(kafka, topic, 7)
    kafka.commit(group, {(topic, 0): 5})
    page = look()
    assert lag(page, group, topic, 0) == 2
    assert lag(page, group, topic, 2) is None
    assert page.value("burrow_kafka_consumer_complete_ratio", consumer_group=group) == 0


def test_partitions_that_are_added_are_seen_and_the_others_keep_their_windows(
    kafka: Kafka, look: Callable[[], Page], unique: Unique
) -> None:
    topic, group = kafka.create_topic(unique("topic"), 1), unique("group")
    fill(kafka, topic, 10)
    kafka.commit(group, {(topic, 0): 3})
    before = look()
    kafka.add_partitions(topic, 3)
    kafka.commit(group, {(topic, 2): 0})
    after = look()
    assert before.value("burrow_kafka_consumer_partitions", consumer_group=group) == 1
    assert after.value("burrow_kafka_consumer_partitions", consumer_group=group) == 2
    assert (lag(after, group, topic, 0), lag(after, group, topic, 2)) == (7, 0)
    assert after.value("burrow_kafka_topic_partition_offset", topic=topic, partition="1") == 0


def test_a_commit_beyond_the_end_has_no_lag_and_is_told(kafka: Kafka, look: Callable[[], Page], unique: Unique) -> None:
    topic, group = kafka.create_topic(unique("topic")), unique("group")
    fill(kafka, topic, 10)
    kafka.commit(group, {(topic, 0): 1000})
    page = look()
    assert lag(page, group, topic) == 0
    assert page.value("burrow_kafka_consumer_current_offset", consumer_group=group) == 1000
    assert page.value("burrow_kafka_consumer_commits_beyond_end", consumer_group=group) == 1


def test_lag_counts_no_record_that_retention_took_away(kafka: Kafka, look: Callable[[], Page], unique: Unique) -> None:
    topic, group = kafka.create_topic(unique("topic")), unique("group")
    fill(kafka, topic, 100)
    kafka.commit(group, {(topic, 0): 10})
    kafka.delete_records(topic, 0, 40)
    page = look()
    assert lag(page, group, topic) == 60
    assert page.value("burrow_kafka_consumer_partition_lost_records", consumer_group=group) == 30
    assert page.value("burrow_kafka_topic_partition_start_offset", topic=topic) == 40


def test_a_topic_that_an_alive_group_no_longer_subscribes_to_is_told(
    kafka: Kafka, look: Callable[[], Page], unique: Unique
) -> None:
    used, left, group = kafka.create_topic(unique("used")), kafka.create_topic(unique("left")), unique("group")
    for topic in (used, left):
        fill(kafka, topic, 10)
    kafka.commit(group, {(left, 0): 4})
    with consumer(ClassicMember(kafka, group, used), Behaviour.HEALTHY, lifetime=PATIENCE):

        def told() -> bool:
            page = look()
            subscribed = {
                sample.labels["topic"]: sample.value
                for sample in page.select("burrow_kafka_consumer_topic_subscribed", consumer_group=group)
            }
            return subscribed == {used: 1, left: 0}

        wait_until(told, PATIENCE, "the topic that was left to be told", interval=0.5)


@pytest.mark.needs_kafka("4.2")
def test_a_share_group_is_counted_and_not_judged(kafka: Kafka, look: Callable[[], Page], unique: Unique) -> None:
    from confluent_kafka import ShareConsumer  # noqa: PLC0415  # only here, and only in recent versions

    topic, group = kafka.create_topic(unique("topic")), unique("group")
    member = ShareConsumer({"bootstrap.servers": ",".join(kafka.bootstrap_servers), "group.id": group})
    try:
        member.subscribe([topic])

        def counted() -> bool:
            member.poll(0.2)
            page = look()
            assert page.value("burrow_exporter_failures", scope="group", reason="group_id_not_found") is None
            return (page.value("burrow_exporter_groups_not_evaluated", type="share") or 0) >= 1

        wait_until(counted, PATIENCE, "the share group to be counted", interval=0.5)
        assert look().value("burrow_kafka_consumer_status", consumer_group=group) is None
    finally:
        member.close()


def test_names_with_every_kind_of_character_come_through(
    kafka: Kafka, look: Callable[[], Page], unique: Unique
) -> None:
    topic = kafka.create_topic(unique("topic"))
    fill(kafka, topic, 3)
    group = unique('a "quoted" back\\slash, new\nline, sl/ash, <b>, ünï 群')
    kafka.commit(group, {(topic, 0): 1})
    page = look()
    assert lag(page, group, topic) == 2
    assert page.value("burrow_kafka_consumer_status", consumer_group=group) is not None
    assert json.dumps(group) in json.dumps([sample.labels for sample in page.samples])


def test_an_open_transaction_holds_back_only_readers_of_committed_records(
    kafka: Kafka, unique: Unique, start_exporter: Callable[..., Server]
) -> None:
    topic = kafka.create_topic(unique("topic"))
    fill(kafka, topic, 10)
    committed, uncommitted = unique("committed"), unique("uncommitted")
    for group in (committed, uncommitted):
        kafka.commit(group, {(topic, 0): 10})
    cluster = {"bootstrap_servers": list(kafka.bootstrap_servers), "read_committed": "^committed"}
    server = start_exporter({"clusters": {"real": cluster}})
    writer = Producer(
        {"bootstrap.servers": ",".join(kafka.bootstrap_servers), "transactional.id": unique("writer"), "log_level": 0}
    )
    writer.init_transactions(PATIENCE)
    writer.begin_transaction()
    for _ in range(5):
        writer.produce(topic, b"open", partition=0)
    writer.flush(PATIENCE)
    try:
        page = scrape(f"{server.url}/metrics")
        assert (lag(page, committed, topic), lag(page, uncommitted, topic)) == (0, 5)
        assert page.value("burrow_kafka_topic_partition_last_stable_offset", topic=topic) == 10
        assert page.value("burrow_kafka_topic_partition_offset", topic=topic) == 15
    finally:
        writer.abort_transaction(PATIENCE)
