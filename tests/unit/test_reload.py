"""The configuration loaded anew while scrapes go on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from exporter.cli.running import Running, to_connect
from exporter.collector import Collector
from exporter.config import ConfigError, Mistake, Place
from exporter.core.evaluation import Evaluation
from exporter.core.history import History, capacity, empty
from exporter.core.model import Observation
from exporter.core.report import Outcome
from exporter.settings import Cluster, Collection, Filter, Log, Sasl, Settings, Storage, Tls, Web
from tests.asking import Answer, ask
from tests.outcomes import START, group, observation
from tests.serving import PATIENCE

FRESH = Collection(min_interval=0.0)


class Source:
    """A cluster seen every half minute; each of its observations is the next."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.closed = 0
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Semaphore(0)
        self.refreshed = threading.Semaphore(0)

    def observe(self, timeout: float) -> Observation:
        self.entered.release()
        assert self.open.wait(PATIENCE)
        if self.closed:
            raise ConnectionError("the source is closed")
        Source.seen[self.cluster.name] = at = Source.seen.get(self.cluster.name, 0) + 1
        return observation(
            {"g": group({"t": [10 * at]})}, {"t": [100]}, cluster=self.cluster.name, at=START + 30_000 * at
        )

    def refresh_members(self, seen: Observation) -> None:
        self.refreshed.release()

    def close(self) -> None:
        self.closed += 1

    seen: dict[str, int]


@pytest.fixture(autouse=True)
def _anew() -> None:
    Source.seen = {}


def cluster(name: str = "c", **more: object) -> Cluster:
    return replace(Cluster(name, ("k:1",)), **more)  # type: ignore[arg-type]


def settings(*clusters: Cluster, collection: Collection = FRESH) -> Settings:
    return Settings(clusters or (cluster(),), collection)


def entries(outcome: Outcome) -> int:
    """How many commits of the group are retained."""
    assert outcome.report is not None
    return int(outcome.report.history.commits.windows.count[0])


def collected(collector: Collector, times: int) -> Outcome:
    for _ in range(times):
        outcome = collector.collect(PATIENCE)[0]
        assert outcome.up
    return outcome


@contextmanager
def collecting(of: Settings) -> Iterator[tuple[Collector, dict[str, Source]]]:
    sources = {cluster.name: Source(cluster) for cluster in of.clusters}
    collector = Collector(of, sources)
    try:
        yield collector, sources
    finally:
        collector.close()


def test_a_cluster_that_stays_keeps_its_history_and_its_source() -> None:
    with collecting(settings()) as (collector, sources):
        assert entries(collected(collector, 3)) == 3
        after = collector.reconfigured(settings(cluster(evaluation=Evaluation(allowed_lag=5))), {})
        assert entries(collected(after, 1)) == 4
        assert sources["c"].closed == 0


def test_another_source_goes_on_with_the_history_and_the_one_before_is_closed() -> None:
    with collecting(settings()) as (collector, sources):
        collected(collector, 3)
        other = Source(cluster(client_id="other"))
        after = collector.reconfigured(settings(other.cluster), {"c": other})
        assert entries(collected(after, 1)) == 4
        assert (sources["c"].closed, other.closed) == (1, 0)


@pytest.mark.parametrize("window", [30.0, 3000.0])
def test_a_window_of_another_length_keeps_what_fits(window: float) -> None:
    with collecting(settings()) as (collector, _):
        collected(collector, 9)
        other = Evaluation(window=window, recent=window)
        outcome = collected(collector.reconfigured(settings(cluster(evaluation=other)), {}), 1)
        assert outcome.report is not None
        assert outcome.report.history.commits.windows.capacity == capacity(other)
        assert entries(outcome) == min(10, capacity(other))


def test_a_cluster_that_goes_is_closed_and_one_that_comes_begins_anew() -> None:
    with collecting(settings(cluster("a"), cluster("b"))) as (collector, sources):
        collected(collector, 2)
        new = Source(cluster("new"))
        after = collector.reconfigured(settings(cluster("new"), cluster("b")), {"new": new})
        outcomes = after.collect(PATIENCE)
        assert [outcome.cluster for outcome in outcomes] == ["new", "b"]
        assert [entries(outcome) for outcome in outcomes] == [1, 3]
        assert (sources["a"].closed, sources["b"].closed, new.closed) == (1, 0, 0)


