"""Groups of every type on a real Kafka: Streams groups are judged, share groups show their lag, rebalances count."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from confluent_kafka import ShareConsumer

from exporter.settings import Cluster
from exporter.sources.kafka import KafkaSource
from testbed.behaviours import Behaviour, consumer
from testbed.kafka import Kafka
from testbed.members import ConfluentMember
from testbed.processes import wait_until
from testbed.producers import fill, producer
from testbed.scrape import Page
from testbed.streams import STALL, streams_application

pytestmark = pytest.mark.real

PATIENCE = 90.0
REBALANCES = "burrow_kafka_consumer_rebalances_total"

Unique = Callable[[str], str]


def info(page: Page, group: str) -> dict[str, str]:
    """What Kafka says of a group; empty if it is not on the page."""
    found = list(page.select("burrow_kafka_consumer_info", consumer_group=group))
    return found[0].labels if found else {}


def test_streams_groups_are_judged_like_any_other(
    kafka: Kafka, look: Callable[[], Page], unique: Unique, tmp_path: Path
) -> None:
    topics = {name: kafka.create_topic(unique(name), 2) for name in ("kept", "stalled")}
    stopped, stalled, waiting = unique("stopped"), unique("stalled"), unique("waiting")
    with ExitStack() as stack:
        records = stack.enter_context(producer(kafka, list(topics.values()), rate=20.0, lifetime=3 * PATIENCE))
        applications = {
            group: stack.enter_context(streams_application(tmp_path, kafka, group, topic).start())
            for group, topic in [(stopped, topics["kept"]), (stalled, topics["stalled"]), (waiting, unique("missing"))]
        }

        def statuses() -> list[str | None]:
            records.check()
            page = look()
            return [page.worst_status(group) for group in (stopped, stalled)]

        def consuming() -> bool:
            for group in (stopped, stalled):
                assert applications[group].running, applications[group].tail()
            page = look()
            return all(
                page.worst_status(group) == "OK"
                and page.value("burrow_kafka_consumer_complete_ratio", consumer_group=group) == 1.0
                and page.value("burrow_kafka_consumer_partitions", consumer_group=group) == 2
                for group in (stopped, stalled)
            )

        def not_ready() -> bool:
            page = look()
            members = page.value("burrow_kafka_consumer_members", consumer_group=waiting)
            return info(page, waiting).get("state") == "NotReady" and members == 1

        wait_until(not_ready, PATIENCE, "the group without its topic to be not ready", interval=0.5)
        assert look().value("burrow_kafka_consumer_status", consumer_group=waiting) is None
        wait_until(consuming, PATIENCE, "both Streams groups to be OK", interval=0.5)
        page = look()
        for group, topic in ((stopped, topics["kept"]), (stalled, topics["stalled"])):
            said = info(page, group)
            assert (said["type"], said["protocol"], said["state"]) == ("streams", "streams", "Stable")
            assert page.value("burrow_kafka_consumer_members", consumer_group=group) == 1
            subscribed = "burrow_kafka_consumer_topic_subscribed"
            assert page.value(subscribed, consumer_group=group, topic=topic) == 1
        assert page.value("burrow_exporter_groups_not_evaluated", type="streams") is None

        fill(kafka, topics["stalled"], 1, STALL)
        applications[stopped].stop()
        wait_until(lambda: statuses() == ["STOP", "STALL"], PATIENCE, "one to stop, one to stall", interval=0.5)
        page = look()
        assert page.value("burrow_kafka_consumer_members", consumer_group=stopped) == 0
        assert page.value("burrow_kafka_consumer_members", consumer_group=stalled) == 1
        applications[stalled].kill()  # nothing else ends what it works on


def test_the_lag_of_a_share_group_is_the_one_that_kafka_counts(
    kafka: Kafka, look: Callable[[], Page], unique: Unique
) -> None:
    topic, group = kafka.create_topic(unique("topic"), 2), unique("group")
    settings = {"bootstrap.servers": ",".join(kafka.bootstrap_servers), "group.id": group, "log_level": 0}

    def lags() -> dict[str, float]:
        found = look().select("burrow_kafka_share_group_partition_lag", share_group=group, topic=topic)
        return {sample.labels["partition"]: sample.value for sample in found}

    def read_until(condition: Callable[[], bool], what: str) -> None:
        with closing(ShareConsumer(settings)) as reader:
            reader.subscribe([topic])

            def reached() -> bool:
                reader.poll(0.2)
                return condition()

            wait_until(reached, PATIENCE, what)

    def begun() -> bool:
        # It begins at the end of the topic, and has no lag before its first acknowledgement.
        fill(kafka, topic, 1)
        return len(lags()) == 2

    def caught_up() -> bool:
        return lags() == {"0": 0, "1": 0}

    read_until(begun, "the share group to have acknowledged records of both partitions")
    read_until(caught_up, "the share group to have caught up")
    fill(kafka, topic, 7)
    page = look()
    assert lags() == {"0": 7, "1": 7}
    assert page.value("burrow_kafka_share_group_lag", share_group=group) == 14
    assert page.value("burrow_kafka_share_group_partitions", share_group=group) == 2
    assert page.value("burrow_kafka_consumer_status", consumer_group=group) is None
    assert page.value("burrow_exporter_failures", scope="group") is None
    read_until(caught_up, "the share group to have read everything")
    (said,) = look().select("burrow_kafka_share_group_info", share_group=group)
    assert said.labels["state"] in {"Stable", "Empty"}


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_rebalance_is_counted(kafka: Kafka, look: Callable[[], Page], unique: Unique, protocol: str) -> None:
    topic, group = kafka.create_topic(unique("topic"), 2), unique("group")
    fill(kafka, topic, 10)

    def member() -> ConfluentMember:
        return ConfluentMember(kafka, group, topic, protocol)

    def count() -> float:
        found = look().value(REBALANCES, consumer_group=group)
        assert found is not None
        return found

    def settled(members: int) -> bool:
        page = look()
        found = page.value("burrow_kafka_consumer_members", consumer_group=group)
        return info(page, group).get("state") == "Stable" and found == members

    with consumer(member(), Behaviour.HEALTHY, lifetime=3 * PATIENCE):
        wait_until(lambda: settled(1), PATIENCE, "the first member to have joined", interval=0.5)
        alone = count()
        with consumer(member(), Behaviour.HEALTHY, lifetime=3 * PATIENCE):
            wait_until(lambda: settled(2), PATIENCE, "the second member to have joined", interval=0.5)
            wait_until(lambda: count() > alone, PATIENCE, "its joining to be counted", interval=0.5)
        wait_until(lambda: settled(1), PATIENCE, "the second member to have left", interval=0.5)
        wait_until(lambda: count() > alone + 1, PATIENCE, "its leaving to be counted", interval=0.5)
        before = count()
        assert count() == before


def test_rebalances_between_two_scrapes_are_counted_by_the_epoch(
    kafka: Kafka, look: Callable[[], Page], unique: Unique
) -> None:
    topic, group = kafka.create_topic(unique("topic"), 2), unique("group")
    fill(kafka, topic, 10)

    def known() -> bool:
        members = look().value("burrow_kafka_consumer_members", consumer_group=group)
        return bool(members)

    with consumer(ConfluentMember(kafka, group, topic), Behaviour.HEALTHY, lifetime=3 * PATIENCE):
        wait_until(known, PATIENCE, "the first member to be known", interval=0.5)
        before = look().value(REBALANCES, consumer_group=group)
        assert before is not None
        for _ in range(3):
            guest = ConfluentMember(kafka, group, topic)
            wait_until(lambda guest=guest: _assigned(guest), PATIENCE, "a guest to be assigned something")
            guest.close()

        def counted() -> bool:
            found = look().value(REBALANCES, consumer_group=group)
            return found is not None and found >= before + 6

        wait_until(counted, PATIENCE, "three joins and three leaves to be counted", interval=0.5)


def _assigned(member: ConfluentMember) -> bool:
    member.read(0.2)
    return bool(member.assigned())


def test_what_is_assigned_and_was_never_committed_is_observed(kafka: Kafka, unique: Unique) -> None:
    topic, group = kafka.create_topic(unique("topic"), 3), unique("group")
    fill(kafka, topic, 5)
    settings = Cluster("real", kafka.bootstrap_servers, members_refresh=0.0)
    with closing(KafkaSource(settings)) as source, closing(ConfluentMember(kafka, group, topic)) as member:
        wait_until(lambda: _assigned(member), PATIENCE, "the member to be assigned something")

        def owned() -> set[tuple[str, int]]:
            observation = source.observe(10.0)
            source.refresh_members(observation)
            found = observation.groups[group]
            assert found.commits == {}
            assert observation.end_offsets[topic].tolist() == [5, 5, 5]
            owners = found.members.owners if found.members is not None and found.alive else None
            return {(of_topic, id_) for of_topic, ids in (owners or {}).items() for id_ in ids}

        wait_until(lambda: owned() == set(member.assigned()), PATIENCE, "what is assigned to be observed", interval=0.5)
