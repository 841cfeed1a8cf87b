"""The retained history on disk: the same after a restart, whole or put aside, never half."""

from __future__ import annotations

import io
import json
import logging
import os
import struct
import zipfile
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import History, empty
from exporter.core.model import GroupObservation, Members, Observation, Owner
from exporter.core.report import Report
from exporter.core.rhythm import Rhythm
from exporter.core.rules import Rule
from exporter.recording import verdict_lines
from exporter.storage import MIN_INTERVAL, SUFFIX, Damaged, HistoryFiles, columns_of, history_of, read, write

SETTINGS = EvaluationSettings()
START = 1_700_000_000_000
NAMES = ("plain", 'a "quoted"/slashed\\ ünï\n群')


def seen(step: int) -> Observation:
    """Groups 30 s after the step before: one keeps up, one is stuck and has left a topic, one is dead."""
    end = 1000 + 10 * step
    here = Members(1, {"t": {0: Owner("me", "/127.0.0.1")}})
    return Observation(
        cluster="c",
        at=START + step * 30_000,
        groups={
            NAMES[0]: GroupObservation("Stable", {"t": np.array([end, end - 5])}),
            NAMES[1]: GroupObservation(
                "Stable", {"t": np.array([700, 700]), "u": np.array([3])}, protocol="consumer", members=here
            ),
            "dead": GroupObservation("Empty", {"t": np.array([500, -1])}, protocol="consumer"),
        },
        end_offsets={"t": np.array([end, end]), "u": np.array([3 + step])},
        topic_ids={"t": "id-of-t", "u": "id-of-u"},
    )


def folded(steps: range, settings: EvaluationSettings = SETTINGS) -> History:
    history = empty(settings)
    for step in steps:
        history, _ = advance(history, seen(step), settings)
    return history


def judged(history: History, step: int) -> tuple[Report, list[str]]:
    found = advance(history, seen(step), SETTINGS)[1]
    return found, list(verdict_lines(found))


def columns(history: History) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """All that is kept, to the bit: a lag in seconds that is not known is not equal to itself."""
    return {name: (str(array.dtype), array.shape, array.tobytes()) for name, array in columns_of(history).items()}


def test_the_first_verdicts_after_a_restart_are_those_without_one(tmp_path: Path) -> None:
    before = folded(range(12))
    HistoryFiles(tmp_path).save("c", before)
    after = HistoryFiles(tmp_path).load("c", SETTINGS)
    assert columns(after) == columns(before)
    with_restart, lines = judged(after, 12)
    without, expected = judged(before, 12)
    assert lines == expected
    assert with_restart.columns.lag_seconds.tolist() == without.columns.lag_seconds.tolist()
    assert [g.catch_up_seconds for g in with_restart.groups.values()] == [
        g.catch_up_seconds for g in without.groups.values()
    ]


def test_rebalances_go_on_being_counted_after_a_restart(tmp_path: Path) -> None:
    def rebalanced(history: History, epoch: int, state: str) -> History:
        members = Members(1, {}, epoch)
        groups = {
            "consumer": GroupObservation("Stable", {}, type="consumer", members=members),
            "classic": GroupObservation(state, {}, type="classic", members=Members(1, {}, "a")),
            "new": GroupObservation("Stable", {}, type="classic"),
        }
        return advance(history, Observation("c", START, groups, {}), SETTINGS)[0]

    before = rebalanced(rebalanced(empty(SETTINGS), 3, "Stable"), 4, "PreparingRebalance")
    HistoryFiles(tmp_path).save("c", before)
    loaded = HistoryFiles(tmp_path).load("c", SETTINGS)
    assert loaded.rebalances == before.rebalances
    after = rebalanced(loaded, 9, "CompletingRebalance")
    assert {name: known.count for name, known in after.rebalances.items()} == {"consumer": 6, "classic": 1, "new": 0}


