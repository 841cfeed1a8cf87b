"""The exporter while brokers are frozen, stopped, or not there at all: parts are left out, and it says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.broker import Cluster
from testbed.kafka import Kafka
from testbed.loops import Loop
from testbed.processes import LOOPBACK, free_ports, wait_until
from testbed.producers import fill
from testbed.scrape import Page, scrape
from testbed.servers import Server, answers

pytestmark = pytest.mark.real

PATIENCE = 60.0
GROUPS = 12
"""Enough for every broker to coordinate some of them."""


def config(servers: list[str]) -> dict[str, object]:
    return {
        "clusters": {"real": {"bootstrap_servers": servers}},
        "collection": {"min_interval": "0s", "timeout_offset": "200ms"},
    }


def groups_of(page: Page) -> set[str]:
    return {sample.labels["consumer_group"] for sample in page.select("burrow_kafka_consumer_status")}


def prepared(cluster: Kafka) -> set[str]:
    """Groups with commits on a topic that every broker leads partitions of."""
    cluster.create_topic("orders", 6, replicas=3)
    fill(cluster, "orders", 10)
    groups = {f"group-{number}" for number in range(GROUPS)}
    for group in groups:
        cluster.commit(group, {("orders", partition): 4 for partition in range(6)})
    return groups


def test_a_frozen_broker_costs_its_own_part_of_the_page_and_no_more_time_than_the_scraper_has(
    start_cluster: Callable[..., Cluster], start_exporter: Callable[..., Server]
) -> None:
    cluster = start_cluster(nodes=3)
    groups = prepared(cluster)
    url = start_exporter(config(list(cluster.bootstrap_servers))).url + "/metrics"
    whole = scrape(url)
    assert groups_of(whole) == groups
    assert list(whole.select("burrow_exporter_failures")) == []

    cluster.freeze_node(3)
    partial = scrape(url, timeout=3.0)  # raises if it takes longer
    assert partial.value("burrow_kafka_cluster_up", cluster="real") == 1
    assert groups_of(partial) < groups
    assert {s.labels["reason"] for s in partial.select("burrow_exporter_failures", scope="broker")} <= {"timeout"}
    shown = {s.labels["partition"] for s in partial.select("burrow_kafka_topic_partition_offset", topic="orders")}
    assert len(shown) == 4
    for group in groups_of(partial):
        assert partial.value("burrow_kafka_consumer_lag_total", consumer_group=group) == 4 * 6
    cluster.thaw_node(3)
    wait_until(lambda: groups_of(scrape(url)) == groups, PATIENCE, "all groups to be back", interval=0.5)


def test_a_stopped_broker_does_not_blank_the_rest_and_its_groups_come_back(
    start_cluster: Callable[..., Cluster], start_exporter: Callable[..., Server]
) -> None:
    cluster = start_cluster(nodes=3, properties={"offsets.topic.replication.factor": "3"})
    groups = prepared(cluster)
    url = start_exporter(config(list(cluster.bootstrap_servers))).url + "/metrics"
    assert groups_of(scrape(url)) == groups
    cluster.stop_node(2)
    page = scrape(url)
    assert page.value("burrow_kafka_cluster_up", cluster="real") == 1
    wait_until(lambda: groups_of(scrape(url)) == groups, PATIENCE, "other brokers to take over", interval=0.5)
    cluster.start_node(2)
    wait_until(
        lambda: scrape(url).value("burrow_kafka_cluster_brokers", cluster="real") == 3,
        PATIENCE,
        "the broker to be back",
        interval=0.5,
    )
    assert groups_of(scrape(url)) == groups


def test_a_rolling_restart_costs_no_group_its_verdict(
    start_cluster: Callable[..., Cluster], start_exporter: Callable[..., Server]
) -> None:
    cluster = start_cluster(nodes=3)
    groups = prepared(cluster)
    servers = {"bootstrap_servers": list(cluster.bootstrap_servers)}
    evaluation = {"window": "2s", "patience": "2s", "min_distance": "200ms"}
    settings = {**config([]), "clusters": {"real": {**servers, "evaluation": evaluation}}}
    url = start_exporter(settings).url + "/metrics"

    def verdicts(page: Page) -> set[tuple[str | None, float | None]]:
        complete = "burrow_kafka_consumer_complete_ratio"
        return {(page.worst_status(group), page.value(complete, consumer_group=group)) for group in groups_of(page)}

    judged = {("STOP", 1.0)}
    wait_until(lambda: verdicts(scrape(url)) == judged, PATIENCE, "every group to be found", interval=0.3)
    pages: list[Page] = []

    def look() -> bool:
        pages.append(scrape(url))
        time.sleep(0.2)
        return True

    with Loop("scraper", look, lambda: None, lifetime=3 * PATIENCE) as scraping:
        for node in cluster.nodes:
            cluster.stop_node(node)
            cluster.start_node(node)
        wait_until(lambda: groups_of(pages[-1]) == groups, PATIENCE, "all groups to be back", interval=0.3)
        scraping.check()
    coordinators = {
        (sample.labels["consumer_group"], sample.labels["coordinator"])
        for page in pages
        for sample in page.select("burrow_kafka_consumer_info")
    }
    assert len(coordinators) >= 2 * len(groups), "not every group was handed over to another broker"
    # A group may be missing from a page, but one that is there is judged by all that was known of it.
    assert {verdict for page in pages for verdict in verdicts(page)} == judged


def test_an_unreachable_cluster_does_not_stop_the_exporter_from_starting_nor_a_cluster_that_is_there(
    kafka: Kafka, start_exporter: Callable[..., Server], unique: Callable[[str], str]
) -> None:
    topic, group = kafka.create_topic(unique("topic")), unique("group")
    kafka.commit(group, {(topic, 0): 0})
    (port,) = free_ports(1)
    settings = config([f"{LOOPBACK}:{port}"])
    clusters = {
        "away": {"bootstrap_servers": [f"{LOOPBACK}:{port}"]},
        "here": {"bootstrap_servers": [*kafka.bootstrap_servers]},
    }
    server = start_exporter({**settings, "clusters": clusters})
    page = scrape(f"{server.url}/metrics")
    assert page.value("burrow_kafka_cluster_up", cluster="away") == 0
    assert page.value("burrow_exporter_failures", cluster="away", scope="cluster", reason="connection") == 1
    assert not any(
        s.labels.get("cluster") == "away" for s in page.samples if s.name.startswith("burrow_kafka_consumer")
    )
    assert page.value("burrow_kafka_cluster_up", cluster="here") == 1
    assert page.value("burrow_kafka_consumer_status", cluster="here", consumer_group=group) == 1
    assert answers(f"{server.url}/-/ready")


def test_a_cluster_that_goes_and_comes_back_is_told_as_it_is(
    start_cluster: Callable[..., Cluster], start_exporter: Callable[..., Server]
) -> None:
    cluster = start_cluster()
    cluster.create_topic("orders")
    cluster.commit("group", {("orders", 0): 0})
    url = start_exporter(config(list(cluster.bootstrap_servers))).url + "/metrics"
    assert groups_of(scrape(url)) == {"group"}
    cluster.stop_node(1)
    page = scrape(url)
    assert page.value("burrow_kafka_cluster_up", cluster="real") == 0
    assert groups_of(page) == set()
    cluster.start_node(1)
    wait_until(lambda: groups_of(scrape(url)) == {"group"}, PATIENCE, "the cluster to be read again", interval=0.5)


def test_fifty_scrapes_at_once_ask_kafka_once(
    kafka: Kafka, start_exporter: Callable[..., Server], unique: Callable[[str], str]
) -> None:
    topic, group = kafka.create_topic(unique("topic")), unique("group")
    kafka.commit(group, {(topic, 0): 0})
    cluster = {"bootstrap_servers": list(kafka.bootstrap_servers)}
    url = start_exporter({"clusters": {"real": cluster}, "collection": {"min_interval": "60s"}}).url + "/metrics"
    pages: list[Page] = []
    scrapes = [threading.Thread(target=lambda: pages.append(scrape(url))) for _ in range(50)]
    for thread in scrapes:
        thread.start()
    for thread in scrapes:
        thread.join(PATIENCE)
    assert len(pages) == 50
    collected = {page.value("burrow_exporter_last_collection_timestamp_seconds", cluster="real") for page in pages}
    assert len(collected) == 1
    assert {page.value("burrow_exporter_kafka_requests", kind="Metadata") for page in pages} == {1}


def test_a_scrape_that_runs_finishes_when_the_exporter_is_told_to_stop(
    start_cluster: Callable[..., Cluster], start_exporter: Callable[..., Server]
) -> None:
    cluster = start_cluster()
    server = start_exporter(config(list(cluster.bootstrap_servers)))
    cluster.freeze_node(1)
    pages: list[Page] = []
    before = threads(server)
    running = threading.Thread(target=lambda: pages.append(scrape(f"{server.url}/metrics", timeout=3.0)))
    running.start()
    wait_until(lambda: threads(server) > before, PATIENCE, "the scrape to have reached the exporter")
    began = time.monotonic()
    server.stop(seconds=5.0)
    assert server.exit_code == 0
    assert time.monotonic() - began < 5.0
    running.join(PATIENCE)
    assert [page.value("burrow_kafka_cluster_up", cluster="real") for page in pages] == [0]
    cluster.thaw_node(1)


def threads(server: Server) -> int:
    """How many threads the process has; a scrape adds one that waits for the collection."""
    return len(list(Path(f"/proc/{server.pid}/task").iterdir()))
