"""The command line: flags, the environment, exit codes, and what is said when something is wrong."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from exporter import __version__
from exporter.cli import COMMANDS, commands
from testbed.processes import wait_until
from tests.support.repository import ROOT

NOTHING_THERE = "127.0.0.1:1"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root, kafka = logging.getLogger(), logging.getLogger("kafka")
    before = (root.level, root.handlers[:], kafka.level)
    yield
    logging.captureWarnings(capture=False)
    root.level, root.handlers[:], kafka.level = before


def run(*args: str, **environment: str) -> Result:
    clean = {name: None for name in os.environ if name.startswith("KBE_")}
    return CliRunner().invoke(
        commands, args, prog_name="kafka-burrow-exporter", env={**clean, **environment}, catch_exceptions=False
    )


def in_force(*args: str, **environment: str) -> dict[str, object]:
    result = run("check-config", *args, **environment)
    assert result.exit_code == 0, result.stderr
    read = yaml.safe_load(result.stdout)
    assert isinstance(read, dict)
    return read


def started(*args: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "exporter", *args],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def listening(process: subprocess.Popen[str]) -> tuple[str, int]:
    """Where the exporter says that it listens; it says so before it answers."""
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", line):
            return "127.0.0.1", int(found[1])
    raise AssertionError(f"ended with {process.wait(10)} and never listened")


def test_help_shows_every_flag_with_its_environment_variable() -> None:
    result = run("--help")
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    for flag in (
        "--config.file",
        "--kafka.bootstrap-servers",
        "--kafka.cluster-name",
        "--web.listen-address",
        "--web.telemetry-path",
        "--log.level",
        "--log.format",
    ):
        assert flag in text
        assert "env var: KBE_" + flag.removeprefix("--").replace(".", "_").replace("-", "_").upper() in text
    assert all(name in text for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"Usage: kafka-burrow-exporter {name} " in result.stdout


def test_version_tells_pythons_and_kafka_pythons_too() -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout == (
        f"kafka-burrow-exporter {__version__} (Python {'.'.join(map(str, sys.version_info[:3]))},"
        f" kafka-python {metadata.version('kafka-python')})\n"
    )


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["check-config", "--kafka.bootstrap-servers", "a:1"]])
def test_what_needs_neither_kafka_nor_numpy_does_not_load_them(args: list[str]) -> None:
    code = (
        "import sys; from exporter.cli import commands; commands.main(sys.argv[1:], standalone_mode=False);"
        "print(*sorted({'kafka', 'numpy', 'uvicorn'} & set(sys.modules)), sep=',', file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *args], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    assert result.stderr == "\n"


def test_a_flag_wins_over_the_environment_that_over_the_file_and_that_over_the_default(tmp_path: Path) -> None:
    file = tmp_path / "kbe.yml"
    file.write_text("clusters: {c: {bootstrap_servers: 'a:1'}}\nlog: {level: error}\nweb: {telemetry_path: /file}")
    flags = ("--config.file", str(file), "--log.level", "debug")
    shown = in_force(*flags, KBE_LOG_LEVEL="warning", KBE_WEB_TELEMETRY_PATH="/environment")
    assert shown["log"] == {"level": "debug", "format": "logfmt"}
    assert (shown["web"]["listen_address"], shown["web"]["telemetry_path"]) == (":8000", "/environment")
    assert in_force(*flags[:2], KBE_LOG_LEVEL="warning")["log"] == {"level": "warning", "format": "logfmt"}
    assert in_force(KBE_CONFIG_FILE=str(file))["log"] == {"level": "error", "format": "logfmt"}


def test_servers_may_be_given_with_commas_repeated_or_by_the_environment() -> None:
    flag = "--kafka.bootstrap-servers"
    expected = {"kafka": ["a:1", "b:2", "c:3"]}
    for shown in (
        in_force(flag, "a:1,b:2,c:3"),
        in_force(flag, "a:1", flag, "b:2,c:3"),
        in_force(KBE_KAFKA_BOOTSTRAP_SERVERS="a:1,b:2,c:3"),
        in_force(KBE_KAFKA_BOOTSTRAP_SERVERS="a:1, b:2 c:3"),
    ):
        clusters = shown["clusters"]
        assert isinstance(clusters, dict)
        assert {name: cluster["bootstrap_servers"] for name, cluster in clusters.items()} == expected


def test_a_configuration_that_can_be_used_is_shown_without_its_secrets(tmp_path: Path) -> None:
    file = tmp_path / "kbe.yml"
    file.write_text("""
