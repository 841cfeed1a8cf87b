"""The exporter on a broker that asks for Kerberos tickets, with a key distribution centre beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from testbed import servers
from testbed.broker import Cluster
from testbed.kdc import REALM, Kdc
from testbed.processes import LOOPBACK, wait_until
from testbed.scrape import scrape
from testbed.servers import Server
from tests.support.secured_kafka import ALL_GROUPS, ALL_TOPICS, CLUSTER, may_describe

pytestmark = pytest.mark.real

PATIENCE = 60.0
SERVICE = f"kafka/{LOOPBACK}"
SESSION_MS = 3000
"""How long a login is good for; then the client has to log in again."""


@pytest.fixture(scope="module")
def kdc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kdc]:
    with Kdc(tmp_path_factory.mktemp("kdc")) as started:
        yield started


@pytest.fixture(scope="module")
def cluster(kdc: Kdc, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One broker that lets in who has a ticket, and that knows its users by the first part of their principals."""
    login = (
        f"com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true isInitiator=false "
        f'keyTab="{kdc.keytab(SERVICE)}" principal="{SERVICE}@{REALM}";'
    )
    properties = {
        "inter.broker.listener.name": "PLAINTEXT",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "sasl.enabled.mechanisms": "GSSAPI",
        "sasl.kerberos.service.name": "kafka",
        "listener.name.kerberos.gssapi.sasl.jaas.config": login,
        "listener.name.kerberos.connections.max.reauth.ms": str(SESSION_MS),
    }
    java = {"java.security.krb5.conf": str(kdc.configuration)}
    folder = tmp_path_factory.mktemp("kerberized")
    with Cluster(folder, properties=properties, listeners={"KERBEROS": "SASL_PLAINTEXT"}, java=java) as started:
        started.create_topic("orders")
        started.commit("group", {("orders", 0): 0})
        may_describe(started, "monitor", CLUSTER, ALL_GROUPS, ALL_TOPICS)
        yield started


@pytest.fixture
def start(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts an exporter that logs in by GSSAPI with these environment variables."""
    started = []

    def begin(env: Mapping[str, str], **kerberos: str) -> Server:
        sasl: dict[str, Any] = {"mechanism": "GSSAPI", "kerberos": kerberos} if kerberos else {"mechanism": "GSSAPI"}
        config = {
            "clusters": {"real": {"bootstrap_servers": [cluster.listener("KERBEROS")], "sasl": sasl}},
            "collection": {"min_interval": "0s"},
        }
        server = servers.exporter(tmp_path_factory.mktemp("exporter"), config, env=env).start()
        started.append(server)
        return server

    yield begin
    for server in started:
        server.stop()
        assert "Traceback" not in server.log.read_text()


def reads(server: Server) -> bool:
    page = scrape(f"{server.url}/metrics")
    return page.value("burrow_kafka_consumer_status", cluster="real", consumer_group="group") == 1


def refused(server: Server) -> bool:
    found = scrape(f"{server.url}/metrics").select("burrow_exporter_failures")
    return [(sample.labels["scope"], sample.labels["reason"]) for sample in found] == [("cluster", "authentication")]


def test_a_ticket_by_a_keytab_lets_it_in_and_is_used_again_when_the_login_runs_out(
    kdc: Kdc, start: Callable[..., Server]
) -> None:
    server = start(kdc.client(kdc.keytab("monitor")))
    wait_until(lambda: reads(server), PATIENCE, "the ticket to be taken")
    connected = []

    def logged_in_again() -> bool:
        connected.append(reads(server))
        return len(connected) > 4 * SESSION_MS / 1000

    wait_until(logged_in_again, PATIENCE, "more than one login", interval=0.5)
    assert all(connected), server.tail()


def test_the_host_part_of_the_brokers_principal_can_be_named(kdc: Kdc, start: Callable[..., Server]) -> None:
    server = start(kdc.client(kdc.keytab("monitor")), service_name="kafka", domain_name=LOOPBACK)
    wait_until(lambda: reads(server), PATIENCE, "the ticket to be taken")


def test_a_broker_whose_principal_is_not_known_is_told(kdc: Kdc, start: Callable[..., Server]) -> None:
    server = start(kdc.client(kdc.keytab("monitor")), domain_name="elsewhere.example")
    wait_until(lambda: refused(server), PATIENCE, "the failure to be told")
    assert "not found in Kerberos database" in server.tail()


def test_a_key_that_is_not_there_is_told(kdc: Kdc, start: Callable[..., Server], tmp_path: Path) -> None:
    server = start(kdc.client(tmp_path / "absent.keytab"))
    wait_until(lambda: refused(server), PATIENCE, "the failure to be told")
    assert "No Kerberos credentials available" in server.tail()


def test_a_centre_that_is_down_is_told_and_it_is_read_when_it_is_back(kdc: Kdc, start: Callable[..., Server]) -> None:
    env = kdc.client(kdc.keytab("latecomer/monitor"))
    kdc.stop()
    try:
        server = start(env)
        wait_until(lambda: refused(server), PATIENCE, "the failure to be told")
    finally:
        kdc.start()
    wait_until(lambda: not refused(server), PATIENCE, "the login to work without a restart", interval=0.5)


def test_a_centre_that_does_not_answer_keeps_no_scrape(kdc: Kdc, start: Callable[..., Server]) -> None:
    env = kdc.client(kdc.keytab("patient"))
    kdc.freeze()
    try:
        server = start(env)
        page = scrape(f"{server.url}/metrics", timeout=5.0)
        assert page.value("burrow_kafka_cluster_up", cluster="real") == 0
    finally:
        kdc.thaw()
    wait_until(lambda: not refused(server), PATIENCE, "the login to work without a restart", interval=0.5)
