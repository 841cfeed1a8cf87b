"""The exporter on brokers that ask who is there: TLS, client certificates, SASL."""

from __future__ import annotations

import json
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from confluent_kafka.admin import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from testbed.broker import Cluster
from testbed.processes import LOOPBACK, wait_until
from testbed.scrape import scrape
from testbed.servers import Server

pytestmark = pytest.mark.real

JAAS = "org.apache.kafka.common.security"


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Certificates:
    """A certificate authority, and PEM files of what it signed for 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.ca, self._ca_key = folder / "ca.pem", folder / "ca.key"
        subject = ["-subj", "/CN=ca"]
        openssl(
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            *subject,
            "-keyout",
            self._ca_key,
            "-out",
            self.ca,
        )

    def sign(self, name: str) -> tuple[Path, Path]:
        """The certificate and the key of ``name``."""
        certificate, key, request, extensions = (self._folder / f"{name}.{end}" for end in ("pem", "key", "csr", "ext"))
        extensions.write_text(f"subjectAltName=IP:{LOOPBACK}\n")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        openssl(
            *("x509", "-req", "-days", "2", "-in", request, "-CA", self.ca, "-CAkey", self._ca_key),
            *("-CAcreateserial", "-extfile", extensions, "-out", certificate),
        )
        return certificate, key


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def cluster(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One broker with a listener of every kind."""
    folder = tmp_path_factory.mktemp("secured")
    certificate, key = certificates.sign("broker")
    store = folder / "broker-store.pem"
    store.write_text(key.read_text() + certificate.read_text())
    plain = f'{JAAS}.plain.PlainLoginModule required user_monitor="secret";'
    unsecured = f"{JAAS}.oauthbearer.OAuthBearerLoginModule required;"
    properties = {
        "inter.broker.listener.name": "PLAINTEXT",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(store),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(certificates.ca),
        "listener.name.mutual.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
        "listener.name.login.plain.sasl.jaas.config": plain,
        "listener.name.login.scram-sha-256.sasl.jaas.config": f"{JAAS}.scram.ScramLoginModule required;",
        "listener.name.login.scram-sha-512.sasl.jaas.config": f"{JAAS}.scram.ScramLoginModule required;",
        "listener.name.login.oauthbearer.sasl.jaas.config": unsecured,
        "listener.name.login.oauthbearer.sasl.server.callback.handler.class": (
            f"{JAAS}.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler"
        ),
    }
    listeners = {"TLS": "SSL", "MUTUAL": "SSL", "LOGIN": "SASL_SSL"}
    with Cluster(folder, properties=properties, listeners=listeners) as started:
        started.create_topic("orders")
        started.commit("group", {("orders", 0): 0})
        for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
            add_user(started, "monitor", mechanism, "secret")
        yield started


def add_user(cluster: Cluster, name: str, mechanism: ScramMechanism, password: str) -> None:
    wanted = UserScramCredentialUpsertion(name, ScramCredentialInfo(mechanism, 4096), password.encode())
    cluster.admin.alter_user_scram_credentials([wanted])[name].result(30)


def reads(server: Server) -> bool:
    page = scrape(f"{server.url}/metrics")
    return page.value("burrow_kafka_consumer_status", cluster="real", consumer_group="group") == 1


def config(address: str, **settings: Any) -> dict[str, Any]:
    return {"clusters": {"real": {"bootstrap_servers": [address], **settings}}, "collection": {"min_interval": "0s"}}


def test_tls_with_a_certificate_authority_of_ones_own(
    cluster: Cluster, certificates: Certificates, start_exporter: Callable[..., Server]
) -> None:
    address = cluster.listener("TLS")
    assert reads(start_exporter(config(address, tls={"ca_file": str(certificates.ca)})))
    stranger = start_exporter(config(address, tls={}))
    page = scrape(f"{stranger.url}/metrics")
    assert page.value("burrow_kafka_cluster_up", cluster="real") == 0
    assert "certificate verify failed" in stranger.tail()