def test_a_file_from_before_rebalances_unhealthy_groups_and_losses_were_kept_is_read(tmp_path: Path) -> None:
    about = json.loads(bytes(columns_of(folded(range(3)))["about"]))
    del about["rebalances"], about["last_unhealthy"], about["lost_records"]
    read = history_of(about, columns_of(folded(range(3))))
    assert (read.rebalances, read.last_unhealthy, read.lost_records) == ({}, {}, {})


def test_lost_records_go_on_being_counted_after_a_restart(tmp_path: Path) -> None:
    HistoryFiles(tmp_path).save("c", replace(folded(range(3)), lost_records={"g": 40}))
    assert HistoryFiles(tmp_path).load("c", SETTINGS).lost_records == {"g": 40}


def test_which_groups_were_unhealthy_lately_is_known_after_a_restart(tmp_path: Path) -> None:
    history = empty(SETTINGS)
    for number, commit in enumerate([50, 20, 60]):
        groups = {"g": GroupObservation("Stable", {"t": np.array([commit])})}
        seen = Observation("c", START + number * 30_000, groups, {"t": np.array([60])})
        history, _ = advance(history, seen, SETTINGS)
    HistoryFiles(tmp_path).save("c", history)
    assert HistoryFiles(tmp_path).load("c", SETTINGS).last_unhealthy == {"g": START + 30_000}


def test_a_topic_that_was_left_stays_so_before_the_members_are_known_again(tmp_path: Path) -> None:
    HistoryFiles(tmp_path).save("c", folded(range(12)))
    after = HistoryFiles(tmp_path).load("c", SETTINGS)
    strangers = seen(12)
    for name, group in strangers.groups.items():
        nobody_described = GroupObservation(group.state, group.commits, protocol=group.protocol)
        strangers = Observation(
            **{
                **{field: getattr(strangers, field) for field in Observation.__slots__},
                "groups": {**strangers.groups, name: nobody_described},
            }
        )
    found = advance(after, strangers, SETTINGS)[1]
    rows = found.groups[NAMES[1]].topics["u"]
    assert [int(status) for status in found.columns.verdicts.status[rows]] == [4]


def test_an_alive_group_is_not_stopped_because_the_exporter_slept(tmp_path: Path) -> None:
    HistoryFiles(tmp_path).save("c", folded(range(12)))
    after = HistoryFiles(tmp_path).load("c", SETTINGS)
    found, _ = judged(after, 12 + 240)  # two hours later
    assert found.groups[NAMES[0]].status == 1
    assert found.groups["dead"].status == 3


