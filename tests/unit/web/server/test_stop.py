"""SIGTERM and SIGINT, sent to a process that serves."""

from __future__ import annotations

import base64
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread

import bcrypt
import pytest

from tests.support.repository import ROOT
from tests.support.serving import PATIENCE, connect

PROGRAM = """
import logging, sys, time
from exporter.settings import Settings, Web
from exporter.web.app import make_app
from exporter.web.middleware import Guard
from exporter.web.server import serve

class Slow:
    def collect(self, timeout):
        logging.info("collecting")
        time.sleep(float(sys.argv[1]))
        return ()

logging.basicConfig(level="INFO", format="%(message)s")
guard = Guard(sys.argv[2]) if len(sys.argv) > 2 else None
serve(make_app(Slow(), Settings(()), guard=guard), Web("127.0.0.1:0"))
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
def serving_process(seconds_of_a_scrape: float, *web_config: str) -> Iterator[Process]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(seconds_of_a_scrape), *web_config],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
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


def test_a_password_that_is_being_compared_does_not_end_it_by_an_abort(tmp_path: Path) -> None:
    web_config = tmp_path / "web.yml"
    web_config.write_text(f"basic_auth_users: {{alice: {bcrypt.hashpw(b'secret', bcrypt.gensalt(13)).decode()}}}\n")
    with serving_process(0, str(web_config)) as serving, ExitStack() as clients:
        for guess in range(100):
            basic = base64.b64encode(f"alice:{guess}".encode())
            sent = b"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Basic " + basic + b"\r\n\r\n"
            client = clients.enter_context(connect(serving.port, sent))
            if guess == 0:
                assert client.recv(65536).startswith(b"HTTP/1.1 401 ")
        assert serving.stop(signal.SIGTERM)[-1] == "returned"
