"""Nobody holds on to a connection, over real sockets and with limits shortened."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack, closing

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from uvicorn.server import ServerState

from exporter.web.server import http_connection, make_server
from tests.support.serving import connect, fetch, is_ended, serving, until

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
BEGUN = b"GET / HTTP/1.1\r\nHost: x\r\nX-Drip: "
SHORT = 0.2
"""Seconds; in place of a limit whose end the test awaits."""


async def small(_: Request) -> Response:
    return PlainTextResponse("small")


async def endless(_: Request) -> Response:
    async def zeros() -> AsyncIterator[bytes]:
        while True:
            yield bytes(100_000)
            await asyncio.sleep(0)  # the client may be gone

    return StreamingResponse(zeros())


async def reading(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


APP = Starlette(
    routes=[
        Route("/", small, methods=["GET", "POST"]),
        Route("/endless", endless),
        Route("/reading", reading, methods=["POST"]),
    ]
)
AHEAD = GET + b"POST /reading HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
"""A request, and behind it another one whose body does not come."""


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        BEGUN,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + BEGUN,
    ],
    ids=["idle from the start", "a header", "a body", "the header of a second request"],
)
def test_a_request_that_does_not_arrive_in_time_is_ended_though_it_drips(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(http_connection, "REQUEST_SECONDS", SHORT)
    with serving(APP) as port, connect(port, sent) as client:

        def drips_in_vain() -> bool:
            if is_ended(client):
                return True
            if sent:
                client.send(b"a")
            return False

        until(drips_in_vain)
        assert fetch(port, "/") == (200, "small")


@pytest.mark.parametrize("sent", [AHEAD, GET + BEGUN], ids=["its body", "its header"])
def test_a_request_sent_ahead_that_does_not_arrive_in_time_is_ended(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(http_connection, "REQUEST_SECONDS", SHORT)
    with serving(APP) as port, connect(port, sent) as client:
        until(lambda: is_ended(client))


def test_requests_sent_ahead_that_do_not_arrive_lock_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "MAX_CONNECTIONS", 4)
    monkeypatch.setattr(http_connection, "REQUEST_SECONDS", 1000.0)
    with serving(APP) as port, ExitStack() as stack:
        for _ in range(4):
            assert stack.enter_context(connect(port, AHEAD)).recv(65536).startswith(b"HTTP/1.1 200")
        for _ in range(8):
            assert fetch(port, "/") == (200, "small")


def test_a_connection_in_use_may_rest_longer_between_requests_than_one_request_may_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_connection, "REQUEST_SECONDS", SHORT)
    with serving(APP) as port, closing(http.client.HTTPConnection("127.0.0.1", port)) as client:
        client.request("GET", "/")
        assert client.getresponse().read() == b"small"
        used = client.sock
        with connect(port) as idle:
            # By the time that this one is ended, the limit has passed for the other as well.
            until(lambda: is_ended(idle))
        client.request("GET", "/")
        assert client.getresponse().read() == b"small"
        assert client.sock is used


def test_an_answer_that_nobody_reads_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "UNREAD_SECONDS", SHORT)
    ended: list[http_connection.HttpConnection] = []
    lost = http_connection.HttpConnection.connection_lost
    monkeypatch.setattr(
        http_connection.HttpConnection,
        "connection_lost",
        lambda self, error: (ended.append(self), lost(self, error))[1],
    )
    with serving(APP) as port, connect(port, b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n"):
        until(lambda: len(ended) == 1)


def test_too_many_connections_end_those_that_have_waited_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "MAX_CONNECTIONS", 4)
    with serving(APP) as port:
        clients: list[socket.socket] = []
        for _ in range(4):
            clients.append(connect(port, BEGUN))
            # Accepted before the next one connects, so that they have an order.
            assert fetch(port, "/") == (200, "small")
        for gone in range(3):
            clients.append(connect(port, BEGUN))
            until(lambda gone=gone: is_ended(clients[gone]))  # type: ignore[misc]
        assert fetch(port, "/") == (200, "small")
        assert not is_ended(clients[-1])
        for client in clients:
            client.close()


class Nowhere(asyncio.Transport):
    """A transport that goes nowhere, and notes that it has been ended."""

    ended = False

    def abort(self) -> None:
        self.ended = True


def test_512_connections_are_kept_and_one_more_ends_the_one_that_has_waited_longest() -> None:
    config, state = make_server(APP).config, ServerState()
    config.load()
    transports = [Nowhere() for _ in range(513)]

    async def connect_all() -> None:
        for transport in transports:
            assert not any(other.ended for other in transports)
            http_connection.HttpConnection(config, state, {}).connection_made(transport)

    asyncio.run(connect_all())
    assert [number for number, transport in enumerate(transports) if transport.ended] == [0]


def test_a_burst_of_connections_leaves_no_more_than_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "MAX_CONNECTIONS", 4)
    monkeypatch.setattr(http_connection, "REQUEST_SECONDS", 1000.0)
    go_on = threading.Event()

    async def busy(_: Request) -> Response:
        go_on.wait()  # the loop itself, so that all of them are there when it comes round
        return PlainTextResponse("")

    with serving(Starlette(routes=[Route("/", busy)])) as port, ExitStack() as stack:
        stack.enter_context(connect(port, GET))
        clients = [stack.enter_context(connect(port)) for _ in range(50)]
        go_on.set()
        until(lambda: sum(map(is_ended, clients)) >= 46)
        assert fetch(port, "/") == (200, "")
