"""A process with few open files: it answers, and one line tells of the shortage."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import socket
import subprocess
import sys
from contextlib import ExitStack

import pytest

from exporter.web.server import open_files
from exporter.web.server.listener import Listener
from tests.support.repository import ROOT
from tests.support.serving import PATIENCE, connect, fetch

PROGRAM = """
import logging, resource, sys
from exporter.settings import Settings, Web
from exporter.web.app import make_app
from exporter.web.server import serve

class Empty:
    def collect(self, timeout):
        return ()

    latest = lambda self: ()

hard = int(sys.argv[1])
held = [open("/dev/null") for _ in range(int(sys.argv[2]))]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard if held else hard // 2, hard))
logging.basicConfig(level="INFO", format="%(message)s")
serve(make_app(Empty(), Settings(())), Web("127.0.0.1:0"))
"""


@pytest.mark.parametrize("held", [0, 40], ids=["for connections only", "taken by others"])
def test_with_64_open_files_it_answers_and_logs_one_line(held: int) -> None:
    command = [sys.executable, "-c", PROGRAM, "64", str(held)]
    with (
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process,
        ExitStack() as clients,
    ):
        assert process.stderr is not None
        try:
            limited, listening = process.stderr.readline(), process.stderr.readline()
            port = int(listening.rpartition(":")[2])
            for _ in range(3):
                for _ in range(100):
                    clients.enter_context(connect(port))
                assert fetch(port, "/metrics")[0] == 200
                assert fetch(port, "/state")[0] == 200
        finally:
            process.terminate()
        said = process.stderr.read().splitlines()
    assert "only 64 files may be open, so at most 32 connections are kept" in limited
    assert [line.partition(",")[0] for line in said] == ["connections cannot be accepted"] * (held > 0)


class Exhausted:
    """A listening socket for which there are no open files."""

    def __init__(self) -> None:
        self.accepted = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.connecting = socket.create_connection(self._listening.getsockname(), timeout=PATIENCE)

    def fileno(self) -> int:
        return self._listening.fileno()

    def setblocking(self, flag: bool) -> None:
        self._listening.setblocking(flag)

    def accept(self) -> tuple[socket.socket, object]:
        self.accepted += 1
        raise OSError(errno.EMFILE, "Too many open files")

    def close(self) -> None:
        self.connecting.close()
        self._listening.close()


def test_what_cannot_be_accepted_makes_room_is_tried_again_and_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("exporter.web.server.listener.RETRY_SECONDS", 0.0)
    exhausted, rooms = Exhausted(), []

    async def run() -> None:
        listener = Listener(exhausted, asyncio.Protocol, lambda: rooms.append(None), at_once=64)  # type: ignore[arg-type]
        while len(rooms) < 20:
            await asyncio.sleep(0)
        listener.close()

    with caplog.at_level(logging.INFO):
        asyncio.run(run())
    exhausted.close()
    assert exhausted.accepted == len(rooms)
    assert len(caplog.records) == 1


def test_the_soft_limit_of_open_files_is_raised_to_the_hard_one(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = [(1024, 4096)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, given: limits.append(given))
    open_files.allow_more()
    assert limits[-1] == (4096, 4096)
    open_files.allow_more()
    limits.append((1024, resource.RLIM_INFINITY))
    open_files.allow_more()
    assert limits[-1] == (open_files.ENOUGH, resource.RLIM_INFINITY)
    limits.append((resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    open_files.allow_more()
    assert limits[-1] == (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    assert open_files.allowed() == open_files.ENOUGH
