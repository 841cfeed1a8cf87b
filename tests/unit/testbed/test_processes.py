"""Processes, ports, and threads that the testbed runs."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from pathlib import Path

import pytest

from testbed.loops import Loop
from testbed.processes import LOOPBACK, Process, TestbedError, free_ports, wait_until


def python(code: str, tmp_path: Path) -> Process:
    return Process("python", [sys.executable, "-u", "-c", code], tmp_path / "log")


def test_free_ports_are_all_different_and_can_be_listened_on() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    for port in ports:
        with socket.socket() as listener:
            listener.bind((LOOPBACK, port))


def test_free_ports_are_never_those_of_outgoing_connections() -> None:
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert max(free_ports(50)) < max(first_outgoing, 12_001)


def test_waiting_in_vain_tells_for_what() -> None:
    with pytest.raises(TestbedError, match=r"waited 0\.01 s in vain for the moon"):
        wait_until(lambda: False, 0.01, "the moon")


def test_a_process_that_never_gets_ready_is_stopped_and_shows_what_it_printed(tmp_path: Path) -> None:
    process = python("print('no luck'); import time; time.sleep(60)", tmp_path).start()
    wait_until(lambda: "no luck" in process.log.read_text(), 20, "the process to print")
    with pytest.raises(TestbedError, match=r"(?s)waited 0\.1 s in vain for python to be ready.*python \| no luck"):
        process.wait_ready(lambda: False, 0.1)
    assert not process.running


def test_a_process_that_ends_instead_of_getting_ready_is_told_at_once(tmp_path: Path) -> None:
    process = python("raise SystemExit('port taken')", tmp_path).start()
    with pytest.raises(TestbedError, match=r"(?s)ended by itself with exit code 1.*python \| port taken"):
        process.wait_ready(lambda: False, 60)


def test_a_process_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready'); time.sleep(60)"
    with python(code, tmp_path).start() as process:
        process.wait_ready(lambda: "ready" in process.log.read_text(), 20)
        process.stop(seconds=0.2)
        assert process.exit_code == -signal.SIGKILL


def test_a_frozen_process_does_nothing_until_it_is_thawed_and_can_be_stopped_frozen(tmp_path: Path) -> None:
    def state() -> str:
        return Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]

    with python("print('ready')\nwhile True: pass", tmp_path).start() as process:
        process.wait_ready(lambda: "ready" in process.log.read_text(), 20)
        process.freeze()
        wait_until(lambda: state() == "T", 20, "the process to freeze")
        process.thaw()
        wait_until(lambda: state() == "R", 20, "the process to go on")
        process.freeze()
        process.stop()
        assert process.exit_code == -signal.SIGTERM


def test_a_process_is_not_started_by_a_thread_that_may_end_before_it(tmp_path: Path) -> None:
    told: list[str] = []

    def start() -> None:
        try:
            python("", tmp_path).start()
        except TestbedError as error:
            told.append(str(error))

    thread = threading.Thread(target=start, name="visitor")
    thread.start()
    thread.join()
    assert told == ["python must be started by the main thread, not visitor"]


def test_a_loop_ends_by_its_step_its_time_or_when_it_is_stopped() -> None:
    steps = iter([True, True, False])
    closed: list[str] = []
    with Loop("steps", lambda: next(steps), lambda: closed.append("steps"), lifetime=60) as loop:
        wait_until(lambda: not loop.running, 20, "the last step")
    with Loop("time", lambda: True, lambda: closed.append("time"), lifetime=0.01) as loop:
        wait_until(lambda: not loop.running, 20, "the end of its time")
    with Loop("stopped", lambda: True, lambda: closed.append("stopped"), lifetime=60):
        pass
    assert closed == ["steps", "time", "stopped"]


def test_what_goes_wrong_in_a_loop_is_raised_where_it_is_stopped() -> None:
    def step() -> bool:
        raise ValueError("no such topic")

    closed: list[bool] = []
    loop = Loop("consumer", step, lambda: closed.append(True), lifetime=60).start()
    with pytest.raises(TestbedError, match="consumer failed: ValueError: no such topic"):
        loop.stop()
    assert closed == [True]
