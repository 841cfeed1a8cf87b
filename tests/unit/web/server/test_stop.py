"""SIGTERM and SIGINT, sent to a process that serves."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from queue import Queue
from threading import Thread

import pytest

from tests.support.repository import ROOT
from tests.support.serving import PATIENCE, connect

PROGRAM = """
import logging, sys, time
from exporter.settings import Settings, Web
from exporter.web.app import make_app
from exporter.web.server import serve

class Slow:
    def collect(self, timeout):
        logging.info("collecting")
        time.sleep(float(sys.argv[1]))
        return ()

logging.basicConfig(level="INFO", format="%(message)s")
serve(make_app(Slow(), Settings(())), Web("127.0.0.1:0"))
logging.info("returned")
"""

SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"


class Process:
    """A serving process: what it says, and its port."""

    def __init__(self, process: subprocess.Popen[str], lines: Queue[str]) -> None:
        self.process = process
        self.lines = lines
        said = re.fullmatch(r"listening on http://127\.0\.0\.1:(\d+)", self.line())
        assert said
        self.port = int(said[1])

    def line(self) -> str:
        return self.lines.get(timeout=PATIENCE)

    def stop(self, how: signal.Signals) -> list[str]:
        """What it still says once told to stop, which takes it less than five seconds."""
        self.process.send_signal(how)
        assert self.process.wait(timeout=5) == 0
        return list(iter(self.line, ""))


@contextmanager
def serving_process(seconds_of_a_scrape: float) -> Iterator[Process]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(seconds_of_a_scrape)], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    lines: Queue[str] = Queue()

    def read(stream: Iterator[str]) -> None:
        for line in stream:
            lines.put(line.rstrip("\n"))
        lines.put("")

    reader = Thread(target=read, args=(process.stderr,))
    reader.start()
    try:
        yield Process(process, lines)
    finally:
        process.kill()
        process.wait(PATIENCE)
        reader.join(PATIENCE)
        process.stderr.close()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_time_and_silence_though_clients_hold_on(how: signal.Signals) -> None:
    with serving_process(0) as serving, ExitStack() as clients:
        for sent in (b"", b"GET / HTTP/1.1\r\nX: ", SCRAPE) * 20:
            clients.enter_context(connect(serving.port, sent))
        for _ in range(20):
            assert serving.line() == "collecting"
        assert serving.stop(how) == ["returned"]


def test_a_scrape_that_is_running_is_finished() -> None:
    with serving_process(1.0) as serving, connect(serving.port, SCRAPE) as client:
        assert serving.line() == "collecting"
        assert serving.stop(signal.SIGTERM) == ["returned"]
        answer = client.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"burrow_exporter_build_info{" in answer


def test_a_scrape_that_would_take_too_long_is_told_so_and_does_not_delay_the_stop() -> None:
    with serving_process(60.0) as serving, connect(serving.port, SCRAPE) as client:
        assert serving.line() == "collecting"
        said = serving.stop(signal.SIGTERM)
        assert said[-1] == "returned"
        assert not any("Traceback" in line for line in said)
        answer = client.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert answer.endswith(b"The exporter is stopping.\n")
