"""TLS on the port, over real sockets: which clients are let in, and what is renewed."""

from __future__ import annotations

import http.client
import shutil
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from exporter.settings import Cluster, Settings
from exporter.web.app import make_app
from exporter.web.middleware import Guard
from tests.support.certificates import PortCertificates
from tests.support.serving import connect, connected, is_ended, serving, status, until
from tests.unit.web.middleware.test_access import ALICE, Quiet, basic

SETTINGS = Settings((Cluster("c", ("localhost:9092",)),))
SERVER = "cert_file: server.pem, key_file: server.key"
LOCKED = f"{SERVER}, client_ca_file: clients.pem, client_auth_type: RequireAndVerifyClientCert"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> PortCertificates:
    return PortCertificates(tmp_path_factory.mktemp("tls"))


Serve = Callable[[str], int]


@pytest.fixture
def folder(made: PortCertificates, tmp_path: Path) -> Path:
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


def test_a_scrape_over_tls_is_answered_with_a_password_and_refused_without(
    made: PortCertificates, serve: Serve
) -> None:
    port = serve(f"tls_server_config: {{{SERVER}}}\n{ALICE}")
    assert status(port, made.context(), **basic("alice", "secret")) == 200
    assert status(port, made.context()) == 401


def test_without_tls_nothing_is_answered(serve: Serve) -> None:
    port = serve(f"tls_server_config: {{{SERVER}}}")
    with connect(port, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n") as client:
        until(lambda: is_ended(client))


def test_only_clients_with_a_certificate_of_the_authority_are_let_in(made: PortCertificates, serve: Serve) -> None:
    port = serve(f"tls_server_config: {{{LOCKED}}}")
    assert is_let_in(port, made.context(made.known))
    assert is_let_in(port, made.context(made.nameless))
    assert not is_let_in(port, made.context(made.stranger))
    assert not is_let_in(port, made.context())


def test_why_a_client_is_refused_is_one_line_however_often_it_tries(
    made: PortCertificates, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    port = serve(f"tls_server_config: {{{LOCKED}}}")
    for _ in range(3):
        assert not is_let_in(port, made.context(made.stranger))
        assert not is_let_in(port, made.context())
    lines = [record.getMessage() for record in caplog.records if record.name == "exporter.web.config.tls"]
    assert lines == [
        "a client's certificate is not accepted: unable to get local issuer certificate",
        "a client is refused, because it has shown no certificate",
    ]


def test_a_certificate_that_is_asked_for_only_if_there_is_one_is_verified(made: PortCertificates, serve: Serve) -> None:
    port = serve(f"tls_server_config: {{{LOCKED.replace('RequireAndVerifyClientCert', 'VerifyClientCertIfGiven')}}}")
    assert is_let_in(port, made.context())
    assert is_let_in(port, made.context(made.known))
    assert not is_let_in(port, made.context(made.stranger))


@pytest.mark.parametrize("san", ["prometheus.example", "10.0.0.7", "2001:db8::1", "ops@example.com", "spiffe://a/b"])
def test_a_client_with_an_allowed_name_is_let_in(made: PortCertificates, serve: Serve, san: str) -> None:
    port = serve(f"tls_server_config: {{{LOCKED}, client_allowed_sans: [else.example, '{san}']}}")
    assert is_let_in(port, made.context(made.known))
    assert not is_let_in(port, made.context(made.nameless))
    assert not is_let_in(port, made.context(made.stranger))
    assert not is_let_in(port, made.context())


@pytest.mark.parametrize("san", ["example", "*.example", "PROMETHEUS.example", "10.0.0", "known", "spiffe://a"])
def test_a_name_must_be_exactly_the_same(
    made: PortCertificates, serve: Serve, san: str, caplog: pytest.LogCaptureFixture
) -> None:
    port = serve(f"tls_server_config: {{{LOCKED}, client_allowed_sans: ['{san}']}}")
    assert not is_let_in(port, made.context(made.known))
    assert "a client's certificate has none of client_allowed_sans: 10.0.0.7, 2001:db8::1, ops@" in caplog.text


def test_a_session_that_is_taken_up_again_is_held_to_its_names_too(
    made: PortCertificates, serve: Serve, folder: Path
) -> None:
    port = serve(f"tls_server_config: {{{LOCKED}, client_allowed_sans: [prometheus.example], max_version: TLS12}}")
    how = made.context(made.known)
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


def test_a_renewed_certificate_is_shown_to_those_who_come_next(
    made: PortCertificates, serve: Serve, folder: Path
) -> None:
    port = serve(f"tls_server_config: {{{SERVER}}}")
    with connected(port, made.context()) as before:
        before.request("GET", "/-/healthy")
        before.getresponse().read()
        assert shown(port, made.context()) == "server"
        for kind in ("pem", "key"):
            (folder / f"next.{kind}").replace(folder / f"server.{kind}")
        assert shown(port, made.context()) == "next"
        # Who is there already stays.
        before.request("GET", "/-/healthy")
        assert before.getresponse().status == 200


def test_another_authority_for_clients_counts_for_those_who_come_next(
    made: PortCertificates, serve: Serve, folder: Path
) -> None:
    port = serve(f"tls_server_config: {{{LOCKED}}}")
    assert not is_let_in(port, made.context(made.stranger))
    (folder / "others.pem").replace(folder / "clients.pem")
    assert is_let_in(port, made.context(made.stranger))
    assert not is_let_in(port, made.context(made.known))


def test_a_broken_certificate_leaves_the_old_one(made: PortCertificates, serve: Serve, folder: Path) -> None:
    port = serve(f"tls_server_config: {{{SERVER}}}")
    (folder / "server.pem").write_text("broken")
    assert shown(port, made.context()) == "server"


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
    made: PortCertificates, serve: Serve, keys: str, client: ssl.TLSVersion, agreed: str | None
) -> None:
    port = serve(f"tls_server_config: {{{SERVER}{keys}}}")
    how = made.context()
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


def test_cipher_suites_and_curves_are_those_that_are_configured(made: PortCertificates, serve: Serve) -> None:
    suites = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"
    port = serve(f"tls_server_config: {{{SERVER}, cipher_suites: [{suites}], curve_preferences: [CurveP384]}}")
    how = made.context()
    how.maximum_version = ssl.TLSVersion.TLSv1_2
    with connected(port, how) as connection:
        connection.connect()
        assert isinstance(connection.sock, ssl.SSLSocket)
        assert connection.sock.cipher() == ("ECDHE-ECDSA-AES256-GCM-SHA384", "TLSv1.2", 256)
    how.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    assert not is_let_in(port, how)
    how = made.context()
    how.set_ecdh_curve("secp521r1")
    assert not is_let_in(port, how)
