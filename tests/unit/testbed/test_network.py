"""The bad networks of `make faults` end when they should."""

from __future__ import annotations

import socket

import pytest

from testbed import network
from testbed.network import Babbler, Proxy
from testbed.processes import LOOPBACK, wait_until

PATIENCE = 30.0
MORE_THAN_BUFFERS_HOLD = 64_000_000


def test_a_proxy_gives_up_a_client_that_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "SEND_SECONDS", 1)
    with Babbler(bytes(MORE_THAN_BUFFERS_HOLD)) as server, Proxy() as proxy:
        proxy.target = server.port
        with socket.create_connection((LOOPBACK, proxy.port), PATIENCE) as client:
            client.sendall(b"a request")
            wait_until(lambda: proxy.connections > 0, PATIENCE, "the proxy to take the connection")
            wait_until(lambda: proxy.connections == 0, PATIENCE, "the proxy to give the connection up")


def test_a_proxy_waits_for_an_answer_for_longer_than_it_may_take_to_pass_one_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(network, "SEND_SECONDS", 1)
    with socket.create_server((LOOPBACK, 0)) as listening, Proxy() as proxy:
        proxy.target = listening.getsockname()[1]
        with socket.create_connection((LOOPBACK, proxy.port), PATIENCE) as client:
            server, _ = listening.accept()
            with server:
                client.settimeout(1.5)
                with pytest.raises(TimeoutError):
                    client.recv(1)
                client.settimeout(PATIENCE)
                server.sendall(b"an answer")
                assert client.recv(100) == b"an answer"
