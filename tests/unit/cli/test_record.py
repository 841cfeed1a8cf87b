"""`record`: what is observed, as lines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from exporter.cli import commands, record
from exporter.cli.record import write_observations
from exporter.cli.rounds import interruptible, rounds
from exporter.core.model import Observation
from exporter.recording import observation_line
from exporter.sources import ClusterUnavailable
from tests.support.observations import group, observation
from tests.support.played_source import PlayedSource

SEEN = [observation(at, {"g": group({"t": [at]})}, {"t": [100]}) for at in (0, 30, 60)]
AWAY = ClusterUnavailable("connection", "nobody\nanswers")


def written(*answers: Observation | Exception, count: int) -> tuple[list[bytes], int]:
    lines: list[bytes] = []
    number = write_observations({"c": PlayedSource(answers)}, lines.append, interval=0.001, timeout=5, count=count)
    return lines, number


def test_each_observation_is_one_line() -> None:
    lines, number = written(*SEEN, count=3)

    assert number == 3
    assert lines == [observation_line(seen).encode() + b"\n" for seen in SEEN]


def test_a_cluster_that_does_not_answer_is_told_and_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    lines, number = written(AWAY, SEEN[0], count=2)

    assert number == len(lines) == 1
    assert capsys.readouterr().err == 'cluster "c" was not observed: nobody\\nanswers\n'


def test_an_error_that_nobody_foresaw_is_a_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    written(RuntimeError("what now"), count=1)

    assert capsys.readouterr().err == 'cluster "c" was not observed: RuntimeError: what now\n'


def test_all_clusters_are_observed_in_each_round_and_members_described() -> None:
    sources = {"a": PlayedSource(SEEN), "b": PlayedSource([AWAY])}

    seen = next(rounds(sources, interval=1, timeout=5))

    assert list(seen) == ["a", "b"]
    assert seen["a"] == SEEN[0]
    assert seen["b"] is AWAY
    assert (sources["a"].described, sources["b"].described) == (1, 0)


def test_a_stop_ends_the_rounds_between_two_observations() -> None:
    source = PlayedSource(SEEN)

    seen = list(rounds({"c": source}, interval=3600, timeout=5, stopped=lambda: source.asked > 0))

    # The first round had been asked for when the stop came; whether it is still taken in is a matter of luck.
    assert len(seen) <= 1
    assert source.asked == 1


def test_an_interrupt_is_noted_and_the_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)

    with interruptible() as stopped:
        assert not stopped()
        signal.raise_signal(signal.SIGINT)
        assert stopped()

    assert signal.getsignal(signal.SIGINT) is before


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.cli.record.open_sources", lambda _: {"c": PlayedSource(SEEN)})


def recorded(*flags: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(
        commands, ["record", "--kafka.bootstrap-servers", "127.0.0.1:1", "--interval", "1ms", *flags]
    )
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.usefixtures("played")
def test_lines_go_to_standard_output() -> None:
    code, output, errors = recorded("--count", "2")

    assert (code, errors) == (0, "")
    assert output.splitlines() == [observation_line(seen) for seen in SEEN[:2]]


@pytest.mark.usefixtures("played")
def test_lines_are_appended_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "recording.jsonl"

    recorded("--count", "1", "--output", str(file))
    recorded("--count", "2", "--output", str(file))

    assert file.read_text().splitlines() == [observation_line(SEEN[place]) for place in (0, 0, 1)]


@pytest.mark.usefixtures("played")
def test_it_ends_after_the_duration() -> None:
    code, output, _ = recorded("--duration", "300ms", "--interval", "1m")

    assert code == 0
    assert len(output.splitlines()) == 1


@pytest.mark.usefixtures("played")
def test_nothing_is_appended_to_an_unfinished_line(tmp_path: Path) -> None:
    file = tmp_path / "recording.jsonl"
    file.write_text('{"cluster":"c"')

    code, _, errors = recorded("--count", "1", "--output", str(file))

    assert code == 2
    assert "ends in an unfinished line" in errors
    assert file.read_text() == '{"cluster":"c"'


@pytest.mark.usefixtures("played")
def test_a_file_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    code, _, errors = recorded("--count", "1", "--output", str(tmp_path))

    assert code == 1
    assert errors.count("\n") == 1
    assert "is a directory" in errors


def test_what_does_not_fit_on_the_disk_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "recording.jsonl"
    file.write_bytes(b"whole\n")
    really_write = os.write

    def write(number: int, line: memoryview) -> int:
        if len(line) <= 10:
            raise OSError(28, "No space left on device")
        return really_write(number, line[:-10])

    with open(file, "ab+", buffering=0) as opened:  # noqa: PTH123
        monkeypatch.setattr(os, "write", write)
        with pytest.raises(OSError, match="No space"):
            record._append(opened.fileno(), b"a line that is only half written\n")

    assert file.read_bytes() == b"whole\n"


def test_it_ends_with_1_if_nothing_could_be_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.cli.record.open_sources", lambda _: {"c": PlayedSource([AWAY])})

    code, output, errors = recorded("--count", "1")

    assert (code, output) == (1, "")
    assert errors.splitlines()[-1] == "kafka-burrow-exporter: nothing was recorded: no cluster answered"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_cleanly(number: signal.Signals) -> None:
    # Nobody answers at port 1; what matters is that it is trying, and stops.
    with subprocess.Popen(
        [sys.executable, "-m", "exporter", "record", "--kafka.bootstrap-servers", "127.0.0.1:1", "--interval", "1h"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert "was not observed" in process.stderr.readline()
        process.send_signal(number)
        output, errors = process.communicate(timeout=30)

    assert (process.returncode, output, errors) == (0, "", "")
