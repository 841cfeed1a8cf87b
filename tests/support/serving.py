"""Runs an application on a free port of the loopback, in a thread of the test."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp

from exporter.web.server import listen, make_server

PATIENCE = 20.0


@contextmanager
def serving(app: ASGIApp, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port on which the application answers."""
    server = make_server(app, tls)
    with listen("127.0.0.1:0") as listener:
        port: int = listener.getsockname()[1]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            until(lambda: server.started)
            yield port
        finally:
            server.stop()
            thread.join(PATIENCE)
            assert not thread.is_alive()


def fetch(port: int, path: str, method: str = "GET", timeout: float = PATIENCE) -> tuple[int, str]:
    """Status and body of an answer, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def connect(port: int, sent: bytes = b"") -> socket.socket:
    """A connection on which so much has been sent; waiting on it ends in TimeoutError."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.sendall(sent)
    return connection


@contextmanager
def connected(port: int, how: ssl.SSLContext) -> Iterator[http.client.HTTPSConnection]:
    """A connection over TLS, which is made when it is used."""
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=PATIENCE, context=how)
    try:
        yield connection
    finally:
        connection.close()


def status(port: int, how: ssl.SSLContext, **headers: str) -> int:
    """The status with which a scrape over TLS is answered."""
    with connected(port, how) as connection:
        connection.request("GET", "/metrics", headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def is_ended(connection: socket.socket) -> bool:
    """True once the other side has closed or reset the connection, reading what there is."""
    connection.setblocking(False)
    try:
        while connection.recv(65536):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return True


def until(condition: Callable[[], bool]) -> None:
    """Waits for the condition, and fails if it does not come."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
