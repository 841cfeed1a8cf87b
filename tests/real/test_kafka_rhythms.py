"""Consumers that look stuck and are not, and those that do not look it and are, on a real Kafka."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from testbed.behaviours import Behaviour, Consumer
from testbed.crashing import CRASHED, crashing_consumer
from testbed.kafka import Kafka, Offsets
from testbed.members import ClassicMember, RecordMember
from testbed.processes import wait_until
from testbed.producers import TransactionalProducer, fill, producer
from testbed.scrape import Page, scrape
from testbed.servers import Server, exporter, get

pytestmark = pytest.mark.real

PATIENCE = 60.0
WINDOW = 4.0
INTERVAL = 0.25
"""Seconds from one scrape to the next."""

STEP = 0.1
"""Seconds from one commit of a healthy consumer to its next."""

Unique = Callable[[str], str]


@pytest.fixture(scope="module")
def server(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An exporter whose windows are seconds long, and that collects at every scrape."""
    cluster = {
        "bootstrap_servers": list(kafka.bootstrap_servers),
        "members_refresh": "0s",
        "evaluation": {"window": f"{WINDOW:g}s", "min_distance": "200ms"},
    }
    config = {"clusters": {"real": cluster}, "collection": {"min_interval": "0s"}}
    with exporter(tmp_path_factory.mktemp("exporter"), config) as started:
        yield started


@dataclass
class Watch:
    """One group on one topic, scraped again and again, and all that was seen of it."""

    server: Server
    group: str
    pages: list[Page] = field(default_factory=list)

    def status(self) -> str | None:
        """Its status at one more scrape."""
        self.pages.append(scrape(f"{self.server.url}/metrics"))
        return self.pages[-1].worst_status(self.group)

    def go_on(self, seconds: float) -> None:
        """Scrapes for so long."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            self.status()
            time.sleep(INTERVAL)

    def until(self, status: str) -> None:
        """Scrapes until it has this status."""
        wait_until(lambda: self.status() == status, PATIENCE, f"{self.group} to be {status}", INTERVAL)

    def until_lag(self, lag: int) -> None:
        """Scrapes until it has this lag."""

        def reached() -> bool:
            self.status()
            return self.value("burrow_kafka_consumer_lag_total") == lag

        wait_until(reached, PATIENCE, f"{self.group} to have a lag of {lag}", INTERVAL)

    def value(self, name: str) -> float | None:
        """A value of the group on the newest page."""
        return self.pages[-1].value(name, consumer_group=self.group)

    def statuses(self) -> list[str]:
        """What it was called on each page that had it."""
        return [status for page in self.pages if (status := page.worst_status(self.group)) is not None]

    def why(self) -> str:
        """The group's page for people, which has the reason."""
        status, text = get(f"{self.server.url}/clusters/real/groups/{quote(self.group)}")
        assert status == 200
        return text


def healthy(stack: ExitStack, kafka: Kafka, group: str, topic: str) -> Consumer:
    """A consumer that commits the offset after the last record it has read."""
    return stack.enter_context(Consumer(RecordMember(kafka, group, topic), step_seconds=STEP, lifetime=2 * PATIENCE))


def test_a_consumer_at_rest_before_a_transaction_marker_is_caught_up_until_a_record_follows(
    kafka: Kafka, server: Server, unique: Unique
) -> None:
    topic, group = kafka.create_topic(unique("transactions")), unique("reader")
    writer = TransactionalProducer(kafka, unique("writer"))
    watch = Watch(server, group)
    with ExitStack() as stack:
        reader = healthy(stack, kafka, group, topic)
        for _ in range(5):
            writer.write(topic, 3)
            watch.until_lag(1)
            watch.go_on(4 * INTERVAL)
        watch.go_on(2 * WINDOW)
        assert set(watch.statuses()) == {"OK"}
        assert watch.value("burrow_kafka_consumer_lag_total") == 1
        assert kafka.lag(group) == {(topic, 0): 1}
        assert (
            "1 behind, which is where it always comes to rest, so these are taken for transaction markers"
            in watch.why()
        )

        reader.turn(Behaviour.STALLED)
        writer.write(topic, 1)
        watch.until("STALL")
        assert watch.value("burrow_kafka_consumer_lag_total") == kafka.lag(group)[topic, 0] == 3