clusters:
  Prod: {bootstrap_servers: "a:1", sasl: {mechanism: PLAIN, username: me, password: hunter2}}
  test: {bootstrap_servers: "b:1"}
""")
    result = run("check-config", "--config.file", str(file))
    assert result.exit_code == 0
    assert result.stdout.startswith('# ok: 2 clusters: "Prod", "test"; effective settings:\n')
    assert "hunter2" not in result.output
    assert "username: me" in result.stdout
    assert "password: <hidden>" in result.stdout
    assert result.stderr.startswith('warning: cluster "Prod": sasl PLAIN without tls')


def test_what_is_shown_to_be_in_force_may_be_used_again(tmp_path: Path) -> None:
    file, again = tmp_path / "kbe.yml", tmp_path / "again.yml"
    file.write_text(r"""
clusters: {"a \"b\"\n/ü\u2028 \\": {bootstrap_servers: ["[::1]:1"], tls: {}, groups: {deny: "", allow: "^(a|b): #"}}}
defaults: {evaluation: {min_distance: 0.25, window: 2h}}
""")
    again.write_text(run("check-config", "--config.file", str(file)).stdout)
    shown = in_force("--config.file", str(again))
    assert shown == in_force("--config.file", str(file))
    assert list(shown["clusters"]) == ['a "b"\n/ü\u2028 \\']  # type: ignore[call-overload]


def test_the_reference_file_can_be_printed() -> None:
    result = run("check-config", "--reference")
    assert (result.exit_code, result.stdout) == (0, (ROOT / "docs" / "config.reference.yml").read_text("utf-8"))


@pytest.mark.parametrize("command", [[], ["serve"], ["check-config"], ["status"], ["record"]])
def test_nothing_configured_is_one_line_and_exit_code_2(command: list[str]) -> None:
    result = run(*command)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "kafka-burrow-exporter: no cluster to monitor; give --config.file FILE or --kafka.bootstrap-servers HOST:PORT\n"
    )


@pytest.mark.parametrize("command", [[], ["serve"], ["check-config"]])
def test_mistakes_in_file_flags_and_environment_are_told_together(tmp_path: Path, command: list[str]) -> None:
    file = tmp_path / "kbe.yml"
    file.write_text("clusters: {c: {bootstrap_servers: 'a:1', granularty: topic}}")
    result = run(*command, "--config.file", str(file), "--log.level", "loud", KBE_WEB_LISTEN_ADDRESS="here")
    assert (result.exit_code, result.stdout) == (2, "")
    first, second, third = result.stderr.splitlines()
    assert first.startswith('--log.level: "loud" is not a level')
    assert second == f'{file}:1:42: clusters.c.granularty: unknown key; did you mean "granularity"?'
    assert third.startswith('KBE_WEB_LISTEN_ADDRESS: "here" is not an address')


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--config.fil", "x"], "kafka-burrow-exporter serve: No such option"),
        (["serve", "extra"], "kafka-burrow-exporter serve: Got unexpected extra argument (extra)"),
        (["--config.file"], "requires an argument"),
        (["chek-config"], 'kafka-burrow-exporter: no command "chek-config"; did you mean "check-config"?'),
        (["zzz"], 'kafka-burrow-exporter: no command "zzz"; there are serve, check-config'),
        (["a\nb"], r'kafka-burrow-exporter: no command "a\nb"; there are'),
        (["--a\nb"], "kafka-burrow-exporter serve: No such option"),
    ],
)
def test_wrong_arguments_are_one_line_and_exit_code_2(args: list[str], message: str) -> None:
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert message in line
    assert "--help)" in line


def test_a_port_that_is_taken_is_one_line_and_exit_code_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = run("--kafka.bootstrap-servers", NOTHING_THERE, "--web.listen-address", address)
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line == (
        f'kafka-burrow-exporter: cannot listen on "{address}": address already in use;'
        " choose another --web.listen-address"
    )


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["check-config", "--reference"], ["replay", "-"]])
def test_output_that_has_no_room_is_one_line_and_exit_code_1(args: list[str]) -> None:
    groups = b'{"g":{"state":"Empty","commits":{"t":{"0":1}}}}'
    seen = b'{"cluster":"c","at":1,"groups":%b,"end_offsets":{"t":{"0":2}}}' % groups
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "exporter", *args],
            cwd=ROOT,
            input=seen,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (result.returncode, result.stderr) == (
        1,
        b"kafka-burrow-exporter: cannot write to standard output: no space left on device\n",
    )


@pytest.mark.parametrize(("args", "code"), [(["--help"], 0), (["check-config"], 0), (["replay", "-"], 0)])
def test_output_that_nobody_reads_on_is_no_failure(args: list[str], code: int) -> None:
    seen = b'{"cluster":"c","at":1,"groups":{"g":{"state":"","commits":{"t":{"0":1}}}},"end_offsets":{"t":{"0":2}}}'
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as nobody:
        result = subprocess.run(
            [sys.executable, "-m", "exporter", *args],
            cwd=ROOT,
            env={**os.environ, "KBE_KAFKA_BOOTSTRAP_SERVERS": NOTHING_THERE},
            input=seen,
            stdout=nobody,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (result.returncode, result.stderr) == (code, b"")


def test_a_name_that_the_encoding_of_the_output_does_not_have_is_escaped(tmp_path: Path) -> None:
    (tmp_path / "kbe.yml").write_text('clusters: {"ünï群": {bootstrap_servers: "a:1"}}', encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "exporter", "check-config", "--config.file", str(tmp_path / "kbe.yml")],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.decode("latin-1").startswith('# ok: 1 cluster: "ünï\\u7fa4"; effective settings:\n')


@pytest.mark.parametrize("command", ["status", "record", "check-config"])
def test_a_command_runs_without_a_standard_output(command: str) -> None:
    last = {"status": ["--observations", "4"], "record": ["--count", "1"]}.get(command, [])
    args = [sys.executable, "-m", "exporter", command, "--kafka.bootstrap-servers", NOTHING_THERE, *last]
    result = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *args], cwd=ROOT, capture_output=True, check=False)
    assert result.returncode == {"status": 3, "record": 1, "check-config": 0}[command]
    assert b"Traceback" not in result.stderr


def test_a_server_that_does_not_answer_is_told_by_its_address() -> None:
    # In a process of its own: the library leaves the socket of a failed connection to the garbage collector.
    process = started("status", "--kafka.bootstrap-servers", NOTHING_THERE)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (3, "")
    assert errors.startswith(f'cluster "kafka" could not be observed: broker {NOTHING_THERE}: ')


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_unreachable_cluster_keeps_nothing_from_starting_and_a_signal_stops_it(number: signal.Signals) -> None:
    process = started("--kafka.bootstrap-servers", NOTHING_THERE, "--web.listen-address", "127.0.0.1:0")
    try:
        where = listening(process)
        deadline = time.monotonic() + 10
        with socket.create_connection(where, timeout=10) as asking:
            asking.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert asking.recv(1000).startswith(b"HTTP/1.1 200")
        assert time.monotonic() < deadline
        process.send_signal(number)
        _, errors = process.communicate(timeout=5)
        assert (process.returncode, "Traceback" in errors) == (0, False)
    finally:
        process.kill()
        process.communicate()


def test_a_reload_that_is_asked_for_during_the_start_is_made_once_there_is_a_server() -> None:
    process = started("--kafka.bootstrap-servers", NOTHING_THERE, "--web.listen-address", "127.0.0.1:0")
    try:
        wait_until(lambda: blocked_signals(process.pid) == 1 << signal.SIGHUP - 1, 10, "the signal to be held back")
        process.send_signal(signal.SIGHUP)
        assert process.stderr is not None
        assert any("configuration reloaded" in line for line in process.stderr)
        assert blocked_signals(process.pid) == 0
    finally:
        process.kill()
        process.communicate()


def blocked_signals(pid: int) -> int:
    """The signals that a process does not take now, a bit each."""
    (blocked,) = re.findall(r"^SigBlk:\s+(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(blocked, 16)
