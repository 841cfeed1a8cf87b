"""The collector with other settings: which histories, sources and reports go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from exporter.collector import Collector
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import capacity
from exporter.core.report import Outcome
from exporter.settings import Collection, Settings
from tests.support.reloading import Source, cluster, settings
from tests.support.serving import PATIENCE


@pytest.fixture(autouse=True)
def _anew() -> None:
    Source.seen = {}


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
        after = collector.reconfigured(settings(cluster(evaluation=EvaluationSettings(allowed_lag=5))), {})
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
        other = EvaluationSettings(window=window, patience=window)
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
        other = replace(of, clusters=(cluster(evaluation=EvaluationSettings(allowed_lag=5)),))
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
