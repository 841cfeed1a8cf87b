"""The port: where it listens, and many who ask at once, over real sockets."""

from __future__ import annotations

import http.client
import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from starlette.types import Receive, Scope, Send

from exporter.core.report import Outcome
from exporter.settings import Cluster, Settings
from exporter.web.app import make_app
from exporter.web.scrape import SCRAPES_AT_ONCE
from exporter.web.server import bound_address, listen, parse_address
from tests.support.observations import group, observation
from tests.support.outcomes import outcome
from tests.support.serving import PATIENCE, connect, fetch, serving, until

SETTINGS = Settings((Cluster("c", ("localhost:9092",)),))


class Gate:
    """A collector whose scrapes wait until the test lets them go on."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.lock = threading.Lock()
        self.waiting = 0
        self.fails = False
        self.timeouts: list[float] = []

    def collect(self, timeout: float) -> tuple[Outcome, ...]:
        with self.lock:
            self.waiting += 1
            self.timeouts.append(timeout)
        assert self.open.wait(PATIENCE)
        if self.fails:
            raise RuntimeError("nobody foresaw this")
        return (outcome(observation(0, {"g": group({"t": [1]})}, {"t": [3]})),)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        (":8000", "", 8000),
        (":0", "", 0),
        ("127.0.0.1:8000", "127.0.0.1", 8000),
        ("localhost:65535", "localhost", 65535),
        ("[::1]:8000", "::1", 8000),
        ("[::]:8000", "::", 8000),
    ],
)
def test_a_listen_address_is_host_and_port(address: str, host: str, port: int) -> None:
    assert parse_address(address) == (host, port)


@pytest.mark.parametrize("address", ["", "8000", "localhost", "localhost:", "::1:8000", ":65536", ":-1", ":8x", ":٣"])
def test_what_is_no_listen_address_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(ValueError, match=r'expected host:port, such as ":8000"'):
        parse_address(address)


@pytest.mark.parametrize("address", ["127.0.0.1:0", "localhost:0", "[::1]:0"])
def test_it_listens_where_it_is_told_and_says_where_that_is(address: str) -> None:
    with listen(address) as listener:
        host, port = parse_address(bound_address(listener))
        assert port > 0
        socket.create_connection((host, port), timeout=PATIENCE).close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_without_a_host_it_listens_on_every_address(host: str) -> None:
    with listen(":0") as listener:
        socket.create_connection((host, listener.getsockname()[1]), timeout=PATIENCE).close()


@pytest.mark.parametrize("host", ["", "127.0.0.1"])
def test_a_port_in_use_is_an_error(host: str) -> None:
    with listen(f"{host}:0") as listener, pytest.raises(OSError, match="Address already in use"):
        listen(f"{host}:{listener.getsockname()[1]}")


def test_fifty_scrapes_at_once_are_all_answered(gate: Gate) -> None:
    with serving(make_app(gate, SETTINGS)) as port, ThreadPoolExecutor(50) as scrapers:
        answers = [scrapers.submit(fetch, port, "/metrics") for _ in range(50)]
        until(lambda: gate.waiting >= SCRAPES_AT_ONCE)
        gate.open.set()
        for answer in answers:
            status, body = answer.result(PATIENCE)
            assert status == 200
            assert 'burrow_kafka_consumer_lag_total{cluster="c",consumer_group="g"} 2.0\n' in body


def test_health_is_answered_while_sixty_scrapes_wait_in_a_bounded_number_of_threads(gate: Gate) -> None:
    app, arrived = make_app(gate, SETTINGS), []

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.append(scope["path"])
        await app(scope, receive, send)

    with serving(counted) as port, ThreadPoolExecutor(60) as scrapers:
        answers = [scrapers.submit(fetch, port, "/metrics") for _ in range(60)]
        until(lambda: len(arrived) == 60 and gate.waiting == SCRAPES_AT_ONCE)
        assert fetch(port, "/-/healthy")[0] == 200
        assert fetch(port, "/-/ready")[0] == 200
        assert not any(answer.done() for answer in answers)
        assert sum(thread.name == "scrape" for thread in threading.enumerate()) == SCRAPES_AT_ONCE
        gate.open.set()
        assert {answer.result(PATIENCE)[0] for answer in answers} == {200}
        assert gate.waiting == 60
        # Those that waited for a thread have so much less of their own time left.
        assert max(gate.timeouts[SCRAPES_AT_ONCE:]) < min(gate.timeouts[:SCRAPES_AT_ONCE])


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Drip: ", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1"],
    ids=["idle", "dripping a header", "dripping a body"],
)
def test_two_hundred_idle_or_dripping_connections_do_not_stop_a_scrape(gate: Gate, sent: bytes) -> None:
    gate.open.set()
    with serving(make_app(gate, SETTINGS)) as port:
        connections = [connect(port, sent) for _ in range(200)]
        try:
            for _ in range(3):
                for connection in connections:
                    connection.sendall(b"a" if sent else b"")
                assert fetch(port, "/metrics")[0] == 200
        finally:
            for connection in connections:
                connection.close()


def test_head_has_no_body_and_no_answer_names_the_server(gate: Gate) -> None:
    gate.open.set()
    with serving(make_app(gate, SETTINGS)) as port, closing(http.client.HTTPConnection("127.0.0.1", port)) as client:
        for path in ("/metrics", "/-/healthy"):
            client.request("HEAD", path)
            head = client.getresponse()
            assert head.status == 200
            assert head.read() == b""
            assert head.getheader("Server") is None
            assert int(head.getheader("Content-Length", "0")) > 0


def test_a_header_without_end_is_refused(gate: Gate) -> None:
    with serving(make_app(gate, SETTINGS)) as port, connect(port, b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000) as client:
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")


def test_no_client_can_fill_the_log(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    upgrade = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: %b\r\n\r\n"
    with serving(make_app(gate, SETTINGS)) as port, caplog.at_level(logging.INFO):
        for sent in (b"nonsense\r\n\r\n", upgrade % b"h2c", upgrade % b"websocket"):
            with connect(port, sent) as client:
                assert client.recv(100).startswith(b"HTTP/1.1 ")
    assert caplog.records == []


def test_an_unforeseen_error_is_logged_with_its_traceback_and_the_server_lives_on(
    gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    gate.fails = True
    gate.open.set()
    with serving(make_app(gate, SETTINGS)) as port, caplog.at_level(logging.INFO):
        assert fetch(port, "/metrics") == (500, "Internal error; see the exporter's log.\n")
        gate.fails = False
        assert fetch(port, "/metrics")[0] == 200
    (record,) = caplog.records
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "nobody foresaw this"