def test_a_collection_that_is_running_ends_well_and_then_lets_its_source_go() -> None:
    with collecting(settings()) as (collector, sources):
        before = sources["c"]
        before.open.clear()
        found: list[Outcome] = []
        scrape = threading.Thread(target=lambda: found.extend(collector.collect(PATIENCE)))
        scrape.start()
        assert before.entered.acquire(timeout=PATIENCE)
        other = Source(cluster(client_id="other"))
        after = collector.reconfigured(settings(other.cluster), {"c": other})
        assert before.closed == 0
        before.open.set()
        scrape.join(PATIENCE)
        assert [outcome.up for outcome in found] == [True]
        assert entries(collected(after, 1)) == 2
    assert before.closed >= 1


def test_a_report_by_the_settings_before_is_not_served_again() -> None:
    of = settings(collection=Collection(min_interval=3600.0))
    with collecting(of) as (collector, _):
        assert collector.collect(PATIENCE) == collector.collect(PATIENCE)
        same = collector.reconfigured(of, {})
        assert same.collect(PATIENCE) == collector.collect(PATIENCE)
        (before,) = same.collect(PATIENCE)
        other = replace(of, clusters=(cluster(evaluation=Evaluation(allowed_lag=5)),))
        (after,) = same.reconfigured(other, {}).collect(PATIENCE)
        assert after is not before
        assert Source.seen["c"] == 2


def test_the_collector_before_still_answers_those_who_are_asking_it() -> None:
    with collecting(settings(cluster("a"), cluster("b"))) as (collector, _):
        collected(collector, 1)
        collector.reconfigured(settings(cluster("b")), {})
        gone, stays = collector.collect(PATIENCE)
        assert (gone.cluster, stays.cluster) == ("a", "b")
        assert stays.up


class Kept:
    """Keeps nothing but the names of what it was to keep."""

    def __init__(self) -> None:
        self.saved: list[str] = []
        self.loaded: list[str] = []

    def load(self, cluster: str, settings: Evaluation) -> History:
        self.loaded.append(cluster)
        return empty(settings)

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
        self.running = Running(settings, read_settings=self.read, open_source=self.source, storage=self.storage)

    def read(self) -> Settings:
        if isinstance(self.next, Exception):
            raise self.next
        return self.next

    def source(self, cluster: Cluster) -> Source:
        self.sources.append(Source(cluster))
        return self.sources[-1]

    def reload(self, settings: Settings | Exception) -> str | None:
        self.next = settings
        return asyncio.run(self.running.reload())

    def ask(self, path: str, method: str = "GET") -> Answer:
        return ask(self.running.app, path, method)

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
        one.running.close()


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
    assert "configuration stays as it was" in record.getMessage()
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
    assert exporter.running.settings.web == Web(":1", "/other")
    assert exporter.running.settings.storage == Storage("/a")
    told = [record.getMessage().split()[0] for record in caplog.records if "started again" in record.getMessage()]
    assert told == ["web.listen_address", "web.config_file", "storage.path"]


def test_the_log_follows(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Log] = []
    monkeypatch.setattr("exporter.cli.running.logs.set_up", told.append)
    exporter = start(settings())
    exporter.reload(settings())
    assert told == []
    exporter.reload(replace(settings(), log=Log("debug")))
    assert told == [Log("debug")]


def names(clusters: Iterable[Cluster]) -> list[str]:
    return [cluster.name for cluster in clusters]


@pytest.mark.parametrize(
    ("after", "connected"),
    [
        (cluster(), False),
        (cluster(evaluation=Evaluation(window=60.0)), False),
        (cluster(granularity="group"), False),
        (cluster(bootstrap_servers=("k:2",)), True),
        (cluster(sasl=Sasl("PLAIN", "u", "p")), True),
        (cluster(groups=Filter()), True),
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
