"""The exporter's own port: too many clients, clients that hang up or never finish, no descriptors left."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

from testbed.processes import LOOPBACK, TestbedError
from testbed.scrape import scrape
from tests.faults.looks import LATE, Breach
from tests.faults.row import Row, Stage, Step
from tests.faults.steps import watch

DESCRIPTORS = 64
IDLE = 200
AT_ONCE = 50
ROUNDS = 5
HANG_UPS = 600
UNFINISHED = 512
HELD_SECONDS = 30.0
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: exporter\r\n\r\n"
WITHOUT_ITS_BODY = (
    b"GET /-/healthy HTTP/1.1\r\nHost: e\r\n\r\nPOST /metrics HTTP/1.1\r\nHost: e\r\nContent-Length: 9\r\n\r\n"
)


def with_few_descriptors(stage: Stage) -> None:
    """Starts an exporter that may open so few descriptors."""
    stage.start(stage.scene.config(), "prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}")


def _connected(stage: Stage, says: bytes = b"") -> socket.socket:
    host, _, port = stage.exporter.address.rpartition(":")
    connection = socket.create_connection((host or LOOPBACK, int(port)), timeout=2.0)
    if says:
        connection.sendall(says)
    return connection


def holding(connections: int, says: bytes) -> Callable[[Stage], None]:
    """Opens so many connections that say this, and holds them open for a while."""

    def act(stage: Stage) -> None:
        with ExitStack() as held:
            for _ in range(connections):
                with suppress(OSError):
                    held.enter_context(_connected(stage, says))
            time.sleep(HELD_SECONDS)

    return act


def _hang_up(stage: Stage) -> None:
    for _ in range(HANG_UPS):
        with suppress(OSError):
            _connected(stage, REQUEST).close()


def _at_once(stage: Stage) -> None:
    """Many scrapes at once, each of which must be answered in time."""
    errors: list[str] = []

    def one() -> None:
        try:
            scrape(f"{stage.exporter.url}/metrics", timeout=10.0)
        except TestbedError as error:
            errors.append(str(error))

    longest = 0.0
    for _ in range(ROUNDS):
        threads = [threading.Thread(target=one) for _ in range(AT_ONCE)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        longest = max(longest, time.monotonic() - began)
    stage.notes.append(f"{AT_ONCE} at once took {longest:.1f} s at most")
    if errors:
        stage.found.append(Breach(LATE, f"{len(errors)} of {AT_ONCE * ROUNDS}: {errors[0]}"))


ROWS = (
    Row(
        "descriptors-exhausted",
        (
            Step(
                f"the exporter may open {DESCRIPTORS} descriptors; {IDLE} connections that say nothing are held for "
                f"{HELD_SECONDS:g} s, then closed",
                holding(IDLE, b""),
            ),
        ),
        start=with_few_descriptors,
    ),
    Row(
        "requests-without-their-body",
        (
            Step(
                f"{UNFINISHED} connections pipeline a second request whose body never comes, and are held for "
                f"{HELD_SECONDS:g} s",
                holding(UNFINISHED, WITHOUT_ITS_BODY),
            ),
        ),
    ),
    Row("clients-hang-up", (Step(f"{HANG_UPS} clients ask and hang up at once", _hang_up), watch(5))),
    Row("fifty-at-once", (Step(f"{ROUNDS} times {AT_ONCE} scrapes at once", _at_once),)),
)
