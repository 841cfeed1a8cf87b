"""The journal beside a history's file: what came since that was written is there after a restart."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import History, empty, forget
from exporter.core.model import NO_OFFSET, NOT_READ, Failure, GroupObservation, Members, Observation, Owner
from exporter.storage import JOURNAL_SUFFIX, MIN_INTERVAL, SUFFIX, WHOLE_SECONDS, HistoryFiles
from exporter.storage.observation_chain import decoded, encoded
from tests.unit.test_storage import columns, seen

SETTINGS = EvaluationSettings()


class Exporter:
    """A history that is written at each of its observations; they are MIN_INTERVAL apart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.history = empty(SETTINGS)
        self._now = 1000.0
        self._storage = HistoryFiles(folder, clock=lambda: self._now)

    def observe(self, observations: Iterable[Observation], *, apart: float = MIN_INTERVAL) -> None:
        for observation in observations:
            self._now += apart
            before = self.history
            self.history, _ = advance(before, observation, SETTINGS)
            self._storage.follow("c", before, observation, self.history)
            self._storage.save_if_due("c", self.history)

    def restarted(self) -> History:
        return HistoryFiles(self.folder).load("c", SETTINGS)

    @property
    def file(self) -> bytes:
        return (self.folder / f"c{SUFFIX}").read_bytes()

    @property
    def journal(self) -> Path:
        return self.folder / f"c{JOURNAL_SUFFIX}"


def test_what_came_after_the_file_is_in_the_journal(tmp_path: Path) -> None:
    exporter = Exporter(tmp_path)
    exporter.observe(map(seen, range(1)))
    file = exporter.file
    for step in range(1, 10):
        exporter.observe([seen(step)])
        assert columns(exporter.restarted()) == columns(exporter.history)
    assert exporter.file == file, "it is written once"


def test_the_file_is_written_again_before_the_journal_becomes_too_long(tmp_path: Path) -> None:
    exporter = Exporter(tmp_path)
    exporter.observe(map(seen, range(5)))
    file, journal = exporter.file, len(exporter.journal.read_bytes())
    exporter.observe([seen(5)], apart=WHOLE_SECONDS)
    assert exporter.file != file
    assert columns(exporter.restarted()) == columns(exporter.history)
    exporter.observe([seen(6)])
    assert len(exporter.journal.read_bytes()) < journal
    assert columns(exporter.restarted()) == columns(exporter.history)


def test_observations_between_two_writes_are_written_together(tmp_path: Path) -> None:
    exporter = Exporter(tmp_path)
    exporter.observe(map(seen, range(5)))
    journal = exporter.journal.read_bytes()
    exporter.observe(map(seen, range(5, 8)), apart=MIN_INTERVAL / 4)
    assert exporter.journal.read_bytes() == journal
    exporter.observe([seen(8)])
    assert columns(exporter.restarted()) == columns(exporter.history)


def test_a_journal_that_ends_anywhere_is_read_up_to_its_last_whole_entry(tmp_path: Path) -> None:
    exporter = Exporter(tmp_path)
    exporter.observe(map(seen, range(6)))
    whole = exporter.journal.read_bytes()
    newest = []
    for end in range(0, len(whole) + 1, 7):
        exporter.journal.write_bytes(whole[:end])
        newest.append(exporter.restarted().observed_at)
    assert newest == sorted(newest)
    assert set(newest) == {seen(step).at for step in range(5)} | ({seen(5).at} if len(whole) % 7 == 0 else set())


@pytest.mark.parametrize("position", [3, 60, 200, -1])
def test_changed_bytes_end_the_journal_there(tmp_path: Path, position: int) -> None:
    exporter = Exporter(tmp_path)
    exporter.observe(map(seen, range(6)))
    changed = bytearray(exporter.journal.read_bytes())
    changed[position] ^= 0x55
    exporter.journal.write_bytes(changed)
    after, expected = exporter.restarted(), empty(SETTINGS)
    for step in range(6):
        expected, _ = advance(expected, seen(step), SETTINGS)
        if expected.observed_at == after.observed_at:
            break
    assert step < 5
    assert columns(after) == columns(expected)


def test_the_journal_of_a_file_that_was_replaced_is_not_read(tmp_path: Path) -> None:
    exporter = Exporter(tmp_path)
    exporter.observe(map(seen, range(5)))
    journal = exporter.journal.read_bytes()
    exporter.observe([seen(5)], apart=WHOLE_SECONDS)
    # The machine stopped after the new file had its name, and before the new journal was begun.
    exporter.journal.write_bytes(journal)
    assert columns(exporter.restarted()) == columns(exporter.history)


