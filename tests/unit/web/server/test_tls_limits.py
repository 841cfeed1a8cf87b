"""TLS on the port, over real sockets: clients that hold on to a connection do not stop a scrape or the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from exporter.settings import Cluster, Settings
from exporter.web.app import make_app
from exporter.web.middleware import Guard
from exporter.web.server import http_connection
from tests.support.certificates import PortCertificates
from tests.support.serving import connect, is_ended, serving, status, until
from tests.unit.web.middleware.test_access import Quiet


@contextmanager
def tls_port(folder: Path) -> Iterator[int]:
    """A port with the certificate in the folder."""
    config = folder / "web.yml"
    config.write_text("tls_server_config: {cert_file: server.pem, key_file: server.key}")
    guard = Guard(str(config))
    app = make_app(Quiet(), Settings((Cluster("c", ("localhost:9092",)),)), guard=guard)
    with serving(app, guard.tls()) as port:
        yield port


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> PortCertificates:
    return PortCertificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def port(certificates: PortCertificates) -> Iterator[int]:
    with tls_port(certificates.folder) as port:
        yield port


HELLO = b"\x16\x03\x01\x02\x00\x01"
"""The beginning of a handshake."""


@pytest.mark.parametrize("sent", [b"", HELLO], ids=["no handshake", "a dripping handshake"])
def test_two_hundred_who_never_shake_hands_do_not_stop_a_scrape_and_are_ended(
    certificates: PortCertificates, port: int, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_connection, "HANDSHAKE_SECONDS", 2.0)
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(port, sent)) for _ in range(200)]
        assert status(port, certificates.context()) == 200
        for client in clients:
            until(lambda client=client: is_ended(client))  # type: ignore[misc]
        assert status(port, certificates.context()) == 200


@pytest.mark.parametrize("sent", [b"", HELLO], ids=["no handshake", "a dripping handshake"])
def test_those_who_never_shake_hands_make_room_as_all_do(
    certificates: PortCertificates, port: int, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_connection, "HANDSHAKE_SECONDS", 1000.0)
    monkeypatch.setattr(http_connection, "MAX_CONNECTIONS", 4)
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(port, sent)) for _ in range(20)]
        until(lambda: sum(map(is_ended, clients)) == 16)
        assert status(port, certificates.context()) == 200


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nX: "], ids=["idle", "dripping a header"])
def test_two_hundred_who_say_nothing_within_tls_do_not_stop_a_scrape(
    certificates: PortCertificates, port: int, sent: bytes
) -> None:
    how = certificates.context()
    with ExitStack() as stack:
        for _ in range(200):
            client = stack.enter_context(how.wrap_socket(connect(port), server_hostname="127.0.0.1"))
            client.sendall(sent)
        assert status(port, certificates.context()) == 200


def test_it_stops_though_clients_hold_on(certificates: PortCertificates) -> None:
    with ExitStack() as stack, tls_port(certificates.folder) as port:
        for sent in (None, b"", b"GET / HTTP/1.1\r\nX: "):
            client = stack.enter_context(connect(port, HELLO if sent is None else b""))
            if sent is not None:
                client = stack.enter_context(certificates.context().wrap_socket(client, server_hostname="127.0.0.1"))
                client.sendall(sent)