def test_a_consumer_that_is_stuck_before_the_last_record_is_found_where_it_used_to_read_all(
    kafka: Kafka, server: Server, unique: Unique
) -> None:
    topic, group = kafka.create_topic(unique("plain")), unique("reader")
    watch = Watch(server, group)
    with ExitStack() as stack:
        reader = healthy(stack, kafka, group, topic)
        for _ in range(5):
            fill(kafka, topic, 3)
            watch.until_lag(0)
            watch.go_on(2 * INTERVAL)
        assert set(watch.statuses()) == {"OK"}
        reader.turn(Behaviour.STALLED)
        fill(kafka, topic, 1)
        watch.until("STALL")
        assert watch.value("burrow_kafka_consumer_lag_total") == 1


def test_a_crash_loop_is_a_stop_from_when_it_is_found_until_records_are_consumed(
    kafka: Kafka, server: Server, unique: Unique, tmp_path: Path
) -> None:
    topic, group = kafka.create_topic(unique("poisoned")), unique("crashing")
    watch = Watch(server, group)
    with producer(kafka, [topic], rate=20.0, lifetime=2 * PATIENCE), ExitStack() as stack:
        before = healthy(stack, kafka, group, topic)
        watch.until("OK")
        watch.go_on(2 * WINDOW)
        before.stop()
        committed = kafka.committed(group)

        watch.pages.clear()
        for back_off in (1.0, 2.0, 4.0, 8.0):
            with crashing_consumer(tmp_path, kafka, group, topic).start() as life:
                wait_until(lambda life=life: watch.status() and not life.running, PATIENCE, "it to die", INTERVAL)
                assert life.exit_code == CRASHED, life.tail()
            watch.go_on(back_off)
        assert kafka.committed(group) == committed
        told = watch.statuses()
        found = told.index("STOP")
        assert set(told[found:]) == {"STOP"}
        members = [page.value("burrow_kafka_consumer_members", consumer_group=group) for page in watch.pages[found:]]
        assert {0.0, 1.0} <= set(members), "members that came and went were not seen"

        healthy(stack, kafka, group, topic)
        watch.until("OK")
        assert kafka.committed(group)[topic, 0] > committed[topic, 0]


def test_a_group_that_commits_without_joining_may_take_its_time_and_one_whose_members_left_may_not(
    kafka: Kafka, server: Server, unique: Unique
) -> None:
    topic, job, left = kafka.create_topic(unique("events")), unique("job"), unique("left")
    fill(kafka, topic, 100)
    with Consumer(ClassicMember(kafka, left, topic), step_seconds=STEP, lifetime=PATIENCE):
        wait_until(lambda: kafka.committed(left) != {}, PATIENCE, "the consumer to commit")
    job_watch = Watch(server, job)
    with producer(kafka, [topic], rate=5.0, lifetime=PATIENCE):
        for offset in range(10, 50, 10):
            kafka.commit(job, {(topic, 0): offset})
            job_watch.go_on(1.5 * WINDOW)
    assert set(job_watch.statuses()) == {"OK"}
    kinds = {
        group: (sample.labels["state"], sample.labels["protocol"] != "")
        for group in (job, left)
        for sample in job_watch.pages[-1].select("burrow_kafka_consumer_info", consumer_group=group)
    }
    assert kinds == {job: ("Empty", False), left: ("Empty", True)}
    assert job_watch.pages[-1].worst_status(left) == "STOP"


class Half(RecordMember):
    """A member that has forgotten all partitions but the first."""

    def positions(self) -> Offsets:
        """Its position in the first partition."""
        return {at: offset for at, offset in super().positions().items() if at[1] == 0}


def test_an_assigned_partition_that_is_never_committed_is_counted_and_fails_its_group_when_it_has_lasted(
    kafka: Kafka, server: Server, unique: Unique
) -> None:
    topic, group = kafka.create_topic(unique("halved"), 2), unique("half")
    watch = Watch(server, group)
    told = []

    def failed() -> bool:
        watch.status()
        status = watch.value("burrow_kafka_consumer_status")
        if status is not None:
            told.append((watch.value("burrow_kafka_consumer_uncommitted_partitions"), status))
        return status == 3

    with (
        producer(kafka, [topic], rate=20.0, lifetime=PATIENCE),
        Consumer(Half(kafka, group, topic), step_seconds=STEP, lifetime=PATIENCE),
    ):
        wait_until(failed, PATIENCE, "the group to fail", INTERVAL)
    assert (1, 1) in told, "it was given no time"
    assert told[-1] == (1, 3)
    assert set(kafka.committed(group)) == {(topic, 0)}
    assert set(watch.statuses()) == {"OK"}