def test_a_history_that_changed_without_an_observation_is_written_whole(tmp_path: Path) -> None:
    exporter = Exporter(tmp_path)
    exporter.observe(map(seen, range(5)))
    file = exporter.file
    exporter.history = forget(exporter.history, "plain")
    exporter.observe(map(seen, range(5, 7)))
    assert exporter.file != file
    assert columns(exporter.restarted()) == columns(exporter.history)


def test_a_journal_that_cannot_be_written_is_told_and_followed_by_a_whole_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    exporter = Exporter(tmp_path)
    exporter.observe(map(seen, range(5)))
    exporter.journal.unlink()
    exporter.journal.mkdir()
    with caplog.at_level(logging.INFO):
        exporter.observe([seen(5)])
        exporter.journal.rmdir()
        exporter.observe([seen(6)])
    first, second = (record.getMessage() for record in caplog.records)
    assert "was not written" in first
    assert second == "history of cluster c is written again"
    assert columns(exporter.restarted()) == columns(exporter.history)


def everything() -> list[Observation]:
    """Groups, topics, members and failures that come and go; offsets of every size."""
    first = seen(0)
    plain = GroupObservation("Stable", {"t": np.array([5, NO_OFFSET]), "u": np.array([2**62])}, type="classic")
    unknown = Members(2, None, "generation")
    timed = GroupObservation("Empty", {"t": np.array([1, 2])}, {"t": np.array([first.at, first.at])})
    changes = [
        {"groups": {"plain": plain}},
        {"groups": {"plain": replace(plain, commits={"t": np.array([NOT_READ, 7])}, members=unknown)}},
        {"groups": {"plain": replace(plain, state="Empty", members=Members(0, {}, 4)), "timed": timed}},
        {"unread_groups": frozenset({"plain"}), "failures": (Failure("broker", "1", "timeout"),)},
        {"end_offsets": {"t": np.array([9, NOT_READ, 3])}, "start_offsets": {"t": np.array([1, 2, 3])}},
        {"stable_offsets": {"u": np.array([4])}, "committed_readers": frozenset({"plain"})},
        {"topic_ids": {"t": "another"}},
        {"groups": {}, "end_offsets": {}},
    ]
    return [
        replace(seen(step), **change) if change is not None else seen(step)
        for step, change in enumerate([None, *changes, None])
    ]


def test_what_is_learnt_from_the_messages_is_what_the_observations_teach() -> None:
    history = again = empty(SETTINGS)
    before: Observation | None = None
    read: Observation | None = None
    for observation in everything():
        read = decoded(encoded(observation, before), read)
        before = observation
        history, report = advance(history, observation, SETTINGS)
        again, repeated = advance(again, read, SETTINGS)
        assert columns(again) == columns(history)
        assert again.waiting == history.waiting
        assert [(group.name, group.worst) for group in repeated.groups.values()] == [
            (group.name, group.worst) for group in report.groups.values()
        ]


def test_a_day_of_100_000_partitions_takes_less_than_5_gb(tmp_path: Path) -> None:
    groups, partitions, scale = 20, 100, 50
    moves = np.random.default_rng(1)
    commits = moves.integers(10**6, 10**9, (groups, partitions))
    owners = {number: Owner(f"client-{number % 7}", "/10.0.0.1") for number in range(partitions)}
    exporter, written = Exporter(tmp_path), []
    for step in range(15):
        commits = commits + moves.integers(0, 3000, commits.shape)
        exporter.observe(
            [
                replace(
                    seen(step),
                    groups={
                        f"group-{number}": GroupObservation(
                            "Stable", {f"topic-{number}": commits[number]}, members=Members(7, {"t": owners}, "x")
                        )
                        for number in range(groups)
                    },
                    end_offsets={f"topic-{number}": commits[number] + 100 for number in range(groups)},
                    start_offsets={f"topic-{number}": commits[number] // 2 for number in range(groups)},
                )
            ]
        )
        written.append(exporter.journal.stat().st_size if exporter.journal.exists() else 0)
    exporter.observe([seen(15)], apart=WHOLE_SECONDS)
    day, entry = 86_400, max(np.diff(written))
    assert scale * (len(exporter.file) * day / WHOLE_SECONDS + entry * day / MIN_INTERVAL) < 5e9
