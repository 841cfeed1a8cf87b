"""Groups that commit to a real ZooKeeper, judged against a real Kafka's end offsets, and by Debian's Burrow beside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from kazoo.client import KazooClient
from kazoo.security import make_acl, make_digest_acl

from testbed import servers
from testbed.broker import Cluster
from testbed.burrow import burrow
from testbed.distribution import OLDER
from testbed.kafka import Kafka
from testbed.loops import Loop
from testbed.processes import wait_until
from testbed.producers import fill, producer
from testbed.scrape import Page, scrape
from testbed.servers import Server
from testbed.zookeeper import ZooKeeper, ensemble
from tests.support.certificates import Authority
from tests.support.side_by_side import ask

pytestmark = pytest.mark.real

ROOT: Final = "/kafka"
RECORDS: Final = 1000
INTERVALS: Final = 5
PATIENCE: Final = 60.0
AGREED_ROUNDS: Final = 3
EXPECTED: Final = {"caught-up": "OK", "healthy": "OK", "slow": "WARN", "stalled": "ERR", "stopped": "ERR"}
LOGIN: Final = ("monitor", "open-sesame")


@contextmanager
def writer(*addresses: str) -> Iterator[KazooClient]:
    """A client that commits as consumers do."""
    client = KazooClient(hosts=",".join(addresses))
    client.start(timeout=30)
    try:
        yield client
    finally:
        client.stop()
        client.close()


def commit(client: KazooClient, group: str, topic: str, offset: int, partition: int = 0) -> None:
    path = f"{ROOT}/consumers/{group}/offsets/{topic}/{partition}"
    client.ensure_path(path)
    client.set(path, str(offset).encode())


def own(client: KazooClient, group: str, topic: str, partition: int = 0) -> str:
    """Registers a consumer that owns a partition, and returns its name."""
    consumer = f"{group}_host-1-1700000000000-abcdef01"
    client.create(f"{ROOT}/consumers/{group}/ids/{consumer}", b"{}", ephemeral=True, makepath=True)
    path = f"{ROOT}/consumers/{group}/owners/{topic}/{partition}"
    client.create(path, f"{consumer}-0".encode(), ephemeral=True, makepath=True)
    return f"{consumer}-0"


def settings(kafka: Kafka, zookeeper: dict[str, Any]) -> dict[str, Any]:
    cluster = {
        "bootstrap_servers": list(kafka.bootstrap_servers),
        "zookeeper": {"root": ROOT, **zookeeper},
        "members_refresh": "0s",
        "evaluation": {"window": "9s", "patience": "9s", "min_distance": "900ms", "intervals": INTERVALS},
    }
    return {"clusters": {"c": cluster}, "collection": {"min_interval": "100ms"}}


@dataclass(frozen=True)
class Beside:
    """Burrow and the exporter before the same Kafka and the same ZooKeeper, to which ``client`` commits."""

    kafka: Cluster
    client: KazooClient
    burrow: Server
    exporter: Server

    def said(self, server: Server, group: str) -> dict[str, Any]:
        found: dict[str, Any] = ask(server, f"/v3/kafka/c/consumer/{group}/lag").json.get("status", {})
        return found


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    """Consumers of every kind commit once a second until the module's tests are over."""
    folder = tmp_path_factory.mktemp("zookeeper")
    with ExitStack() as stack:
        kafka = stack.enter_context(Cluster(folder, version=OLDER))
        zookeeper = stack.enter_context(ZooKeeper(folder))
        client = stack.enter_context(writer(zookeeper.address))
        for topic in ("orders", "archive"):
            kafka.create_topic(topic)
            fill(kafka, topic, RECORDS)
        kafka.commit("in-both", {("archive", 0): 700})
        commit(client, "in-both", "archive", 300)
        theirs = stack.enter_context(
            burrow(folder, kafka, zookeeper, clusters=["c"], intervals=INTERVALS, offsets_root=ROOT)
        )
        ours = stack.enter_context(servers.exporter(folder, settings(kafka, {"servers": [zookeeper.address]})))
        started = time.monotonic()
        rounds = iter(range(1_000_000))

        def consume() -> bool:
            turn = next(rounds)
            end = kafka.end_offsets("orders")["orders", 0]
            commit(client, "caught-up", "archive", RECORDS)
            commit(client, "healthy", "orders", end)
            commit(client, "slow", "orders", 10 + turn)
            commit(client, "stalled", "archive", 500)
            if turn < INTERVALS + 3:
                commit(client, "stopped", "archive", 100 + turn)
            time.sleep(max(0.0, started + 1.2 * (turn + 1) - time.monotonic()))
            return True

        stack.enter_context(producer(kafka, ["orders"], rate=40))
        stack.enter_context(Loop("consumers", consume, lambda: None, lifetime=300))
        yield Beside(kafka, client, theirs, ours)


def test_both_reach_the_same_level_for_each_group_and_stay_with_it(beside: Beside) -> None:
    agreed, rounds = 0, []
    deadline = time.monotonic() + PATIENCE
    while agreed < AGREED_ROUNDS:
        found = {
            group: tuple(beside.said(server, group).get("status") for server in (beside.burrow, beside.exporter))
            for group in EXPECTED
        }
        odd = {group: pair for group, pair in found.items() if set(pair) != {EXPECTED[group]}}
        agreed = 0 if odd else agreed + 1
        rounds.append(str(odd))
        assert time.monotonic() < deadline, "what was odd, by Burrow and by us: " + "; ".join(rounds)
        time.sleep(0.5)