def test_a_client_certificate(
    cluster: Cluster, certificates: Certificates, start_exporter: Callable[..., Server]
) -> None:
    address = cluster.listener("MUTUAL")
    certificate, key = certificates.sign("monitor")
    tls = {"ca_file": str(certificates.ca)}
    assert not reads(start_exporter(config(address, tls=tls)))
    assert reads(start_exporter(config(address, tls={**tls, "cert_file": str(certificate), "key_file": str(key)})))


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_password(
    cluster: Cluster, certificates: Certificates, start_exporter: Callable[..., Server], tmp_path: Path, mechanism: str
) -> None:
    tls = {"ca_file": str(certificates.ca)}
    password = tmp_path / "password"
    password.write_text("secret\n")
    sasl = {"mechanism": mechanism, "username": "monitor", "password_file": str(password)}
    assert reads(start_exporter(config(cluster.listener("LOGIN"), tls=tls, sasl=sasl)))


def test_a_wrong_password_is_told_and_shown_nowhere(
    cluster: Cluster, certificates: Certificates, start_exporter: Callable[..., Server]
) -> None:
    tls = {"ca_file": str(certificates.ca)}
    sasl = {"mechanism": "SCRAM-SHA-256", "username": "monitor", "password": "${WRONG}"}
    server = start_exporter(
        config(cluster.listener("LOGIN"), tls=tls, sasl=sasl), "--log.level=debug", env={"WRONG": "not-the-one"}
    )
    for _ in range(2):
        page = scrape(f"{server.url}/metrics")
        assert [s.labels["reason"] for s in page.select("burrow_exporter_failures")] == ["authentication"], (
            server.tail()
        )
    assert "not-the-one" not in server.tail()


def test_a_user_that_comes_later_is_let_in_without_a_restart(
    cluster: Cluster, certificates: Certificates, start_exporter: Callable[..., Server]
) -> None:
    tls = {"ca_file": str(certificates.ca)}
    sasl = {"mechanism": "SCRAM-SHA-256", "username": "newcomer", "password": "${PASSWORD}"}
    server = start_exporter(config(cluster.listener("LOGIN"), tls=tls, sasl=sasl), env={"PASSWORD": "later"})
    assert not reads(server)
    add_user(cluster, "newcomer", ScramMechanism.SCRAM_SHA_256, "later")
    wait_until(lambda: reads(server), 30, "the new user to be let in", interval=0.5)


class TokenServer(BaseHTTPRequestHandler):
    """Gives everybody an unsecured JSON Web Token, as Kafka's validator for tests takes it."""

    asked: list[tuple[str, str]] = []  # noqa: RUF012  # one server a test

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.asked.append((self.headers["Authorization"], body))
        claims = {"sub": "monitor", "iat": 1_700_000_000, "exp": 4_000_000_000}
        parts = [
            urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "none"}, claims)
        ]
        answer = json.dumps({"access_token": f"{parts[0]}.{parts[1]}.", "expires_in": 3600}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: object) -> None:
        pass


def test_a_token_by_client_credentials(
    cluster: Cluster, certificates: Certificates, start_exporter: Callable[..., Server]
) -> None:
    with HTTPServer((LOOPBACK, 0), TokenServer) as tokens:
        Thread(target=tokens.serve_forever, daemon=True).start()
        sasl = {
            "mechanism": "OAUTHBEARER",
            "oauth": {
                "token_url": f"http://{LOOPBACK}:{tokens.server_port}/token",
                "client_id": "exporter",
                "client_secret": "${SECRET}",
                "scope": "kafka",
            },
        }
        tls = {"ca_file": str(certificates.ca)}
        server = start_exporter(config(cluster.listener("LOGIN"), tls=tls, sasl=sasl), env={"SECRET": "s/cr:t"})
        assert reads(server)
        tokens.shutdown()
    assert TokenServer.asked
    assert all(body == "grant_type=client_credentials&scope=kafka" for _, body in TokenServer.asked)
