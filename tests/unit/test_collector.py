"""Who collects, who waits, and what is published; a source of the test's own stands for faults and slowness."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from exporter.collector import INTERNAL_ERROR, LATE, Collector
from exporter.collector.collector import GRACE
from exporter.core.evaluation import EvaluationSettings
from exporter.core.model import Failure, GroupObservation, Observation
from exporter.core.report import Outcome
from exporter.settings import Cluster, Collection, Settings
from exporter.sources import ClusterUnavailable
from exporter.storage import HistoryFiles
from tests.support.serving import until

PATIENCE = 10.0


class Gate:
    """A source whose observations wait until the test lets them through."""

    def __init__(self, name: str = "c") -> None:
        self.name = name
        self.observations = 0
        self.members_refreshed = threading.Event()
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()
        self.open.set()
        self.failures: tuple[Failure, ...] = ()
        self.error: Exception | None = None
        self.timeouts: list[float] = []
        self.expected: list[tuple[set[str], dict[str, int]]] = []

    def observe(self, timeout: float) -> Observation:
        self.timeouts.append(timeout)
        self.observations += 1
        self.entered.release()
        if not self.open.wait(PATIENCE):
            raise AssertionError("the test never opened the gate")
        if self.error is not None:
            raise self.error
        return Observation(
            cluster=self.name,
            at=1_700_000_000_000 + self.observations * 30_000,
            groups={"g": GroupObservation("Stable", {"t": np.array([40 + self.observations])})},
            end_offsets={"t": np.array([100])},
            failures=self.failures,
        )

    def expect(self, groups: Iterable[str], topics: Mapping[str, int]) -> None:
        self.expected.append((set(groups), dict(topics)))

    def refresh_members(self, seen: Observation) -> None:
        self.members_refreshed.set()

    def close(self) -> None:
        self.open.set()


@contextmanager
def collecting(
    *sources: Gate, min_interval: float = 0.0, max_report_age: float = 120.0, clock: Callable[[], float] | None = None
) -> Iterator[Collector]:
    settings = Settings(
        clusters=tuple(Cluster(source.name, ("127.0.0.1:1",)) for source in sources),
        collection=Collection(min_interval=min_interval, max_report_age=max_report_age),
    )
    by_name = {source.name: source for source in sources}
    collector = Collector(settings, by_name, clock) if clock else Collector(settings, by_name)
    try:
        yield collector
    finally:
        collector.close()


def test_a_scrape_becomes_a_report() -> None:
    with collecting(Gate()) as collector:
        (outcome,) = collector.collect(PATIENCE)
    assert outcome.up
    assert outcome.report is not None
    assert outcome.report.groups["g"].total_lag == 59
    assert {"judge", "total"} <= outcome.report.stages.keys()


def test_fifty_scrapes_at_once_make_one_collection() -> None:
    gate = Gate()
    gate.open.clear()
    outcomes: list[Outcome] = []
    with collecting(gate, min_interval=60) as collector:
        scrapes = [threading.Thread(target=lambda: outcomes.extend(collector.collect(PATIENCE))) for _ in range(50)]
        for scrape in scrapes:
            scrape.start()
        assert gate.entered.acquire(timeout=PATIENCE)
        gate.open.set()
        for scrape in scrapes:
            scrape.join(PATIENCE)
    assert gate.observations == 1
    assert len(outcomes) == 50
    assert all(outcome is outcomes[0] for outcome in outcomes)


def test_a_report_younger_than_the_minimum_interval_is_served_again() -> None:
    now = [1000.0]
    gate = Gate()
    with collecting(gate, min_interval=5, clock=lambda: now[0]) as collector:
        (first,) = collector.collect(PATIENCE)
        now[0] += 4.9
        (again,) = collector.collect(PATIENCE)
        assert again is first
        now[0] += 0.2
        (second,) = collector.latest()
    assert second is not first
    assert gate.observations == 2


def test_a_collection_that_is_late_is_left_out_and_the_next_scrape_has_it() -> None:
    gate = Gate()
    gate.open.clear()
    with collecting(gate, min_interval=60) as collector:
        (late,) = collector.collect(0.05)
        assert (late.report, late.up) == (None, False)
        assert late.failures == (Failure("cluster", "c", LATE),)
        gate.open.set()
        (outcome,) = collector.collect(PATIENCE)
    assert outcome.up
    assert gate.observations == 1


def test_a_slow_cluster_shows_its_last_report_until_that_is_too_old() -> None:
    now = [1000.0]
    gate = Gate()
    with collecting(gate, max_report_age=120, clock=lambda: now[0]) as collector:
        (first,) = collector.collect(PATIENCE)
        gate.open.clear()
        now[0] += 119
        (late,) = collector.collect(0.05)
        assert (late.report, late.last_read) == (first.report, first.last_read)
        assert (late.up, late.failures) == (False, (Failure("cluster", "c", LATE),))
        now[0] += 2
        (outcome,) = collector.collect(0.05)
    assert outcome.report is None


def test_one_cluster_that_does_not_answer_leaves_the_others_alone() -> None:
    slow, well = Gate("slow"), Gate("well")
    slow.open.clear()
    with collecting(slow, well) as collector:
        first, second = collector.collect(0.2)
    assert (first.cluster, first.up) == ("slow", False)
    assert (second.cluster, second.up) == ("well", True)


def test_a_cluster_that_did_not_answer_last_time_is_not_waited_for_until_the_deadline() -> None:
    hole, well = Gate("hole"), Gate("well")
    hole.open.clear()
    with collecting(hole, well) as collector:
        collector.collect(0.05)
        for _ in range(2):
            # The hole would end with an error of the test's own before this deadline.
            late, good = collector.collect(PATIENCE)
            assert (late.up, [failure.reason for failure in late.failures]) == (False, [LATE])
            assert good.up
        hole.open.set()
        until(lambda: collector.collect(PATIENCE)[0].up)
    assert hole.observations <= well.observations


def test_a_cluster_that_was_down_is_waited_for_again_once_it_has_answered() -> None:
    gate = Gate()
    gate.error = ClusterUnavailable("timeout", "broker 1: no answer")
    with collecting(gate) as collector:
        collector.collect(PATIENCE)
        gate.error = None
        gate.open.clear()
        (down,) = collector.collect(PATIENCE)
        assert down.failures == (Failure("cluster", "c", "timeout"),)
        gate.open.set()
        until(lambda: collector.collect(PATIENCE)[0].up)
        gate.open.clear()
        threading.Timer(2 * GRACE, gate.open.set).start()
        (outcome,) = collector.collect(PATIENCE)
        assert outcome.up


def test_a_cluster_that_always_takes_too_long_is_shown_one_scrape_late_and_not_waited_for() -> None:
    now, gate = [1000.0], Gate()
    with collecting(gate, clock=lambda: now[0]) as collector:
        for _ in range(3):
            gate.open.clear()
            (late,) = collector.collect(0.05)
            now[0] += 1
            gate.open.set()
            assert gate.members_refreshed.wait(PATIENCE)
            gate.members_refreshed.clear()
        assert (late.up, late.report is not None) == (False, True)


def test_a_collection_that_hangs_is_told_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate()
    with collecting(gate) as collector, caplog.at_level(logging.INFO):
        collector.collect(PATIENCE)
        gate.open.clear()
        for _ in range(3):
            collector.collect(0.05)
        gate.open.set()
        until(lambda: collector.collect(PATIENCE)[0].up)
        collector.collect(PATIENCE)
    messages = [record.getMessage().partition(" after ")[0] for record in caplog.records]
    assert messages == ["the collection of cluster c has not ended", "collections of cluster c end in time again"]


def test_an_unforeseen_error_at_every_scrape_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate()
    with collecting(gate) as collector:
        for error in (ZeroDivisionError("one"), ZeroDivisionError("one"), ZeroDivisionError("another")):
            gate.error = error
            collector.collect(PATIENCE)
    assert [str(record.exc_info and record.exc_info[1]) for record in caplog.records] == ["one", "another"]


def test_an_error_after_every_collection_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Gate):
        refreshed = 0

        def refresh_members(self, seen: Observation) -> None:
            super().refresh_members(seen)
            self.refreshed += 1
            raise ZeroDivisionError("unforeseen")

    gate = Broken()
    with collecting(gate) as collector:
        # A collection whose predecessor's work has not ended is followed by none.
        until(lambda: bool(collector.collect(PATIENCE)) and gate.refreshed >= 3)
    assert len(caplog.records) == 1


def test_a_scrape_of_one_cluster_leaves_the_others_alone() -> None:
    wanted, other = Gate("wanted"), Gate("other")
    with collecting(other, wanted) as collector:
        outcomes = collector.collect(PATIENCE, "wanted")
        assert collector.collect(PATIENCE, "unknown") == ()
    assert [outcome.cluster for outcome in outcomes] == ["wanted"]
    assert (wanted.observations, other.observations) == (1, 0)


def test_a_cluster_that_is_asked_for_alone_is_waited_for_until_the_deadline_even_if_it_was_late() -> None:
    gate = Gate()
    with collecting(gate) as collector:
        gate.open.clear()
        collector.collect(0.05, "c")
        threading.Timer(2 * GRACE, gate.open.set).start()
        (outcome,) = collector.collect(PATIENCE, "c")
    assert outcome.up


def test_an_unavailable_cluster_shows_nothing_of_yesterday(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate()
    with collecting(gate) as collector, caplog.at_level(logging.INFO):
        (known,) = collector.collect(PATIENCE)
        gate.error = ClusterUnavailable("timeout", "broker 1: no answer")
        for _ in range(3):
            (outcome,) = collector.collect(PATIENCE)
        gate.error = None
        (well,) = collector.collect(PATIENCE)
    assert (outcome.report, outcome.up) == (None, False)
    assert outcome.failures == (Failure("cluster", "c", "timeout"),)
    assert known.report is not None
    assert outcome.last_read == known.report.at
    assert well.up
    assert [record.getMessage() for record in caplog.records] == [
        "cluster c cannot be read: broker 1: no answer",
        "all of cluster c can be read again",
    ]


def test_of_a_cluster_that_stays_away_each_reason_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate()
    refused, silent = ClusterUnavailable("connection", "refused"), ClusterUnavailable("timeout", "no answer")
    with collecting(gate) as collector, caplog.at_level(logging.INFO):
        for error in (silent, refused, silent, refused, None, silent):
            gate.error = error
            collector.collect(PATIENCE)
    assert [record.getMessage() for record in caplog.records] == [
        "cluster c cannot be read: no answer",
        "cluster c cannot be read: refused",
        "all of cluster c can be read again",
        "cluster c cannot be read: no answer",
    ]


def test_an_unforeseen_error_is_logged_with_its_traceback_and_the_next_scrape_tries_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gate = Gate()
    gate.error = ZeroDivisionError("unforeseen")
    with collecting(gate) as collector:
        (outcome,) = collector.collect(PATIENCE)
        gate.error = None
        (well,) = collector.collect(PATIENCE)
    assert outcome.failures == (Failure("cluster", "c", INTERNAL_ERROR),)
    assert well.up
    (record,) = caplog.records
    assert record.exc_info is not None


def test_a_failure_keeps_the_history(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate()
    with collecting(gate) as collector:
        for _ in range(3):
            collector.collect(PATIENCE)
        gate.error = ClusterUnavailable("timeout", "gone")
        collector.collect(PATIENCE)
        gate.error = None
        (outcome,) = collector.collect(PATIENCE)
    assert outcome.report is not None
    assert outcome.report.history.commits.windows.count.tolist() == [4]


def test_missing_parts_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate()
    gate.failures = (
        *(Failure("group", name, "timeout") for name in "abcd"),
        Failure("partition", "orders/7", "no_leader"),
    )
    with collecting(gate) as collector, caplog.at_level(logging.INFO):
        for _ in range(3):
            (outcome,) = collector.collect(PATIENCE)
    assert outcome.up
    assert outcome.failures == gate.failures
    messages = [record.getMessage() for record in caplog.records]
    assert messages == [
        "cluster c was read in part; missing: 4 group timeout (a, b, c, ...), 1 partition no_leader (orders/7)"
    ]


def test_members_are_refreshed_after_the_report_is_out() -> None:
    class SlowMembers(Gate):
        def expect(self, groups: Iterable[str], topics: Mapping[str, int]) -> None:
            pass

        def refresh_members(self, seen: Observation) -> None:
            assert published.wait(PATIENCE)
            super().refresh_members(seen)

    published = threading.Event()
    gate = SlowMembers()
    with collecting(gate) as collector:
        (outcome,) = collector.collect(PATIENCE)
        assert outcome.up
        assert not gate.members_refreshed.is_set()
        published.set()
        assert gate.members_refreshed.wait(PATIENCE)


def test_closing_wakes_a_scrape_that_waits() -> None:
    gate = Gate()
    gate.open.clear()
    gate.close = lambda: None  # type: ignore[method-assign]
    outcomes: list[Outcome] = []
    with collecting(gate) as collector:
        scrape = threading.Thread(target=lambda: outcomes.extend(collector.collect(PATIENCE)))
        scrape.start()
        assert gate.entered.acquire(timeout=PATIENCE)
    scrape.join(PATIENCE)
    gate.open.set()
    assert [outcome.up for outcome in outcomes] == [False]


def test_the_scrapers_timeout_reaches_the_source() -> None:
    gate = Gate()
    with collecting(gate) as collector:
        collector.collect(7.5)
    assert gate.timeouts == [7.5]


def test_the_history_is_stored_after_a_collection_and_not_only_at_the_end(tmp_path: Path) -> None:
    gate, storage = Gate(), HistoryFiles(tmp_path)
    collector = Collector(Settings(clusters=(Cluster("c", ("127.0.0.1:1",)),)), {"c": gate}, storage=storage)
    try:
        (outcome,) = collector.collect(PATIENCE)
        until(lambda: bool(storage.load("c", EvaluationSettings()).timeline.times))
    finally:
        collector.close()
    assert outcome.report is not None
    assert storage.load("c", EvaluationSettings()).timeline.times == (outcome.report.at,)


def test_a_new_source_is_told_what_the_history_holds_before_its_first_observation(tmp_path: Path) -> None:
    storage = HistoryFiles(tmp_path)
    settings = Settings(clusters=(Cluster("c", ("127.0.0.1:1",)),), collection=Collection(min_interval=0))
    first, second = Gate(), Gate()
    for source in (first, second):
        collector = Collector(settings, {"c": source}, storage=storage)
        collector.collect(PATIENCE)
        collector.collect(PATIENCE)
        collector.close()
    assert first.expected == [(set(), {})]
    assert second.expected == [({"g"}, {"t": 1})]


def test_where_no_thread_can_be_started_the_cluster_is_down_and_the_next_scrape_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = Gate()
    with collecting(source) as collector:
        with monkeypatch.context() as exhausted:
            exhausted.setattr(threading.Thread, "start", _no_thread)
            (outcome,) = collector.collect(PATIENCE)
        assert (outcome.up, outcome.report, [failure.reason for failure in outcome.failures]) == (
            False,
            None,
            ["resources"],
        )
        (outcome,) = collector.collect(PATIENCE)
        assert outcome.up


def _no_thread(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")
