"""`replay`: from a recording to verdicts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import settings as examples

from exporter.cli import commands
from exporter.cli.replay import reports
from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import empty
from exporter.core.model import NO_OFFSET, Observation
from exporter.recording import observation_line, read, verdict_lines
from tests.support.observations import SETTINGS, START, group, observation, observations


def replayed(seen: Sequence[Observation] | bytes, *flags: str) -> Result:
    lines = seen if isinstance(seen, bytes) else b"".join(observation_line(each).encode() + b"\n" for each in seen)
    return CliRunner().invoke(commands, ["replay", "-", *flags], input=lines, env={"KBE_CONFIG_FILE": None})


def verdicts(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.split("\n") if line]


def statuses(result: Result) -> list[str]:
    return [line["status"] for line in verdicts(result)]


STUCK = [observation(at, {"g": group({"t": [min(at, 60)]})}, {"t": [50 + at]}) for at in range(0, 331, 30)]
"""It moves twice, which tells its rhythm, and then stands still."""


def test_there_is_a_verdict_for_each_observation_and_group() -> None:
    seen = [observation(at, {"g": group({"t": [at]}), "h": group({"t": [1]})}, {"t": [at]}) for at in (0, 30)]

    result = replayed(seen)

    assert result.exit_code == 0
    assert [(line["cluster"], line["at"], line["group"]) for line in verdicts(result)] == [
        ("c", START, "g"),
        ("c", START, "h"),
        ("c", START + 30_000, "g"),
        ("c", START + 30_000, "h"),
    ]


def test_a_stuck_group_is_at_err_once_it_has_been_silent_for_the_window() -> None:
    assert statuses(replayed(STUCK)) == ["OK"] * 6 + ["ERR"] * 6


def test_flags_say_how_to_judge() -> None:
    assert statuses(replayed(STUCK, "--evaluation.window", "1m30s")) == ["OK"] * 5 + ["ERR"] * 7
    never_moved = STUCK[2:]
    assert statuses(replayed(never_moved, "--evaluation.patience", "4m")) == ["OK"] * 8 + ["ERR"] * 2
    assert statuses(replayed(STUCK, "--evaluation.allowed-lag", "100000")) == ["OK"] * 12


def test_the_environment_says_how_to_judge_where_no_flag_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KBE_EVALUATION_ALLOWED_LAG", "100000")

    assert statuses(replayed(STUCK)) == ["OK"] * 12
    assert statuses(replayed(STUCK, "--evaluation.allowed-lag", "0"))[-1] == "ERR"


def test_the_configuration_says_how_to_judge_each_cluster(tmp_path: Path) -> None:
    file = tmp_path / "kbe.yml"
    file.write_text(
        "defaults: {evaluation: {allowed_lag: 99999}}\n"
        "clusters: {lenient: {bootstrap_servers: a:1},"
        " strict: {bootstrap_servers: b:1, evaluation: {allowed_lag: 0, window: 90s}}}"
    )
    seen = [replace(each, cluster=name) for each in STUCK for name in ("lenient", "strict", "unnamed")]

    last = {line["cluster"]: line["status"] for line in verdicts(replayed(seen, "--config.file", str(file)))}
    flags_win = {
        line["cluster"]: line["status"]
        for line in verdicts(replayed(seen, "--config.file", str(file), "--evaluation.allowed-lag", "0"))
    }

    assert last == {"lenient": "OK", "strict": "ERR", "unnamed": "OK"}
    assert flags_win == {"lenient": "ERR", "strict": "ERR", "unnamed": "ERR"}


def test_clusters_in_one_file_are_kept_apart() -> None:
    moving = [
        replace(each, cluster="d", groups={"g": group({"t": [50 + 30 * number]})}) for number, each in enumerate(STUCK)
    ]
    both = [each for pair in zip(STUCK, moving, strict=True) for each in pair]

    of_both = verdicts(replayed(both))

    assert [line for line in of_both if line["cluster"] == "c"] == verdicts(replayed(STUCK))
    assert [line for line in of_both if line["cluster"] == "d"] == verdicts(replayed(moving))


def test_a_commit_that_brings_its_own_time_is_judged_as_burrow_judges_it() -> None:
    seen = [observation(at, {"g": group({"t": [10]}, times={"t": [START]})}, {"t": [50 + at]}) for at in (0, 30, 60)]

    found = verdicts(replayed(seen))

    # One commit whose lag is not known has not moved; with any silence at all it is silent for longer than it spans.
    assert [line["partitions"][0]["status"] for line in found] == ["STALL", "STOP", "STOP"]
    assert found[-1]["partitions"][0]["complete"] == pytest.approx(0.1)


def test_a_group_without_a_commit_that_can_be_judged_has_a_line_without_partitions() -> None:
    seen = [observation(0, {"g": group({"gone": [10]}), "h": group({"t": [NO_OFFSET]})}, {"t": [5]})]

    assert [(line["group"], line["status"], line["partitions"]) for line in verdicts(replayed(seen))] == [
        ("g", "NOTFOUND", []),
        ("h", "NOTFOUND", []),
    ]


def test_an_observation_without_groups_gives_no_line() -> None:
    assert replayed([observation(0, {}, {"t": [5]})]).output == ""


def test_a_cut_off_last_line_is_told_after_the_verdicts_before_it() -> None:
    whole = observation_line(STUCK[0]).encode()

    result = replayed(whole + b"\n" + whole[:70])

    assert result.exit_code == 2
    assert statuses(result) == ["OK"]
    assert result.stderr.startswith("standard input: line 2: not JSON")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--evaluation.window", "3x"], '"3x" is not a duration'),
        (["--evaluation.intervals", "0"], "must be a whole number from 1 to"),
        (["--evaluation.minimum-complete", "2"], "must be a number from 0 to 1"),
        (["--config.file", "/there/is/no/such/file"], "/there/is/no/such/file: cannot be read"),
    ],
)
def test_bad_settings_end_with_2_and_one_line(flags: list[str], message: str) -> None:
    result = replayed(STUCK, *flags)

    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_file_that_is_not_there_ends_with_2_and_one_line() -> None:
    result = CliRunner().invoke(commands, ["replay", "/there/is/no/such/file"])

    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "does not exist" in result.stderr


def test_verdicts_are_printed_while_the_recording_is_still_being_written() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "exporter", "replay", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(observation_line(STUCK[0]).encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["group"] == "g"
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_nobody_reading_on_ends_it_quietly(tmp_path: Path) -> None:
    file = tmp_path / "long.jsonl"
    file.write_text((observation_line(STUCK[0]) + "\n") * 5000)
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "exporter", "replay", str(file)], stdout=write_end, stderr=subprocess.PIPE
    )
    os.close(write_end)
    os.read(read_end, 100)
    os.close(read_end)
    _, errors = process.communicate(timeout=60)

    assert errors == b""


@examples(max_examples=60, deadline=None)
@given(run=observations(), settings=SETTINGS)
def test_a_replay_gives_the_verdicts_that_were_given_live(run: list[Observation], settings: EvaluationSettings) -> None:
    history, live = empty(settings), []
    for seen in run:
        history, report = advance(history, seen, settings)
        live.append(list(verdict_lines(report)))
    lines = [observation_line(seen).encode() for seen in run]

    again = [list(verdict_lines(each)) for each in reports((seen for _, seen in read(lines)), lambda _: settings)]

    assert again == live
