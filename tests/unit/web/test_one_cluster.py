"""One cluster, one target: scrapes of a single cluster, and the list of them."""

from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette

from exporter.core.report import Outcome
from exporter.settings import Cluster, Collection, Settings, Web
from exporter.web.app import make_app
from tests.support.asking import ask
from tests.support.observations import group, observation
from tests.support.outcomes import outcome

NAMES = ("prod", "a b/ü&c")
SETTINGS = Settings(tuple(Cluster(name, (f"{name}:9092",)) for name in NAMES), Collection(timeout_offset=0.5))


class Fake:
    """A collector that remembers which cluster it was asked for, and for how long."""

    def __init__(self) -> None:
        self.asked: list[tuple[str | None, float]] = []

    def collect(self, timeout: float, cluster: str | None = None) -> tuple[Outcome, ...]:
        self.asked.append((cluster, timeout))
        seen = (observation(0, {"g": group({"t": [1]})}, {"t": [3]}, cluster=name) for name in NAMES)
        return tuple(outcome(one) for one in seen if cluster in (None, one.cluster))


def app(collector: Fake | None = None, settings: Settings = SETTINGS) -> Starlette:
    return make_app(collector or Fake(), settings)


def clusters(text: str) -> set[str]:
    return {line.split('cluster="')[1].split('"')[0] for line in text.splitlines() if 'cluster="' in line}


def test_a_scrape_of_one_cluster_collects_and_shows_just_that_one() -> None:
    collector = Fake()
    answer = ask(app(collector), "/metrics?cluster=a+b%2F%C3%BC%26c", headers={"Accept-Encoding": "identity"})
    assert answer.status == 200
    assert clusters(answer.text) == {"a b/ü&c"}
    assert collector.asked == [("a b/ü&c", pytest.approx(9.5, abs=1))]


def test_a_scrape_of_one_cluster_has_its_own_timeout() -> None:
    collector = Fake()
    answer = ask(app(collector), "/metrics?cluster=prod", headers={"X-Prometheus-Scrape-Timeout-Seconds": "3"})
    assert collector.asked[0][1] == pytest.approx(2.5, abs=0.5)
    assert "\nburrow_exporter_scrape_deadline_seconds 2.5\n" in answer.text


def test_scrapes_of_one_cluster_and_of_all_do_not_show_each_others_page() -> None:
    port = app()
    shown = [clusters(ask(port, path).text) for path in ("/metrics", "/metrics?cluster=prod", "/metrics")]
    assert shown == [set(NAMES), {"prod"}, set(NAMES)]


@pytest.mark.parametrize("name", ["PROD", "", "prod%0Ax"])
def test_a_scrape_of_a_cluster_that_is_not_configured_is_refused_without_asking_kafka(name: str) -> None:
    collector = Fake()
    answer = ask(app(collector), f"/metrics?cluster={name}")
    assert answer.status == 404
    assert answer.text.count("\n") == 1
    assert answer.text.startswith("No cluster")
    assert collector.asked == []


def test_each_cluster_is_a_target_at_the_address_that_was_asked() -> None:
    answer = ask(app(), "/sd", headers={"Host": "exporter.example:8000"})
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.text) == [
        {
            "targets": ["exporter.example:8000"],
            "labels": {
                "__scheme__": "http",
                "__metrics_path__": "/metrics",
                "__param_cluster": name,
                "cluster": name,
            },
        }
        for name in NAMES
    ]


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("exporter", "exporter:80"),
        ("10.0.0.1:8000", "10.0.0.1:8000"),
        ("[::1]:8000", "[::1]:8000"),
        ("[::1]", "[::1]:80"),
    ],
)
def test_a_target_always_has_a_port(host: str, address: str) -> None:
    targets = json.loads(ask(app(), "/sd", headers={"Host": host}).text)
    assert {one for target in targets for one in target["targets"]} == {address}


@pytest.mark.parametrize("host", ["a b:1", "evil/path", "user@host:1", "[]:1"])
def test_a_host_that_is_no_address_is_refused(host: str) -> None:
    answer = ask(app(), "/sd", headers={"Host": host})
    assert answer.status == 400
    assert host not in answer.text


def test_targets_have_the_configured_path() -> None:
    targets = json.loads(ask(app(settings=Settings(SETTINGS.clusters, web=Web(telemetry_path="/kafka"))), "/sd").text)
    assert {target["labels"]["__metrics_path__"] for target in targets} == {"/kafka"}
