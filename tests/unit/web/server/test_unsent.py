"""Clients that read slowly: what their answers hold is bounded, and those who read are answered."""

from __future__ import annotations

import logging
import os
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from socket import SO_LINGER, SOL_SOCKET

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.web.server import unsent
from exporter.web.server.unsent import UNSENT, LargeAnswer
from tests.support.serving import connect, fetch, is_ended, serving, until

MANY = 30
SIZE = 8_000_000
"""Bytes; more than the buffers of two sockets take."""
SHARED = os.urandom(SIZE // 2).hex().encode()


@contextmanager
def app() -> Iterator[Starlette]:
    """An application whose answers to /own are each of their own, and to /shared the same piece."""

    async def own(_: Request) -> Response:
        return LargeAnswer.of(bytes(SIZE))

    async def shared(_: Request) -> Response:
        return LargeAnswer((SHARED, b"end"), len(SHARED) + 3, held=(SHARED,))

    yield Starlette(routes=[Route("/own", own), Route("/shared", shared)])
    until(lambda: UNSENT.held == 0)


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def test_those_who_have_read_longest_are_ended_when_their_answers_hold_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unsent, "MAX_UNSENT_BYTES", 4 * SIZE)
    most = 0
    with app() as slow, serving(slow) as port, ExitStack() as stack:
        clients = []
        for number in range(MANY):
            clients.append(stack.enter_context(connect(port, get("/own"))))
            until(lambda number=number: UNSENT.held >= min(number + 1, 4) * SIZE)  # type: ignore[misc]
            most = max(most, UNSENT.held)
        assert fetch(port, "/shared") == (200, SHARED.decode() + "end")
        until(lambda: sum(map(is_ended, clients[: MANY - 4])) == MANY - 4)
    assert most <= 5 * SIZE


def test_an_answer_that_many_share_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsent, "MAX_UNSENT_BYTES", 2 * SIZE)
    with app() as slow, serving(slow) as port, ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(connect(port, get("/shared"))).recv(1)
        assert UNSENT.held == len(SHARED)
        assert len(UNSENT._answers) == MANY


def test_an_answer_larger_than_all_may_hold_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsent, "MAX_UNSENT_BYTES", 1)
    with app() as slow, serving(slow) as port:
        assert fetch(port, "/shared") == (200, SHARED.decode() + "end")


def test_clients_that_hang_up_are_worth_no_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with app() as slow, serving(slow) as port, caplog.at_level(logging.DEBUG, "asyncio"):
        for _ in range(MANY):
            with connect(port, get("/own")) as client:
                client.recv(1)
                # The connection ends by a reset, so that the very next write fails.
                client.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        until(lambda: UNSENT.held == 0)
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG] == []
