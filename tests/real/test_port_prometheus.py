"""Prometheus itself at a port that is locked."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import bcrypt
import pytest
import yaml

from testbed import servers
from testbed.processes import LOOPBACK, Process, free_ports, wait_until
from tests.support.certificates import Authority

pytestmark = pytest.mark.real

PATIENCE = 60.0
KNOWN = "a password: with ümlauts"
CLUSTERS = {"first", "a second/one"}


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
    clusters = {name: {"bootstrap_servers": f"{LOOPBACK}:1"} for name in CLUSTERS}
    (tmp_path / "exporter.yml").write_text(yaml.safe_dump({"clusters": clusters}))
    (port,) = free_ports(1)
    flags = [f"--config.file={tmp_path / 'exporter.yml'}", f"--web.listen-address={LOOPBACK}:{port}"]
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


def discovering(locked: Locked, name: str) -> Mapping[str, Any]:
    """How Prometheus is to ask for the clusters, and scrape each on its own."""
    access = job(locked, name)
    listed = {"url": f"https://{locked.address}/sd", **{key: access[key] for key in ("tls_config", "basic_auth")}}
    return {
        **{key: value for key, value in access.items() if key != "static_configs"},
        "honor_labels": True,
        "http_sd_configs": [listed],
    }


def test_prometheus_discovers_and_scrapes_with_certificate_and_password_and_not_without(locked: Locked) -> None:
    jobs = [
        job(locked, "known"),
        job(locked, "wrong password", word="guessed"),
        job(locked, "no certificate", certificate=""),
        job(locked, "another name", certificate="stranger"),
        discovering(locked, "discovered"),
    ]
    config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": jobs}
    with servers.prometheus(locked.folder, yaml.safe_dump(config)) as prometheus:

        def active() -> list[dict[str, Any]]:
            _, text = servers.get(f"{prometheus.url}/api/v1/targets")
            found: list[dict[str, Any]] = json.loads(text)["data"]["activeTargets"]
            return found

        def targets() -> dict[str, dict[str, str]]:
            return {target["scrapePool"]: target for target in active() if target["scrapePool"] != "discovered"}

        def queried(query: str) -> list[Any]:
            _, text = servers.get(f"{prometheus.url}/api/v1/query?{urlencode({'query': query})}")
            found: list[Any] = json.loads(text)["data"]["result"]
            return found

        def all_tried() -> bool:
            found = targets()
            return len(found) == len(jobs) - 1 and all(target["health"] != "unknown" for target in found.values())

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
        (series,) = queried('burrow_exporter_config_last_reload_successful{job="known"}')
        assert series["value"][1] == "1"

        def scraped() -> set[str]:
            return {series["metric"]["cluster"] for series in queried('up{job="discovered"} == 1')}

        wait_until(lambda: scraped() == CLUSTERS, PATIENCE, "a scrape of each cluster that was discovered")
        shown = queried('burrow_kafka_cluster_up{job="discovered"}')
        assert Counter(series["metric"]["cluster"] for series in shown) == Counter(CLUSTERS)
        assert {
            target["discoveredLabels"]["__param_cluster"]: target["scrapeUrl"]
            for target in active()
            if target["scrapePool"] == "discovered"
        } == {name: f"https://{locked.address}/metrics?{urlencode({'cluster': name})}" for name in CLUSTERS}
