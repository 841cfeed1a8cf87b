"""The demo as a person runs it: it shows what it promises, and leaves nothing behind however it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from testbed.behaviours import Behaviour
from testbed.kafka import Kafka
from testbed.processes import Process, wait_until

pytestmark = pytest.mark.real

PROMISED_SECONDS = 60
DEMO = [sys.executable, "-m", "testbed.demo"]
OWN_KAFKA = {name: value for name, value in os.environ.items() if name != "KAFKA_BOOTSTRAP_SERVERS"}


def command_lines_with(text: str) -> list[str]:
    """The command lines of all processes of this machine that contain the text."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it has just ended
            continue
        if text in line:
            found.append(line)
    return found


def folder_of(printed: str) -> Path:
    """The temporary folder that the demo says it uses."""
    found = re.search(r"in (/\S+)", printed)
    assert found, printed
    return Path(found[1])


def started_demo(log: Path, until: str, env: dict[str, str]) -> Process:
    """A demo that has printed ``until``."""
    demo = Process("demo", DEMO, log, env={**env, "PYTHONUNBUFFERED": "1"}).start()
    return demo.wait_ready(lambda: until in log.read_text(), seconds=90)


def test_every_group_gets_its_status_within_a_minute_of_kafka_being_up() -> None:
    done = subprocess.run(
        [*DEMO, "--seconds", str(PROMISED_SECONDS)], env=OWN_KAFKA, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    last_table = done.stdout.rsplit("\nafter ", 1)[1]
    assert {line.split()[0] for line in last_table.splitlines() if "as expected" in line} == set(Behaviour)
    folder = folder_of(done.stdout)
    assert not folder.exists()
    assert command_lines_with(str(folder)) == []


@pytest.mark.parametrize(
    ("number", "until"),
    [
        pytest.param(signal.SIGINT, "consumer  OK", id="Ctrl-C in the middle of the play"),
        pytest.param(signal.SIGTERM, "Starting Apache Kafka", id="SIGTERM while Kafka starts"),
    ],
)
def test_a_signal_ends_all_that_was_started(number: signal.Signals, until: str, tmp_path: Path) -> None:
    log = tmp_path / "demo.log"
    with started_demo(log, until, OWN_KAFKA) as demo:
        demo.signal(number)
        assert demo.wait_end(60) == 128 + number
    folder = folder_of(log.read_text())
    assert "Traceback" not in log.read_text()
    assert not folder.exists()
    assert command_lines_with(str(folder)) == []


def test_nothing_outlives_a_demo_that_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "demo.log"
    # Nobody is left to remove its folder, so that is to be where pytest tidies up.
    with started_demo(log, "Exporter ready", {**OWN_KAFKA, "TMPDIR": str(tmp_path)}) as demo:
        folder = folder_of(log.read_text())
        assert len(command_lines_with(str(folder))) >= 2
        demo.kill()
    wait_until(lambda: command_lines_with(str(folder)) == [], 30, "the kernel to have ended what the demo had started")


def test_on_a_running_kafka_it_removes_its_topics_and_groups(kafka: Kafka, tmp_path: Path) -> None:
    env = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": ",".join(kafka.bootstrap_servers)}
    with started_demo(tmp_path / "demo.log", "consumer  OK", env) as demo:
        prefix = f"demo-{demo.pid}-"
        assert f"{prefix}orders" in kafka.admin.list_topics().topics
        demo.signal(signal.SIGINT)
        assert demo.wait_end(60) == 128 + signal.SIGINT, demo.tail()
    left = [*kafka.admin.list_topics().topics, *kafka.group_states()]
    assert [name for name in left if name.startswith(prefix)] == []
