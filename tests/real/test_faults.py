"""The quick ones of the faults in docs/reliability.md; `make faults` has all of them, on three brokers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from testbed.kafka import Kafka
from testbed.network import Babbler, BlackHole
from testbed.processes import LOOPBACK, free_ports
from testbed.scrape import scrape
from testbed.servers import Server
from tests.faults.rows.network import NOWHERE
from tests.faults.rows.responses import ABSURD

pytestmark = pytest.mark.real

SCRAPE_SECONDS = 5.0
HTTP = b"HTTP/1.1 400 Bad Request\r\n\r\n"


def test_bad_bootstrap_servers_do_not_keep_the_exporter_from_the_good_one(
    kafka: Kafka, start_exporter: Callable[..., Server], unique: Callable[[str], str]
) -> None:
    topic, group = kafka.create_topic(unique("topic")), unique("group")
    kafka.commit(group, {(topic, 0): 0})
    (dead,) = free_ports(1)
    with ExitStack() as stack:
        holes = [stack.enter_context(BlackHole(full=full)).address for full in (False, True)]
        others = [stack.enter_context(Babbler(says)).address for says in (HTTP, ABSURD + bytes(1_000_000))]
        bad = [*holes, *others, NOWHERE, f"{LOOPBACK}:{dead}"]
        cluster = {"bootstrap_servers": [*bad, *kafka.bootstrap_servers]}
        server = start_exporter({"clusters": {"real": cluster}, "collection": {"min_interval": "0s"}})
        pages = [scrape(f"{server.url}/metrics", SCRAPE_SECONDS) for _ in range(2)]
    assert pages[-1].value("burrow_kafka_cluster_up", cluster="real") == 1
    assert pages[-1].value("burrow_kafka_consumer_status", cluster="real", consumer_group=group) == 1
    assert list(pages[-1].select("burrow_exporter_failures", cluster="real", scope="cluster")) == []


def test_clusters_that_never_answer_cost_the_one_beside_them_nothing(
    kafka: Kafka, start_exporter: Callable[..., Server], unique: Callable[[str], str]
) -> None:
    topic, group = kafka.create_topic(unique("topic")), unique("group")
    kafka.commit(group, {(topic, 0): 0})
    with BlackHole() as hole:
        clusters = {f"away-{number}": {"bootstrap_servers": [hole.address]} for number in range(3)}
        clusters["real"] = {"bootstrap_servers": list(kafka.bootstrap_servers)}
        server = start_exporter({"clusters": clusters, "collection": {"min_interval": "0s"}})
        for _ in range(2):
            page = scrape(f"{server.url}/metrics", SCRAPE_SECONDS)
            assert page.value("burrow_kafka_cluster_up", cluster="real") == 1
            assert page.value("burrow_kafka_consumer_status", cluster="real", consumer_group=group) == 1
            assert [page.value("burrow_kafka_cluster_up", cluster=name) for name in clusters] == [0, 0, 0, 1]
