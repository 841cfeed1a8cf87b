"""Prometheus itself at a port that is locked."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import yaml

from testbed import servers
from testbed.processes import LOOPBACK, Process, free_ports, wait_until
from tests.support.certificates import Authority

pytestmark = pytest.mark.real

PATIENCE = 60.0
KNOWN = "a password: with ümlauts"


@dataclass(frozen=True, slots=True)
class Locked:
    """An exporter that asks for TLS, a certificate of a known name, and a password."""

    address: str
    folder: Path


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Locked]:
    authority = Authority(tmp_path)
    authority.sign("server", f"IP:{LOOPBACK}")
    authority.sign("prometheus", "DNS:prometheus.example")
    authority.sign("stranger", "DNS:stranger.example")
    web = {
        "tls_server_config": {
            "cert_file": "server.pem",
            "key_file": "server.key",
            "client_ca_file": "ca.pem",
            "client_auth_type": "RequireAndVerifyClientCert",
            "client_allowed_sans": ["prometheus.example"],
        },
        "basic_auth_users": {"prometheus": bcrypt.hashpw(KNOWN.encode(), bcrypt.gensalt(10)).decode()},
    }
    (tmp_path / "web.yml").write_text(yaml.safe_dump(web))
    (port,) = free_ports(1)
    flags = ["--kafka.bootstrap-servers=127.0.0.1:1", f"--web.listen-address={LOOPBACK}:{port}"]
    command = [sys.executable, "-m", "exporter", *flags, f"--web.config.file={tmp_path / 'web.yml'}"]
    exporter = Process("exporter", command, tmp_path / "exporter.log")
    with exporter.start().wait_ready(lambda: "listening on https://" in exporter.log.read_text(), PATIENCE):
        yield Locked(f"{LOOPBACK}:{port}", tmp_path)


def job(locked: Locked, name: str, *, certificate: str = "prometheus", word: str = KNOWN) -> Mapping[str, Any]:
    """How Prometheus is to scrape it."""
    own = {
        "cert_file": str(locked.folder / f"{certificate}.pem"),
        "key_file": str(locked.folder / f"{certificate}.key"),
    }
    return {
        "job_name": name,
        "scheme": "https",
        "tls_config": {"ca_file": str(locked.folder / "ca.pem"), **(own if certificate else {})},
        "basic_auth": {"username": "prometheus", "password": word},
        "static_configs": [{"targets": [locked.address]}],
    }


def test_prometheus_scrapes_with_certificate_and_password_and_not_without(locked: Locked) -> None:
    jobs = [
        job(locked, "known"),
        job(locked, "wrong password", word="guessed"),
        job(locked, "no certificate", certificate=""),
        job(locked, "another name", certificate="stranger"),
    ]
    config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": jobs}
    with servers.prometheus(locked.folder, yaml.safe_dump(config)) as prometheus:

        def targets() -> dict[str, dict[str, str]]:
            _, text = servers.get(f"{prometheus.url}/api/v1/targets")
            return {target["scrapePool"]: target for target in json.loads(text)["data"]["activeTargets"]}

        def all_tried() -> bool:
            found = targets()
            return len(found) == len(jobs) and all(target["health"] != "unknown" for target in found.values())

        wait_until(all_tried, PATIENCE, "Prometheus to have tried each of its targets")
        wait_until(lambda: targets()["known"]["health"] == "up", PATIENCE, "a scrape that gets in")
        found = targets()
        assert {name: target["health"] for name, target in found.items()} == {
            "known": "up",
            "wrong password": "down",
            "no certificate": "down",
            "another name": "down",
        }
        assert "401 Unauthorized" in found["wrong password"]["lastError"]
        _, text = servers.get(f"{prometheus.url}/api/v1/query?query=burrow_exporter_config_last_reload_successful")
        (series,) = json.loads(text)["data"]["result"]
        assert (series["metric"]["job"], series["value"][1]) == ("known", "1")
