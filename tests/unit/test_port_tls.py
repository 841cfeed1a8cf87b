"""TLS on the port, over real sockets: who is let in, what is renewed, and who cannot hold on to it."""

from __future__ import annotations

import http.client
import shutil
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from exporter.settings import Cluster, Settings
from exporter.web import connection
from exporter.web.app import make_app
from exporter.web.port import Guard
from tests.certificates import Authority, Signed
from tests.serving import PATIENCE, connect, is_ended, serving, until
from tests.unit.test_port_door import ALICE, Quiet, basic

SETTINGS = Settings((Cluster("c", ("localhost:9092",)),))
SERVER = "cert_file: server.pem, key_file: server.key"
LOCKED = f"{SERVER}, client_ca_file: clients.pem, client_auth_type: RequireAndVerifyClientCert"


class Made:
    """Certificates, made once for all tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder)
        for name in ("server", "next"):
            self.authority.sign(name, "IP:127.0.0.1")
        clients, others = Authority(folder, "clients"), Authority(folder, "others")
        sans = ("DNS:prometheus.example", "IP:10.0.0.7", "IP:2001:db8::1", "email:ops@example.com", "URI:spiffe://a/b")
        self.known = clients.sign("known", *sans)
        self.nameless = clients.sign("nameless")
        self.stranger = others.sign("stranger", *sans)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("tls"))


Serve = Callable[[str], int]


@pytest.fixture
def folder(made: Made, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made.folder, tmp_path / "web"))


@pytest.fixture
def serve(folder: Path) -> Iterator[Serve]:
    """Serves with this web configuration; the port."""
    with ExitStack() as stack:

        def serve(text: str) -> int:
            (folder / "web.yml").write_text(text)
            guard = Guard(str(folder / "web.yml"))
            return stack.enter_context(serving(make_app(Quiet(), SETTINGS, guard=guard), guard.tls()))

        yield serve


def context(made: Made, client: Signed | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=made.authority.cert)
    if client is not None:
        context.load_cert_chain(client.cert, client.key)
    return context


@contextmanager
def connected(port: int, how: ssl.SSLContext) -> Iterator[http.client.HTTPSConnection]:
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=PATIENCE, context=how)
    try:
        yield connection
    finally:
        connection.close()


def status(port: int, how: ssl.SSLContext, **headers: str) -> int:
    with connected(port, how) as connection:
        connection.request("GET", "/metrics", headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def is_let_in(port: int, how: ssl.SSLContext) -> bool:
    try:
        return status(port, how) == 200
    except (ssl.SSLError, ConnectionError, http.client.RemoteDisconnected):
        return False


def shown(port: int, how: ssl.SSLContext) -> str:
    """The name in the certificate that the port shows."""
    with connected(port, how) as connection:
        connection.connect()
        assert isinstance(connection.sock, ssl.SSLSocket)
        certificate = connection.sock.getpeercert()
        assert certificate is not None
        ((name,),) = certificate["subject"]
        return str(name[1])


def test_a_scrape_over_tls_is_answered_with_a_password_and_refused_without(made: Made, serve: Serve) -> None:
    port = serve(f"tls_server_config: {{{SERVER}}}\n{ALICE}")
    assert status(port, context(made), **basic("alice", "secret")) == 200
    assert status(port, context(made)) == 401


def test_without_tls_nothing_is_answered(serve: Serve) -> None:
    port = serve(f"tls_server_config: {{{SERVER}}}")
    with connect(port, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n") as client:
        until(lambda: is_ended(client))


def test_only_clients_with_a_certificate_of_the_authority_are_let_in(made: Made, serve: Serve) -> None:
    port = serve(f"tls_server_config: {{{LOCKED}}}")
    assert is_let_in(port, context(made, made.known))
    assert is_let_in(port, context(made, made.nameless))
    assert not is_let_in(port, context(made, made.stranger))
    assert not is_let_in(port, context(made))


def test_a_certificate_that_is_asked_for_only_if_there_is_one_is_verified(made: Made, serve: Serve) -> None:
    port = serve(f"tls_server_config: {{{LOCKED.replace('RequireAndVerifyClientCert', 'VerifyClientCertIfGiven')}}}")
    assert is_let_in(port, context(made))
    assert is_let_in(port, context(made, made.known))
    assert not is_let_in(port, context(made, made.stranger))


@pytest.mark.parametrize("san", ["prometheus.example", "10.0.0.7", "2001:db8::1", "ops@example.com", "spiffe://a/b"])
def test_a_client_with_an_allowed_name_is_let_in(made: Made, serve: Serve, san: str) -> None:
    port = serve(f"tls_server_config: {{{LOCKED}, client_allowed_sans: [else.example, '{san}']}}")
    assert is_let_in(port, context(made, made.known))
    assert not is_let_in(port, context(made, made.nameless))
    assert not is_let_in(port, context(made, made.stranger))
    assert not is_let_in(port, context(made))


@pytest.mark.parametrize("san", ["example", "*.example", "PROMETHEUS.example", "10.0.0", "known", "spiffe://a"])
def test_a_name_must_be_exactly_the_same(made: Made, serve: Serve, san: str, caplog: pytest.LogCaptureFixture) -> None:
    port = serve(f"tls_server_config: {{{LOCKED}, client_allowed_sans: ['{san}']}}")
    assert not is_let_in(port, context(made, made.known))
    assert "a client's certificate has none of client_allowed_sans: 10.0.0.7, 2001:db8::1, ops@" in caplog.text


def test_a_session_that_is_taken_up_again_is_held_to_its_names_too(made: Made, serve: Serve, folder: Path) -> None:
    port = serve(f"tls_server_config: {{{LOCKED}, client_allowed_sans: [prometheus.example], max_version: TLS12}}")
    how = context(made, made.known)
    with connected(port, how) as connection:
        connection.connect()
        assert isinstance(connection.sock, ssl.SSLSocket)
        session = connection.sock.session
    assert takes_up(port, how, session)
    (folder / "web.yml").write_text(f"tls_server_config: {{{LOCKED}, client_allowed_sans: [else], max_version: TLS12}}")
    assert not takes_up(port, how, session)


def takes_up(port: int, how: ssl.SSLContext, session: ssl.SSLSession | None) -> bool:
    """True if who takes up a session again is answered."""
    try:
        with connect(port) as plain, how.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as client:
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            return client.recv(1) != b""
    except (ssl.SSLError, ConnectionError):
        return False


def test_a_renewed_certificate_is_shown_to_those_who_come_next(made: Made, serve: Serve, folder: Path) -> None:
    port = serve(f"tls_server_config: {{{SERVER}}}")
    with connected(port, context(made)) as before:
        before.request("GET", "/-/healthy")
        before.getresponse().read()
        assert shown(port, context(made)) == "server"
        for kind in ("pem", "key"):
            (folder / f"next.{kind}").replace(folder / f"server.{kind}")
        assert shown(port, context(made)) == "next"
        # Who is there already stays.
        before.request("GET", "/-/healthy")
        assert before.getresponse().status == 200


def test_another_authority_for_clients_counts_for_those_who_come_next(made: Made, serve: Serve, folder: Path) -> None:
    port = serve(f"tls_server_config: {{{LOCKED}}}")
    assert not is_let_in(port, context(made, made.stranger))
    (folder / "others.pem").replace(folder / "clients.pem")
    assert is_let_in(port, context(made, made.stranger))
    assert not is_let_in(port, context(made, made.known))


def test_a_broken_certificate_leaves_the_old_one(made: Made, serve: Serve, folder: Path) -> None:
    port = serve(f"tls_server_config: {{{SERVER}}}")
    (folder / "server.pem").write_text("broken")
    assert shown(port, context(made)) == "server"


@pytest.mark.parametrize(
    ("keys", "client", "agreed"),
    [
        ("", ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
        ("", ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
        ("", ssl.TLSVersion.TLSv1_1, None),
        (", min_version: TLS13", ssl.TLSVersion.TLSv1_2, None),
        (", max_version: TLS12", ssl.TLSVersion.MAXIMUM_SUPPORTED, "TLSv1.2"),
        (", min_version: TLS10", ssl.TLSVersion.TLSv1_1, "TLSv1.1"),
        (", cipher_suites: [TLS_AES_128_GCM_SHA256]", ssl.TLSVersion.TLSv1_2, None),
    ],
)
def test_versions_are_those_that_are_configured(
    made: Made, serve: Serve, keys: str, client: ssl.TLSVersion, agreed: str | None
) -> None:
    port = serve(f"tls_server_config: {{{SERVER}{keys}}}")
    how = context(made)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        how.set_ciphers("ALL:@SECLEVEL=0")
        how.minimum_version = ssl.TLSVersion.TLSv1
        how.maximum_version = client
    with connected(port, how) as connection:
        if agreed is None:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                connection.connect()
        else:
            connection.connect()
            assert isinstance(connection.sock, ssl.SSLSocket)
            assert connection.sock.version() == agreed


def test_cipher_suites_and_curves_are_those_that_are_configured(made: Made, serve: Serve) -> None:
    suites = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"
    port = serve(f"tls_server_config: {{{SERVER}, cipher_suites: [{suites}], curve_preferences: [CurveP384]}}")
    how = context(made)
    how.maximum_version = ssl.TLSVersion.TLSv1_2
    with connected(port, how) as connection:
        connection.connect()
        assert isinstance(connection.sock, ssl.SSLSocket)
        assert connection.sock.cipher() == ("ECDHE-ECDSA-AES256-GCM-SHA384", "TLSv1.2", 256)
    how.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    assert not is_let_in(port, how)
    how = context(made)
    how.set_ecdh_curve("secp521r1")
    assert not is_let_in(port, how)


HELLO = b"\x16\x03\x01\x02\x00\x01"
"""The beginning of a handshake."""


@pytest.mark.parametrize("sent", [b"", HELLO], ids=["no handshake", "a dripping handshake"])
def test_two_hundred_who_never_shake_hands_do_not_stop_a_scrape_and_are_ended(
    made: Made, serve: Serve, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HANDSHAKE_SECONDS", 2.0)
    port = serve(f"tls_server_config: {{{SERVER}}}")
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(port, sent)) for _ in range(200)]
        assert status(port, context(made)) == 200
        for client in clients:
            until(lambda client=client: is_ended(client))  # type: ignore[misc]
        assert status(port, context(made)) == 200


@pytest.mark.parametrize("sent", [b"", HELLO], ids=["no handshake", "a dripping handshake"])
def test_those_who_never_shake_hands_make_room_as_all_do(
    made: Made, serve: Serve, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HANDSHAKE_SECONDS", 1000.0)
    monkeypatch.setattr(connection, "MOST_CONNECTIONS", 4)
    port = serve(f"tls_server_config: {{{SERVER}}}")
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(port, sent)) for _ in range(20)]
        until(lambda: sum(map(is_ended, clients)) == 16)
        assert status(port, context(made)) == 200


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nX: "], ids=["idle", "dripping a header"])
def test_two_hundred_who_say_nothing_within_tls_do_not_stop_a_scrape(made: Made, serve: Serve, sent: bytes) -> None:
    port = serve(f"tls_server_config: {{{SERVER}}}")
    how = context(made)
    with ExitStack() as stack:
        for _ in range(200):
            client = stack.enter_context(how.wrap_socket(connect(port), server_hostname="127.0.0.1"))
            client.sendall(sent)
        assert status(port, context(made)) == 200


def test_it_stops_though_clients_hold_on(made: Made, folder: Path) -> None:
    (folder / "web.yml").write_text(f"tls_server_config: {{{SERVER}}}")
    guard = Guard(str(folder / "web.yml"))
    with ExitStack() as stack, serving(make_app(Quiet(), SETTINGS, guard=guard), guard.tls()) as port:
        for sent in (None, b"", b"GET / HTTP/1.1\r\nX: "):
            client = stack.enter_context(connect(port, HELLO if sent is None else b""))
            if sent is not None:
                client = stack.enter_context(context(made).wrap_socket(client, server_hostname="127.0.0.1"))
                client.sendall(sent)
