"""The configuration loaded anew while scrapes go on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import History, empty
from exporter.core.model import Observation
from exporter.schema import ConfigError, Mistake, Place
from exporter.service import Service, to_connect
from exporter.settings import Cluster, GroupOverride, Groups, Log, Metrics, Sasl, Settings, Storage, Tls, Web
from exporter.web.reloadable import ReloadableApp
from tests.support.asking import Answer, ask
from tests.support.reloading import Source, cluster, settings


@pytest.fixture(autouse=True)
def _anew() -> None:
    Source.seen = {}


class Kept:
    """Keeps nothing but the names of what it was to keep."""

    def __init__(self) -> None:
        self.saved: list[str] = []
        self.loaded: list[str] = []

    def load(self, cluster: str, settings: EvaluationSettings) -> History:
        self.loaded.append(cluster)
        return empty(settings)

    def follow(self, cluster: str, before: History, observation: Observation, after: History) -> None:
        pass

    def save_if_due(self, cluster: str, history: History) -> None:
        pass

    def save(self, cluster: str, history: History) -> None:
        self.saved.append(cluster)


class Started:
    """The exporter at work, with a configuration that the test changes."""

    def __init__(self, settings: Settings) -> None:
        self.next: Settings | Exception = settings
        self.sources: list[Source] = []
        self.storage = Kept()
        self.service = Service(settings, read_settings=self.read, open_source=self.source, storage=self.storage)
        self.app = ReloadableApp(self.service)

    def read(self) -> Settings:
        if isinstance(self.next, Exception):
            raise self.next
        return self.next

    def source(self, cluster: Cluster) -> Source:
        self.sources.append(Source(cluster))
        return self.sources[-1]

    def reload(self, settings: Settings | Exception) -> str | None:
        self.next = settings
        return asyncio.run(self.app.reload())

    def ask(self, path: str, method: str = "GET") -> Answer:
        return ask(self.app, path, method)

    def scrape(self) -> dict[str, str]:
        lines = (line for line in self.ask("/metrics").text.splitlines() if not line.startswith("#"))
        return dict(line.rsplit(" ", 1) for line in lines)


Start = Callable[[Settings], Started]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Started] = []

    def start(settings: Settings) -> Started:
        started.append(Started(settings))
        return started[-1]

    yield start
    for one in started:
        one.service.close()


OF_CLUSTER = 'burrow_kafka_cluster_up{cluster="%s"}'
SUCCESSFUL = "burrow_exporter_config_last_reload_successful"
SUCCESS_AT = "burrow_exporter_config_last_reload_success_timestamp_seconds"
BROKEN = ConfigError([Mistake(Place("kbe.yml", 3, 5), "web.telemetry_path", "is wrong")])


def test_what_is_reloaded_answers_at_once(start: Start) -> None:
    exporter = start(settings(cluster("a")))
    before = exporter.scrape()
    assert before[OF_CLUSTER % "a"] == "1.0"
    assert before[SUCCESSFUL] == "1.0"
    assert exporter.reload(settings(cluster("b"))) is None
    after = exporter.scrape()
    assert OF_CLUSTER % "a" not in after
    assert after[OF_CLUSTER % "b"] == "1.0"
    assert float(after[SUCCESS_AT]) > float(before[SUCCESS_AT])
    assert '"clusters":["b"]' in exporter.ask("/v3/kafka").text
    assert exporter.storage.loaded == ["a", "b"]
    assert exporter.storage.saved == ["a"]


def test_another_choice_of_metrics_counts_from_the_next_scrape_on(start: Start) -> None:
    exporter = start(settings())
    status, partitions = (
        f'burrow_kafka_consumer_{name}{{cluster="c",consumer_group="g"}}' for name in ("status", "partitions")
    )
    assert {status, partitions} <= exporter.scrape().keys()
    exporter.reload(settings(cluster(metrics=Metrics(include=("lean",)))))
    assert {status, partitions} & exporter.scrape().keys() == {status}
    assert len(exporter.sources) == 1


def test_another_path_for_metrics_counts_too(start: Start) -> None:
    exporter = start(settings())
    exporter.reload(replace(settings(), web=Web(telemetry_path="/other")))
    assert exporter.ask("/other").status == 200
    assert exporter.ask("/metrics").status == 404


@pytest.mark.parametrize("broken", [BROKEN, RuntimeError("nobody foresaw this")])
def test_a_broken_configuration_changes_nothing_and_is_told(
    start: Start, broken: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    exporter = start(settings())
    exporter.scrape()
    before = exporter.scrape()
    wrong = exporter.reload(broken)
    assert wrong is not None
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "configuration not reloaded, the previous one stays in effect" in record.getMessage()
    if broken is BROKEN:
        assert wrong == "kbe.yml:3:5: web.telemetry_path: is wrong"
        assert wrong in record.getMessage()
    else:
        assert "nobody foresaw" not in wrong
    after = exporter.scrape()
    assert (after[SUCCESSFUL], after[SUCCESS_AT]) == ("0.0", before[SUCCESS_AT])
    assert after[OF_CLUSTER % "c"] == "1.0"
    assert exporter.reload(settings()) is None
    assert exporter.scrape()[SUCCESSFUL] == "1.0"
    assert len(exporter.sources) == 1


def test_what_only_a_restart_changes_is_told_and_stays(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    of = replace(settings(), web=Web(":1"), storage=Storage("/a"))
    exporter = start(of)
    exporter.reload(replace(of, web=Web(":2", "/other", config_file="web.yml"), storage=Storage("/b")))
    assert exporter.service.settings.web == Web(":1", "/other")
    assert exporter.service.settings.storage == Storage("/a")
    told = [record.getMessage().split()[0] for record in caplog.records if "started again" in record.getMessage()]
    assert told == ["web.listen_address", "web.config_file", "storage.path"]


def test_the_log_follows(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Log] = []
    monkeypatch.setattr("exporter.service.logs.set_up", told.append)
    exporter = start(settings())
    exporter.reload(settings())
    assert told == []
    exporter.reload(replace(settings(), log=Log("debug")))
    assert told == [Log("debug")]


def overridden(**changed: Any) -> Groups:
    return replace(cluster().groups, overrides=(GroupOverride(re.compile("g"), **changed),))


@pytest.mark.parametrize(
    ("after", "connected"),
    [
        (cluster(), False),
        (cluster(evaluation=EvaluationSettings(window=60.0)), False),
        (cluster(granularity="group"), False),
        (cluster(metrics=Metrics(include=("lean",), partitions="unhealthy")), False),
        (cluster(metrics=Metrics(compatibility=("grafana", "kafka_lag_exporter"))), False),
        (cluster(metrics=Metrics(compatibility=("grafana", "kminion"))), True),
        (cluster(bootstrap_servers=("k:2",)), True),
        (cluster(sasl=Sasl("PLAIN", "u", "p")), True),
        (cluster(groups=Groups()), True),
        (cluster(groups=overridden(window=60.0)), False),
        (cluster(groups=overridden(granularity="group")), False),
        (cluster(groups=overridden(read_committed=True)), True),
        (cluster(name="d"), True),
    ],
)
def test_a_source_is_made_anew_only_where_the_cluster_is_read_in_another_way(after: Cluster, connected: bool) -> None:
    assert (to_connect(settings(), (after,)) == [after]) == connected


def test_certificates_in_files_may_have_changed_without_a_word() -> None:
    plain, with_files = cluster(tls=Tls()), cluster(tls=Tls(ca_file="ca.pem"))
    assert to_connect(settings(plain), (plain,)) == []
    assert to_connect(settings(with_files), (with_files,)) == [with_files]


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_who_may_reload_does_by_post(start: Start, method: str) -> None:
    enabled = replace(settings(cluster("a")), web=Web(enable_lifecycle=True))
    exporter = start(enabled)
    exporter.next = replace(enabled, clusters=(cluster("b"),))
    assert exporter.ask("/-/reload", method).status == 200
    assert OF_CLUSTER % "b" in exporter.scrape()


def test_a_reload_that_fails_is_answered_with_what_is_wrong(start: Start) -> None:
    exporter = start(replace(settings(), web=Web(enable_lifecycle=True)))
    exporter.next = BROKEN
    answer = exporter.ask("/-/reload", "POST")
    assert (answer.status, answer.text) == (
        500,
        "Failed to reload config:\nkbe.yml:3:5: web.telemetry_path: is wrong\n",
    )


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_other_methods_reload_nothing(start: Start, method: str, enabled: bool) -> None:
    exporter = start(replace(settings(), web=Web(enable_lifecycle=enabled)))
    exporter.next = RuntimeError("it was read")
    answer = exporter.ask("/-/reload", method)
    assert (answer.status, answer.headers["allow"]) == (405, "POST, PUT")
    assert exporter.scrape()[SUCCESSFUL] == "1.0"


def test_nobody_may_reload_who_was_not_let(start: Start) -> None:
    exporter = start(settings())
    exporter.next = RuntimeError("it was read")
    answer = exporter.ask("/-/reload", "POST")
    assert (answer.status, answer.text[:29]) == (403, "Lifecycle API is not enabled:")
    assert exporter.scrape()[SUCCESSFUL] == "1.0"