def paced(seconds: range) -> list[Observation]:
    """A consumer that commits every 5 min, and one that always comes to rest one marker before the end."""
    return [
        Observation(
            cluster="c",
            at=START + at * 1000,
            groups={
                "paced": GroupObservation("Stable", {"t": np.array([at // 300 * 300])}, protocol="consumer"),
                "at-markers": GroupObservation("Stable", {"u": np.array([10 * (at // 300) - 1])}, protocol="consumer"),
            },
            end_offsets={"t": np.array([at]), "u": np.array([10 * (at // 300)])},
        )
        for at in seconds
    ]


def statuses(history: History, run: list[Observation]) -> list[tuple[str, str]]:
    found = []
    for each in run:
        history, report = advance(history, each, SETTINGS)
        found += [
            (name, partition.reason().rule) for name, g in report.groups.items() for partition in report.partitions(g)
        ]
    return found


def test_what_was_learnt_of_a_consumer_survives_a_restart(tmp_path: Path) -> None:
    before = empty(SETTINGS)
    for each in paced(range(300, 7201, 30)):
        before, _ = advance(before, each, SETTINGS)
    HistoryFiles(tmp_path).save("c", before)
    after = HistoryFiles(tmp_path).load("c", SETTINGS)

    for learnt in (after.commits.rhythm, after.commits.resting):
        of_before = before.commits.rhythm if isinstance(learnt, Rhythm) else before.commits.resting
        for field in fields(learnt):
            assert np.array_equal(getattr(learnt, field.name), getattr(of_before, field.name)), field.name
    assert after.commits.rhythm.longest.max() > 200
    assert after.commits.resting.rests.max() > 0
    # From now on it does not commit any more: that is a stall because its pace is known.
    silent = [
        replace(each, groups={name: replace(paced(range(7200, 7201))[0].groups[name]) for name in each.groups})
        for each in paced(range(7230, 9001, 30))
    ]
    assert statuses(after, silent) == statuses(before, silent)
    rules = dict(statuses(after, silent))
    assert rules["paced"] == Rule.STALLED
    assert dict(statuses(after, paced(range(7230, 7261, 30))))["at-markers"] == Rule.AT_MARKERS
    forgotten = dict(statuses(empty(SETTINGS), silent))
    assert forgotten["paced"] == Rule.PAUSING


def test_a_file_of_the_previous_format_is_put_aside_and_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    arrays = columns_of(folded(range(5)))
    about = json.loads(arrays["about"].tobytes()) | {"format": 1}
    learnt = ("rhythm_", "resting_")
    with (tmp_path / f"c{SUFFIX}").open("wb") as file:
        np.savez(
            file,
            **{name: array for name, array in arrays.items() if name != "about" and not name.startswith(learnt)},
            about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
        )

    with caplog.at_level(logging.WARNING):
        assert HistoryFiles(tmp_path).load("c", SETTINGS).topics.rows == 0

    (aside,) = tmp_path.iterdir()
    (line,) = caplog.messages
    assert line.startswith("history of cluster c starts empty; file renamed to ")
    assert str(aside) in line
    assert "format 2" in line


def test_there_is_nothing_to_load_before_something_is_saved(tmp_path: Path) -> None:
    assert HistoryFiles(tmp_path / "never").load("c", SETTINGS).topics.rows == 0
    assert not (tmp_path / "never").exists()


def test_each_cluster_has_its_own_file_whatever_its_name(tmp_path: Path) -> None:
    storage = HistoryFiles(tmp_path / "made" / "here")
    for name in ("a/b", "a b", "..", "群"):
        storage.save(name, folded(range(1)))
    assert len(list((tmp_path / "made" / "here").iterdir())) == 4
    assert storage.load("..", SETTINGS).topics.keys == ("t", "u")


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    """With a byte of the largest array changed; what the archive says between its arrays, readers do not look at."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        largest = max(archive.infolist(), key=lambda entry: entry.compress_size)
    start = data.index(b"PK\x03\x04", largest.header_offset)
    name, extra = struct.unpack("<HH", data[start + 26 : start + 30])
    place = start + 30 + name + extra + largest.compress_size // 2
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


def locked(data: bytes) -> bytes:
    """With the bit set that says that an array is encrypted."""
    flags = data.rindex(b"PK\x01\x02") + 8
    return data[:flags] + bytes([data[flags] | 1]) + data[flags + 1 :]


@pytest.mark.parametrize(
    "damage",
    [truncated, flipped, locked, lambda _: b"", lambda _: b"something else altogether", lambda data: data[:-1]],
    ids=["truncated", "a byte flipped", "a bit flipped", "empty", "foreign", "its last byte lost"],
)
def test_a_damaged_file_is_put_aside_and_told(
    tmp_path: Path, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    storage = HistoryFiles(tmp_path)
    storage.save("c", folded(range(5)))
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert storage.load("c", SETTINGS).topics.rows == 0
    (aside,) = tmp_path.iterdir()
    assert aside.name.startswith(f"c{SUFFIX}.damaged-")
    assert str(aside) in caplog.text
    storage.save("c", folded(range(5)))
    assert storage.load("c", SETTINGS).topics.rows == 3


def test_every_byte_of_a_file_counts(tmp_path: Path) -> None:
    path = tmp_path / "history.npz"
    history = folded(range(3))
    write(path, history)
    whole, expected = path.read_bytes(), columns(history)
    for position in range(0, len(whole), 97):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :])
        try:
            found = read(path)
        except Damaged:
            continue
        # A byte that nobody reads (a time stamp in the zip) may change; what is read may not.
        assert columns(found) == expected, f"byte {position}"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("commit_offset", lambda array: array[:-1]),
        ("commit_offset", lambda array: array.astype(np.int32)),
        ("commit_count", lambda array: array + 100),
        ("end_time", lambda array: array[:, :-1]),
        ("timeline_offset", lambda array: array[:-1]),
        ("commit_assigned", lambda array: array.astype(np.int64)),
        ("about", lambda _: np.frombuffer(b'{"format": 2}', dtype=np.uint8)),
        ("about", lambda _: np.frombuffer(b"[]", dtype=np.uint8)),
        ("about", lambda _: np.frombuffer(b"\xff", dtype=np.uint8)),
    ],
)
def test_arrays_that_do_not_fit_each_other_are_refused(
    tmp_path: Path, name: str, change: Callable[[np.ndarray], np.ndarray]
) -> None:
    arrays = columns_of(folded(range(3)))
    path = tmp_path / "history.npz"
    np.savez(path, **{**arrays, name: change(arrays[name])})
    with pytest.raises(Damaged):
        read(path)


def test_windows_of_another_capacity_keep_their_newest_entries(tmp_path: Path) -> None:
    before = folded(range(20), settings=EvaluationSettings(intervals=20))
    storage = HistoryFiles(tmp_path)
    storage.save("c", before)
    for intervals in (14, 30):
        settings = EvaluationSettings(intervals=intervals)
        after = storage.load("c", settings)
        kept = min(intervals, int(before.commits.windows.count[0]))
        assert after.commits.windows.capacity == after.ends.capacity == intervals
        assert after.commits.windows.offset[0, -kept:].tolist() == before.commits.windows.offset[0, -kept:].tolist()
        assert after.commits.windows.count[0] == kept


def test_writes_keep_their_distance(tmp_path: Path) -> None:
    now = [0.0]
    storage = HistoryFiles(tmp_path, clock=lambda: now[0])
    storage.save_if_due("c", folded(range(1)))
    storage.save_if_due("c", folded(range(2)))
    assert len(storage.load("c", SETTINGS).timeline.times) == 1
    now[0] += MIN_INTERVAL
    storage.save_if_due("c", folded(range(2)))
    assert len(storage.load("c", SETTINGS).timeline.times) == 2


def test_a_slow_disk_is_written_to_a_twentieth_of_the_time_at_most(tmp_path: Path) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 10.0  # so a write, between two looks at the clock, takes 10 s
        return now[0]

    storage = HistoryFiles(tmp_path, clock=clock)
    storage.save("c", folded(range(1)))
    now[0] = 180.0
    storage.save_if_due("c", folded(range(2)))
    assert len(storage.load("c", SETTINGS).timeline.times) == 1
    now[0] = 210.0
    storage.save_if_due("c", folded(range(2)))
    assert len(storage.load("c", SETTINGS).timeline.times) == 2


def test_a_folder_that_cannot_be_written_is_told_and_does_no_more_harm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    storage = HistoryFiles(tmp_path / "file")
    with caplog.at_level(logging.WARNING):
        storage.save("c", folded(range(1)))
        assert storage.load("c", SETTINGS).topics.rows == 0
    assert "was not written" in caplog.text


def test_a_history_that_cannot_be_written_is_told_once_and_so_is_that_it_can_be_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    way = tmp_path / "file"
    way.write_text("in the way")
    storage = HistoryFiles(way)
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            storage.save("c", folded(range(1)))
        way.unlink()
        for _ in range(2):
            storage.save("c", folded(range(1)))
    first, second = (record.getMessage() for record in caplog.records)
    assert "was not written" in first
    assert second == "history of cluster c is written again"


def test_a_write_leaves_the_last_whole_file_until_the_next_one_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "history.npz"
    write(path, folded(range(3)))

    def power_cut(_: int) -> None:
        raise OSError("the power went")

    monkeypatch.setattr(os, "fsync", power_cut)
    with pytest.raises(OSError, match="the power went"):
        write(path, folded(range(4)))
    assert len(read(path).timeline.times) == 3
    assert [file.name for file in tmp_path.iterdir()] == ["history.npz"], "a part of a file takes no room"
