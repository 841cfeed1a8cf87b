"""The exporter on a broker that asks who is there: TLS, client certificates, SASL, and rights.

Every secret here is planted: whatever exporter a test has started, none may be in anything that it shows.
"""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from confluent_kafka.admin import ResourceType, ScramMechanism

from testbed import servers
from testbed.broker import Cluster
from testbed.processes import LOOPBACK, wait_until
from testbed.scrape import Page, scrape
from testbed.servers import Server
from tests.support.planted import disclosed, secret, shown, stored
from tests.support.secured_kafka import (
    ALL_GROUPS,
    ALL_TOPICS,
    CLUSTER,
    LEAST_RIGHTS,
    SHORT_SESSION_MS,
    Pki,
    may_describe,
    pki,
    secured_kafka,
    set_password,
    take_away,
)

pytestmark = pytest.mark.real

PATIENCE = 60.0
PAGES_OF = 2
"""The pages of so many clusters of an exporter are searched for secrets."""

RIGHTS = {
    "monitor": LEAST_RIGHTS,
    "without-cluster": (ALL_GROUPS, ALL_TOPICS),
    "without-groups": (CLUSTER, ALL_TOPICS),
    "without-topics": (CLUSTER, ALL_GROUPS),
    "one-group-less": LEAST_RIGHTS,
    "without-any": (),
}
"""The users of PLAIN, and what each may describe."""

