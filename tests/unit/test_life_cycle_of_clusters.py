"""What becomes of clusters and histories: a test for each row about them of the table in docs/history.md."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from exporter import clock
from exporter.collector import LATE, Collector
from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import History, empty, forget
from exporter.core.model import Observation, Status
from exporter.core.report import Outcome, Report
from exporter.settings import Cluster, Collection, Settings
from exporter.sources import ClusterUnavailable
from exporter.storage import SUFFIX, HistoryFiles
from tests.support.life_cycle import WINDOW, healthy, status_of, young
from tests.support.observations import folded, group, observation, statuses, window
from tests.support.played_source import PlayedSource


def judged_after(history: History, seen: Observation) -> Report:
    return advance(history, seen, EvaluationSettings())[1]


def collected(answers: Sequence[Observation | Exception], storage: HistoryFiles | None = None) -> list[Outcome]:
    """What each scrape showed of a source that gave these answers, one after the other."""
    settings = Settings(clusters=(Cluster("c", ("127.0.0.1:1",)),), collection=Collection(min_interval=0.0))
    collector = Collector(settings, {"c": PlayedSource(answers)}, storage=storage)
    try:
        return [collector.collect(30.0)[0] for _ in answers]
    finally:
        collector.close()


def test_a_cluster_cannot_be_reached() -> None:
    answers: list[Observation | Exception] = [healthy(at) for at in WINDOW]
    answers += [ClusterUnavailable("connection", "nobody answers")] * 3
    answers += [healthy(600)]

    outcomes = collected(answers)

    assert [outcome.up for outcome in outcomes] == [True] * 7 + [False] * 3 + [True]
    assert all(outcome.report is None and outcome.failures[0].reason == "connection" for outcome in outcomes[7:10])
    last = outcomes[-1].report
    assert last is not None
    assert (status_of(last), last.groups["g"].complete) == (Status.OK, 1.0)


def test_a_collection_is_late() -> None:
    answers = threading.Event()

    class Slow(PlayedSource):
        def observe(self, timeout: float) -> Observation:
            assert answers.wait(30.0)
            return super().observe(timeout)

    answers.set()
    settings = Settings(clusters=(Cluster("c", ("127.0.0.1:1",)),), collection=Collection(min_interval=0.0))
    collector = Collector(settings, {"c": Slow([healthy(at) for at in (0, 30)])})
    try:
        (known,) = collector.collect(30.0)
        answers.clear()
        (late,) = collector.collect(0.05)
        answers.set()
    finally:
        collector.close()
    assert (late.report, late.up) == (known.report, False)
    assert [failure.reason for failure in late.failures] == [LATE]


def test_a_cluster_is_renamed(tmp_path: Path) -> None:
    storage = HistoryFiles(tmp_path)
    storage.save("before", folded([healthy(at) for at in WINDOW]))

    assert storage.load("after", EvaluationSettings()).topics.rows == 0
    (file,) = tmp_path.iterdir()
    assert file.name == f"before{SUFFIX}"
    file.rename(tmp_path / f"after{SUFFIX}")
    assert judged_after(storage.load("after", EvaluationSettings()), healthy(210)).groups["g"].complete == 1.0


def test_the_exporter_restarts(tmp_path: Path) -> None:
    before = [healthy(at) for at in WINDOW]
    collected(before, HistoryFiles(tmp_path))

    (kept,) = collected([healthy(210)], HistoryFiles(tmp_path))
    (lost,) = collected([healthy(210)])

    assert kept.report is not None
    assert lost.report is not None
    assert (kept.report.groups["g"].complete, young(lost.report)) == (1.0, True)


def test_the_exporter_is_away_for_long(tmp_path: Path) -> None:
    def seen(at: int) -> Observation:
        groups = {
            "alive": group({"t": [1000 + at - 5]}),
            "dead": group({"t": [700]}, state="Empty", protocol="consumer"),
        }
        return observation(at, groups, {"t": [1000 + at]})

    HistoryFiles(tmp_path).save("c", folded([seen(at) for at in WINDOW]))

    found = judged_after(HistoryFiles(tmp_path).load("c", EvaluationSettings()), seen(7200))

    assert (statuses(found, "alive"), statuses(found, "dead")) == ([Status.OK], [Status.STOP])


def test_the_settings_change(tmp_path: Path) -> None:
    before = [healthy(at) for at in WINDOW]
    HistoryFiles(tmp_path).save("c", folded(before))
    longer = EvaluationSettings(window=600.0)

    after = HistoryFiles(tmp_path).load("c", longer)
    seen = healthy(210)
    found = advance(after, seen, longer)[1]

    assert window(after) == window(folded(before))
    assert found.columns.verdicts.complete.tolist() == [pytest.approx(210 / 600)]


def test_the_clock_is_set_to_another_time(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = iter([0.0] * len(WINDOW) + [3600.0, -3600.0])
    current = [0.0]

    class Stepping(PlayedSource):
        def observe(self, timeout: float) -> Observation:
            current[0] = next(steps)
            return super().observe(timeout)

    monkeypatch.setattr(clock, "step", lambda: current[0])
    settings = Settings(clusters=(Cluster("c", ("127.0.0.1:1",)),), collection=Collection(min_interval=0.0))
    seen = [healthy(at) for at in (*WINDOW, 210, 240)]
    collector = Collector(settings, {"c": Stepping(seen)})
    try:
        outcomes = [collector.collect(30.0)[0] for _ in seen]
    finally:
        collector.close()

    reports = [outcome.report for outcome in outcomes if outcome.report is not None]
    assert [report.at - one.at for report, one in zip(reports, seen, strict=True)][-2:] == [3_600_000, -3_600_000]
    assert [report.groups["g"].complete for report in reports[-3:]] == [1.0, 1.0, 1.0]
    assert [outcome.last_read for outcome in outcomes] == [one.at for one in seen]


def test_the_clock_goes_back_while_the_exporter_is_away(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    ahead = [replace(healthy(at), at=healthy(7000 + at).at) for at in WINDOW]
    HistoryFiles(tmp_path).save("c", folded(ahead))

    with caplog.at_level(logging.WARNING):
        (back,) = collected([healthy(210)], HistoryFiles(tmp_path))

    assert back.report is not None
    assert back.report.groups["g"].complete == 1.0
    assert max(back.report.history.timeline.times) == back.report.at
    assert "is 6970 s ahead of the clock; it is taken to have ended just now" in caplog.text


def test_a_file_is_damaged_or_foreign(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / f"c{SUFFIX}").write_bytes(b"something else")

    with caplog.at_level(logging.WARNING):
        assert HistoryFiles(tmp_path).load("c", EvaluationSettings()).topics.rows == 0

    (aside,) = tmp_path.iterdir()
    assert aside.name.startswith(f"c{SUFFIX}.damaged-")
    assert aside.read_bytes() == b"something else"
    assert str(aside) in caplog.text


def test_a_group_is_forgotten_on_request() -> None:
    seen = [observation(at, {"g": group({"t": [10]}), "h": group({"t": [20]})}, {"t": [50 + at]}) for at in WINDOW]
    history = empty(EvaluationSettings())
    for each in seen:
        history, _ = advance(history, each, EvaluationSettings())

    found = judged_after(forget(history, "g"), observation(210, seen[-1].groups, {"t": [260]}))

    assert (young(found, "g"), found.groups["h"].complete) == (True, 1.0)