def test_both_have_the_same_offsets_and_the_same_times(beside: Beside) -> None:
    _, stat = beside.client.get(f"{ROOT}/consumers/stopped/offsets/archive/0")
    ends = []
    for server in (beside.burrow, beside.exporter):
        (partition,) = [each for each in beside.said(server, "stopped")["partitions"] if each["topic"] == "archive"]
        ends.append((partition["end"]["offset"], partition["end"]["timestamp"], partition["current_lag"]))
    offset = 100 + INTERVALS + 2
    assert ends[0] == ends[1] == (offset, stat.mtime, RECORDS - offset)
    assert beside.kafka.end_offsets("archive")["archive", 0] == RECORDS


def test_the_owner_of_a_partition_is_the_consumer_in_its_node(beside: Beside) -> None:
    consumer = own(beside.client, "caught-up", "archive")

    def shown() -> bool:
        page = scrape(f"{beside.exporter.url}/metrics")
        group = ask(beside.exporter, "/v3/kafka/c/consumer/caught-up").json
        return (
            page.value("burrow_kafka_consumer_members", cluster="c", consumer_group="caught-up") == 1
            and group["topics"]["archive"][0]["owner"] == consumer
        )

    wait_until(shown, PATIENCE, "the owner to be shown")


def test_a_group_in_both_places_is_two(beside: Beside) -> None:
    page = scrape(f"{beside.exporter.url}/metrics")
    offsets = {
        group: page.value(
            "burrow_kafka_consumer_current_offset", cluster="c", consumer_group=group, topic="archive", partition="0"
        )
        for group in ("in-both", "in-both@zookeeper")
    }
    assert offsets == {"in-both": 700, "in-both@zookeeper": 300}


def offset_of(page: Page, group: str) -> float | None:
    return page.value("burrow_kafka_consumer_current_offset", consumer_group=group, partition="0")


def test_a_lost_session_and_a_moved_leader_are_survived(
    kafka: Kafka, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    topic, group = f"t-{time.time_ns()}", f"g-{time.time_ns()}"
    kafka.create_topic(topic)
    fill(kafka, topic, 10)
    with ExitStack() as stack:
        members = ensemble(tmp_path)
        for each in members:
            stack.callback(each.stop)
            each.start()
        for each in members:
            each.wait_serving()
        addresses = [each.address for each in members]
        client = stack.enter_context(writer(*addresses))
        commit(client, group, topic, 4)
        ours = stack.enter_context(servers.exporter(tmp_path, settings(kafka, {"servers": addresses})))
        look = f"{ours.url}/metrics"
        assert offset_of(scrape(look), group) == 4

        (leader,) = [each for each in members if each.mode() == "leader"]
        leader.kill()
        client.retry(commit, client, group, topic, 5)
        wait_until(lambda: offset_of(scrape(look), group) == 5, PATIENCE, "the new leader's answer")

        for each in members:
            each.kill()
        wait_until(lambda: offset_of(scrape(look), group) is None, PATIENCE, "a report of after that")
        page = scrape(look)
        assert page.value("burrow_kafka_cluster_up", cluster="c") == 1
        assert page.value("burrow_exporter_failures", scope="zookeeper") == 1
        # Long enough for the session to be gone when they are back.
        for each in members:
            each.start()
        for each in members:
            each.wait_serving()
        wait_until(lambda: offset_of(scrape(look), group) == 5, PATIENCE, "ZooKeeper to be read again")
        assert scrape(look).value("burrow_exporter_failures", scope="zookeeper") is None


def test_what_digest_authentication_protects_is_read_over_tls(kafka: Kafka, tmp_path: Path) -> None:
    topic, group, closed = (f"{name}-{time.time_ns()}" for name in ("t", "open", "closed"))
    kafka.create_topic(topic)
    authority = Authority(tmp_path)
    signed = authority.sign("server", "IP:127.0.0.1")
    both = tmp_path / "both.pem"
    both.write_bytes(signed.cert.read_bytes() + signed.key.read_bytes())
    with ExitStack() as stack:
        zookeeper = stack.enter_context(ZooKeeper(tmp_path, certificate=both))
        client = stack.enter_context(writer(zookeeper.address))
        for name, login in ((group, LOGIN), (closed, ("someone", "else"))):
            commit(client, name, topic, 0)
            path = f"{ROOT}/consumers/{name}/offsets/{topic}/0"
            client.set_acls(path, [make_digest_acl(*login, read=True), make_acl("world", "anyone", write=True)])
        username, password = LOGIN
        there = {
            "servers": [zookeeper.tls_address],
            "username": username,
            "password": password,
            "tls": {"ca_file": str(authority.cert)},
        }
        with servers.exporter(tmp_path, settings(kafka, there)) as ours:
            page = scrape(f"{ours.url}/metrics")
        assert offset_of(page, group) == 0
        assert offset_of(page, closed) is None
        assert page.value("burrow_exporter_failures", scope="group", reason="not_authorized") == 1

        stranger = {**there, "tls": {"ca_file": str(Authority(tmp_path, "stranger").cert)}}
        with servers.exporter(tmp_path, settings(kafka, stranger)) as ours:
            page = scrape(f"{ours.url}/metrics", timeout=4)
        assert page.value("burrow_exporter_failures", scope="zookeeper", reason="connection") == 1