SCRAM = {"SCRAM-SHA-256": ScramMechanism.SCRAM_SHA_256, "SCRAM-SHA-512": ScramMechanism.SCRAM_SHA_512}
ALL_READ = {("group", "orders"), ("group", "payments"), ("other", "orders"), ("other", "payments")}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return pki(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def cluster(certificates: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One broker with a listener of every kind."""
    with secured_kafka(tmp_path_factory.mktemp("secured"), certificates, RIGHTS) as started:
        for topic in ("orders", "payments"):
            started.create_topic(topic)
        for group in ("group", "other"):
            started.commit(group, {("orders", 0): 0, ("payments", 0): 0})
        for user, rights in RIGHTS.items():
            if rights:
                may_describe(started, user, *rights)
        may_describe(started, "CN=monitor", *LEAST_RIGHTS)
        may_describe(started, "one-group-less", (ResourceType.GROUP, "other"), allowed=False)
        for mechanism in SCRAM.values():
            set_password(started, "monitor", mechanism, secret("monitor"))
        yield started


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts an exporter that reads these clusters. When the test ends, all that it shows is searched for secrets."""
    started = []

    def begin(clusters: Mapping[str, Any], env: Mapping[str, str] | None = None) -> Server:
        folder = tmp_path_factory.mktemp("exporter")
        config = {
            "clusters": clusters,
            "collection": {"min_interval": "0s"},
            "storage": {"path": str(folder / "storage")},
            "web": {"enable_lifecycle": True},
        }
        server = servers.exporter(folder, config, "--log.level=debug", env=env).start()
        started.append((server, folder, list(clusters)))
        return server

    try:
        yield begin
        for server, folder, names in started:
            places = dict(shown(server, folder / "exporter.yml", names[:PAGES_OF]))
            server.stop()
            places |= {"the log at the end": server.log.read_text(errors="replace"), **dict(stored(folder / "storage"))}
            assert {place: found for place, text in places.items() if (found := disclosed(text))} == {}
    finally:
        for server, _, _ in started:
            server.stop()


def reads(server: Server, name: str = "real") -> bool:
    page = scrape(f"{server.url}/metrics")
    return page.value("burrow_kafka_consumer_status", cluster=name, consumer_group="group") == 1


def seen(page: Page, name: str) -> set[tuple[str, str]]:
    """The groups of a cluster, each with the topics that it is judged by."""
    found = page.select("burrow_kafka_topic_partition_status", cluster=name)
    return {(sample.labels["consumer_group"], sample.labels["topic"]) for sample in found}


def failures(page: Page, name: str = "real") -> dict[tuple[str, str], float]:
    """(scope, reason) → how many of a cluster."""
    found = page.select("burrow_exporter_failures", cluster=name)
    return {(sample.labels["scope"], sample.labels["reason"]): sample.value for sample in found if sample.value}


def by_tls(cluster: Cluster, listener: str, certificates: Pki, **tls: Any) -> dict[str, Any]:
    settings = {"ca_file": str(certificates.authority.cert), **tls}
    return {"bootstrap_servers": [cluster.listener(listener)], "tls": settings}


def by_login(cluster: Cluster, certificates: Pki, listener: str = "LOGIN", **sasl: Any) -> dict[str, Any]:
    return {**by_tls(cluster, listener, certificates), "sasl": sasl}


def test_brokers_whose_certificate_is_not_right_are_told_apart_and_not_read(
    cluster: Cluster, certificates: Pki, start: Callable[..., Server]
) -> None:
    wrong = {
        "stranger": by_tls(cluster, "TLS", certificates, ca_file=str(certificates.other.cert)),
        "expired": by_tls(cluster, "EXPIRED", certificates),
        "misnamed": by_tls(cluster, "MISNAMED", certificates),
        "system": {"bootstrap_servers": [cluster.listener("TLS")], "tls": {}},
    }
    right = {
        "own": by_tls(cluster, "TLS", certificates),
        "any-name": by_tls(cluster, "MISNAMED", certificates, verify_hostname=False),
    }
    server = start({**wrong, **right})
    wait_until(lambda: all(reads(server, name) for name in right), PATIENCE, "those with the right one to be read")
    page = scrape(f"{server.url}/metrics")
    for name in wrong:
        assert page.value("burrow_kafka_cluster_up", cluster=name) == 0
        assert failures(page, name) == {("cluster", "connection"): 1}
    log = server.log.read_text()
    for name, why in (
        ("stranger", "unable to get local issuer certificate"),
        ("system", "unable to get local issuer certificate"),
        ("expired", "certificate has expired"),
        ("misnamed", f"IP address mismatch, certificate is not valid for '{LOOPBACK}'"),
    ):
        lines = [line for line in log.splitlines() if f"cluster {name} cannot be read" in line]
        assert len(lines) == 1, lines
        assert why in lines[0]


def test_a_client_certificate(cluster: Cluster, certificates: Pki, start: Callable[..., Server]) -> None:
    def shows(signed: Any, **more: str) -> dict[str, Any]:
        files = {"cert_file": str(signed.cert), "key_file": str(signed.key)}
        return by_tls(cluster, "MUTUAL", certificates, **files, **more)

    password = secret("key").replace(" ", "")
    server = start(
        {
            "known": shows(certificates.client, key_password=password),
            "stranger": shows(certificates.stranger),
            "nobody": by_tls(cluster, "MUTUAL", certificates),
        }
    )
    wait_until(lambda: reads(server, "known"), PATIENCE, "the one with the certificate to be let in")
    page = scrape(f"{server.url}/metrics")
    for name in ("stranger", "nobody"):
        assert failures(page, name) == {("cluster", "connection"): 1}
    assert "alert" in server.log.read_text()


def test_passwords(cluster: Cluster, certificates: Pki, start: Callable[..., Server], tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(secret("monitor") + "\n")
    mechanisms = ["PLAIN", *SCRAM]
    server = start(
        {
            name: by_login(cluster, certificates, mechanism=name, username="monitor", password_file=str(password))
            for name in mechanisms
        }
    )
    wait_until(lambda: all(reads(server, name) for name in mechanisms), PATIENCE, "all mechanisms to let it in")


def test_wrong_passwords_are_told(cluster: Cluster, certificates: Pki, start: Callable[..., Server]) -> None:
    mechanisms = ["PLAIN", *SCRAM]
    login = {"username": "monitor", "password": "${WRONG}"}
    server = start(
        {name: by_login(cluster, certificates, **login, mechanism=name) for name in mechanisms},
        env={"WRONG": secret("wrong")},
    )
    refused = {("cluster", "authentication"): 1}

    def told() -> bool:
        page = scrape(f"{server.url}/metrics")
        return all(failures(page, name) == refused for name in mechanisms)

    wait_until(told, PATIENCE, "the failed logins to be told")
    assert told(), server.tail()


def test_a_user_that_comes_later_is_let_in_without_a_restart(
    cluster: Cluster, certificates: Pki, start: Callable[..., Server]
) -> None:
    login = {"mechanism": "SCRAM-SHA-256", "username": "newcomer", "password": "${PASSWORD}"}
    server = start({"real": by_login(cluster, certificates, **login)}, env={"PASSWORD": secret("later")})
    assert not reads(server)
    may_describe(cluster, "newcomer", *LEAST_RIGHTS)
    set_password(cluster, "newcomer", ScramMechanism.SCRAM_SHA_256, secret("later"))
    wait_until(lambda: reads(server), 30, "the new user to be let in", interval=0.5)


def test_a_password_that_changes_while_running(
    cluster: Cluster, certificates: Pki, start: Callable[..., Server], tmp_path: Path
) -> None:
    may_describe(cluster, "changing", *LEAST_RIGHTS)
    set_password(cluster, "changing", ScramMechanism.SCRAM_SHA_512, secret("before"))
    password = tmp_path / "password"
    password.write_text(secret("before"))
    login = {"mechanism": "SCRAM-SHA-512", "username": "changing", "password_file": str(password)}
    server = start({"real": by_login(cluster, certificates, "SHORT_LOGIN", **login)})
    wait_until(lambda: reads(server), PATIENCE, "the first password to be taken")
    set_password(cluster, "changing", ScramMechanism.SCRAM_SHA_512, secret("after"))

    def refused() -> bool:
        return failures(scrape(f"{server.url}/metrics")) == {("cluster", "authentication"): 1}

    wait_until(refused, PATIENCE, "the old password to be refused when the login has run out", interval=0.5)
    password.write_text(secret("after"))
    assert servers.post(f"{server.url}/-/reload")[0] == 200
    wait_until(lambda: reads(server), PATIENCE, "the new password to be taken", interval=0.5)


class TokenServer(BaseHTTPRequestHandler):
    """Gives everybody an unsecured JSON Web Token, as Kafka's validator for tests takes it."""

    asked: ClassVar[list[tuple[str, str]]] = []
    lifetime: ClassVar[float] = 3600

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.asked.append((self.headers["Authorization"], body))
        now = int(time.time())
        claims = {"sub": "monitor", "jti": secret("token"), "iat": now - 1000, "exp": now + self.lifetime}
        parts = [
            urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "none"}, claims)
        ]
        answer = json.dumps({"access_token": f"{parts[0]}.{parts[1]}.", "expires_in": self.lifetime}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def tokens() -> Iterator[dict[str, Any]]:
    """The SASL settings for a token server that runs, and that gives good tokens at first."""
    TokenServer.asked, TokenServer.lifetime = [], 3600
    with HTTPServer((LOOPBACK, 0), TokenServer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        oauth = {
            "token_url": f"http://{LOOPBACK}:{server.server_port}/token",
            "client_id": "exporter",
            "client_secret": "${SECRET}",
            "scope": "kafka",
        }
        yield {"mechanism": "OAUTHBEARER", "oauth": oauth}
        server.shutdown()


def test_a_token_by_client_credentials(
    cluster: Cluster, certificates: Pki, start: Callable[..., Server], tokens: dict[str, Any]
) -> None:
    server = start({"real": by_login(cluster, certificates, **tokens)}, env={"SECRET": secret("client")})
    wait_until(lambda: reads(server), PATIENCE, "the token to be taken")
    assert all(body == "grant_type=client_credentials&scope=kafka" for _, body in TokenServer.asked)


def test_a_token_that_has_expired_is_told_and_the_next_good_one_taken(
    cluster: Cluster, certificates: Pki, start: Callable[..., Server], tokens: dict[str, Any]
) -> None:
    TokenServer.lifetime = -60
    server = start({"real": by_login(cluster, certificates, **tokens)}, env={"SECRET": secret("client")})

    def refused() -> bool:
        return failures(scrape(f"{server.url}/metrics")) == {("cluster", "authentication"): 1}

    wait_until(refused, PATIENCE, "the expired token to be refused")
    TokenServer.lifetime = 3600
    wait_until(lambda: reads(server), PATIENCE, "the good token to be taken", interval=0.5)


def test_tokens_that_run_out_are_renewed_without_a_gap(
    cluster: Cluster, certificates: Pki, start: Callable[..., Server], tokens: dict[str, Any]
) -> None:
    TokenServer.lifetime = 20
    login = by_login(cluster, certificates, "SHORT_LOGIN", **tokens)
    server = start({"real": login}, env={"SECRET": secret("client")})
    wait_until(lambda: reads(server), PATIENCE, "the first token to be taken")
    first, until = len(TokenServer.asked), time.monotonic() + 2 * SHORT_SESSION_MS / 1000
    while time.monotonic() < until:
        assert reads(server), server.tail()
        time.sleep(0.3)
    assert len(TokenServer.asked) > first


def test_exactly_the_least_rights_read_everything_and_each_that_is_missing_is_told(
    cluster: Cluster, certificates: Pki, start: Callable[..., Server]
) -> None:
    server = start(
        {
            user: by_login(cluster, certificates, mechanism="PLAIN", username=user, password=secret(user))
            for user in RIGHTS
        }
    )
    without_one = ALL_READ - {("other", "orders"), ("other", "payments")}
    nothing: set[tuple[str, str]] = set()
    expected = {
        "monitor": (1, ALL_READ, {}),
        # All is read, but a group that were forbidden would be missing without a word.
        "without-cluster": (1, ALL_READ, {}),
        "without-groups": (1, nothing, {("group", "group_authorization_failed"): 2}),
        "without-topics": (0, nothing, {("cluster", "topic_authorization_failed"): 1}),
        "one-group-less": (1, without_one, {("group", "group_authorization_failed"): 1}),
        "without-any": (0, nothing, {("cluster", "topic_authorization_failed"): 1}),
    }

    def told() -> dict[str, Any]:
        page = scrape(f"{server.url}/metrics")
        return {
            user: (page.value("burrow_kafka_cluster_up", cluster=user), seen(page, user), failures(page, user))
            for user in RIGHTS
        }

    with_time = time.monotonic() + PATIENCE  # a first login may take longer than a scrape has
    while told() != expected and time.monotonic() < with_time:
        time.sleep(0.5)
    assert told() == expected


def test_a_right_that_is_taken_away_fails_alone_and_comes_back(
    cluster: Cluster, certificates: Pki, start: Callable[..., Server]
) -> None:
    login = by_login(cluster, certificates, mechanism="PLAIN", username="monitor", password=secret("monitor"))
    server = start({"real": login})
    wait_until(lambda: seen(scrape(f"{server.url}/metrics"), "real") == ALL_READ, PATIENCE, "all to be read")

    def told(read: set[tuple[str, str]], failed: dict[tuple[str, str], float]) -> Callable[[], bool]:
        def check() -> bool:
            page = scrape(f"{server.url}/metrics")
            return seen(page, "real") == read and failures(page) == failed

        return check

    for right, left, failed in (
        ((ResourceType.GROUP, "other"), {("group", "orders"), ("group", "payments")}, "group"),
        ((ResourceType.TOPIC, "payments"), {("group", "orders"), ("other", "orders")}, "topic"),
    ):
        forbidden = may_describe(cluster, "monitor", right, allowed=False)
        one = {(failed, f"{failed}_authorization_failed"): 1.0}
        wait_until(told(left, one), PATIENCE, f"only the {failed} to fail", interval=0.3)
        take_away(cluster, forbidden)
        wait_until(told(ALL_READ, {}), PATIENCE, f"the {failed} to be back", interval=0.3)
