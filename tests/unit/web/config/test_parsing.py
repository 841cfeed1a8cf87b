"""The web configuration file: what is taken, and what is refused with its line.

The names of the cases are those of the exporter-toolkit's own files, so that the lists can be held side by side.
"""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from textwrap import dedent

import pytest

from exporter.schema import ConfigError
from exporter.web.config import Rate, WebConfig, load
from exporter.web.config.go_names import CURVES, OF_TLS13, SUITES
from exporter.web.config.tls import server_context
from tests.support.certificates import Authority
from tests.support.repository import ROOT

HASH = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"
SERVER = "cert_file: server.pem, key_file: server.key"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with server.pem and server.key, other.key, ca.pem, and junk.pem that holds no certificate."""
    folder = tmp_path_factory.mktemp("web")
    authority = Authority(folder)
    authority.sign("server", "DNS:localhost")
    authority.sign("other")
    (folder / "junk.pem").write_text("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")
    return folder


def read(folder: Path, text: str) -> WebConfig:
    (folder / "web.yml").write_text(dedent(text))
    return load(str(folder / "web.yml"))


def tls(folder: Path, keys: str) -> WebConfig:
    return read(folder, f"tls_server_config: {{{keys}}}")


@pytest.mark.parametrize("text", ["", "# nothing\n", "basic_auth_users: {}", "rate_limit: {interval: 0, burst: 0}"])
def test_a_file_that_says_nothing_locks_nothing(folder: Path, text: str) -> None:
    config = read(folder, text)
    assert config == WebConfig()
    assert not config.authenticates


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(SERVER, id="noAuth.good"),
        pytest.param(f"{SERVER}, client_auth_type: VerifyClientCertIfGiven", id="noAuth.good, no authority"),
        pytest.param(f"{SERVER}, client_auth_type: RequestClientCert, client_ca_file: ca.pem", id="requestclientcert"),
        pytest.param(f"{SERVER}, cipher_suites: [{', '.join([*SUITES, *OF_TLS13])}]", id="allCiphers.good"),
        pytest.param(f"{SERVER}, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]", id="someCiphers.good"),
        pytest.param(f"{SERVER}, prefer_server_cipher_suites: false", id="someCiphers_noOrder.good"),
        pytest.param(f"{SERVER}, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA]", id="noHTTP2.good"),
        pytest.param(f"{SERVER}, curve_preferences: [{', '.join(CURVES)}]", id="allCurves.good"),
        pytest.param(f"{SERVER}, curve_preferences: [CurveP521]", id="someCurves.good"),
        pytest.param(f"{SERVER}, min_version: TLS10, max_version: TLS11", id="old versions"),
        pytest.param(f"{SERVER}, min_version: TLS13, cipher_suites: [TLS_AES_128_GCM_SHA256]", id="TLS 1.3 only"),
    ],
)
def test_tls_that_the_toolkit_takes_is_taken_and_asks_for_no_certificate(folder: Path, keys: str) -> None:
    config = tls(folder, keys)
    assert config.tls is not None
    assert not config.authenticates
    assert server_context(config.tls).verify_mode != ssl.CERT_REQUIRED


@pytest.mark.parametrize("policy", ["RequireAndVerifyClientCert", "RequireAnyClientCert", "RequireClientCert"])
def test_certificates_that_are_required_are_held_to_the_authority(folder: Path, policy: str) -> None:
    sans = "client_allowed_sans: [prometheus.example, 10.0.0.1]"
    config = tls(folder, f"{SERVER}, client_auth_type: {policy}, client_ca_file: ca.pem, {sans}")
    assert config.authenticates
    assert config.tls is not None
    assert config.tls.client_allowed_sans == ("prometheus.example", "10.0.0.1")
    context = server_context(config.tls)
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert [authority["subject"] for authority in context.get_ca_certs()] == [((("commonName", "ca"),),)]


def test_what_is_written_in_the_file_itself_is_as_good_as_a_file(folder: Path) -> None:
    """tlsInline.good, requireanyclientcertkeyinline.good."""
    indented = {
        name: (folder / file).read_text().replace("\n", "\n    ").rstrip()
        for name, file in (("cert", "server.pem"), ("key", "server.key"), ("client_ca", "ca.pem"))
    }
    text = "tls_server_config:\n  client_auth_type: RequireAndVerifyClientCert\n"
    text += "".join(f"  {name}: |\n    {pem}\n" for name, pem in indented.items())
    (folder / "web.yml").write_text(text)
    config = load(str(folder / "web.yml"))
    assert config.tls is not None
    assert len(server_context(config.tls).get_ca_certs()) == 1
    assert "BEGIN" not in repr(config)


def test_users_headers_and_a_rate_are_read(folder: Path) -> None:
    config = read(
        folder,
        f"""
        http_server_config:
          http2: true
          headers:
            Content-Security-Policy: default-src 'self'
            X-Frame-Options: deny
            X-Content-Type-Options: nosniff
            X-XSS-Protection: ""
            Strict-Transport-Security: max-age=31536000
        basic_auth_users: {{alice: {HASH}, no: "{HASH}"}}
        rate_limit: {{interval: 1m1.5s, burst: 20}}
        """,
    )
    assert config.users == {"alice": HASH, "no": HASH}
    assert config.headers == {
        "Content-Security-Policy": "default-src 'self'",
        "X-Frame-Options": "deny",
        "X-Content-Type-Options": "nosniff",
        "Strict-Transport-Security": "max-age=31536000",
    }
    assert config.rate == Rate(61.5, 20)
    assert config.authenticates
    assert HASH not in repr(config)


BAD = [
    pytest.param("hallo", "1:1: must be a mapping of keys (tls_server_config, ", id="junk"),
    pytest.param("\ntls_config: {}", '2:1: tls_config: unknown key; did you mean "tls_server_config"?', id="junk_key"),
    pytest.param("cert_file: a", 'cert_file: unknown key; did you mean "tls_server_config.cert_file"?', id="misplaced"),
    pytest.param("tls_server_config: {cert_file: '', key_file: server.key}", '"" is not a path', id="certPath_empty"),
    pytest.param("tls_server_config: {key_file: server.key}", "cert_file (or cert) is missing", id="cert_empty"),
    pytest.param("tls_server_config: {cert_file: server.pem}", "key_file (or key) is missing", id="keyPath_empty"),
    pytest.param("tls_server_config: {}", "cert_file (or cert) is missing", id="certPath_keyPath_empty"),
    pytest.param("tls_server_config:", "1:1: tls_server_config: is empty", id="half written"),
    pytest.param("basic_auth_users:", "1:1: basic_auth_users: is empty", id="half written users"),
    pytest.param("tls_server_config: {cert_file: no.pem, key_file: server.key}", "no such file", id="certPath_invalid"),
    pytest.param("tls_server_config: {cert_file: server.pem, key_file: no.key}", "no such file", id="keyPath_invalid"),
    pytest.param(
        "tls_server_config: {cert_file: server.pem, key_file: other.key}",
        "tls_server_config.cert_file: the certificate and the key do not belong together",
        id="another's key",
    ),
    pytest.param(
        "tls_server_config: {cert_file: server.pem, cert: x, key_file: server.key}",
        "give cert or cert_file, not both",
        id="both",
    ),
    pytest.param(
        f"tls_server_config: {{{SERVER}, client_ca_file: ca.pem}}",
        "client_ca_file: has no effect without client_auth_type",
        id="noAuth.bad",
    ),
    pytest.param(
        f"tls_server_config: {{{SERVER}, client_auth_type: Sometimes}}", '"Sometimes" is not a policy', id="auth_type"
    ),
    pytest.param(
        f"tls_server_config: {{{SERVER}, client_ca_file: no.pem, client_auth_type: RequireAndVerifyClientCert}}",
        "client_ca_file: cannot read",
        id="auth_clientCAs_invalid",
    ),
    pytest.param(
        f"tls_server_config: {{{SERVER}, client_ca_file: junk.pem, client_auth_type: RequireAndVerifyClientCert}}",
        "client_ca_file: holds no certificate in PEM form",
        id="auth_clientCAs_nocerts",
    ),
    pytest.param(
        f"tls_server_config: {{{SERVER}, client_ca: words, client_auth_type: RequireAndVerifyClientCert}}",
        "client_ca: holds nothing in PEM form",
        id="auth_clientCAsText_nocerts",
    ),
    pytest.param(
        f"tls_server_config: {{{SERVER}, client_auth_type: RequireAndVerifyClientCert}}",
        "RequireAndVerifyClientCert needs client_ca_file",
        id="no authority",
    ),
    pytest.param(
        f"tls_server_config: {{{SERVER}, client_allowed_sans: [a]}}",
        "add client_auth_type: RequireAndVerifyClientCert",
        id="auth_client_san_no_client_auth",
    ),
    pytest.param(
        f"tls_server_config: {{{SERVER}, client_allowed_sans: [a], client_auth_type: VerifyClientCertIfGiven}}",
        "client_allowed_sans: names can be checked only if every client must show a certificate",
        id="auth_client_san_optional_cert",
    ),
    pytest.param(
        f"tls_server_config: {{{SERVER}, cipher_suites: [TLS_MADE_UP]}}",
        '"TLS_MADE_UP" is no cipher suite of Go\'s',
        id="inventedCiphers",
    ),
    pytest.param(
        f"tls_server_config: {{{SERVER}, curve_preferences: [CurveP257]}}",
        '"CurveP257" is no curve of Go\'s; did you mean "CurveP256"?',
        id="inventedCurves",
    ),
    pytest.param(
        f"tls_server_config: {{{SERVER}, min_version: TLS111}}",
        '"TLS111" is not a version of TLS',
        id="wrongTLSVersion",
    ),
    pytest.param(
        f"tls_server_config: {{{SERVER}, min_version: TLS13, max_version: TLS12}}",
        "min_version: TLS13 is newer than TLS12",
        id="versions crossed",
    ),
    pytest.param(
        f"tls_server_config: {{{SERVER}, max_version: TLS12, cipher_suites: [TLS_AES_128_GCM_SHA256]}}",
        "these are all of TLS 1.3, and max_version is TLS12",
        id="suites of another version",
    ),
    pytest.param(
        "\n\nbasic_auth_users: {alice: secret}",
        "3:27: basic_auth_users.alice: is not a bcrypt hash",
        id="auth_user_list_invalid",
    ),
    pytest.param(
        f"basic_auth_users: {{a: {HASH.replace('zoub', 'zozb')}}}", "is not a bcrypt hash", id="salt mistyped"
    ),
    pytest.param(f"basic_auth_users: {{'a:b': {HASH}}}", "must not be empty or contain a colon", id="colon in a name"),
    pytest.param(f"basic_auth_users: {{a: {HASH}, a: {HASH}}}", "given twice", id="user given twice"),
    pytest.param("basic_auth_users: [a]", "must be a mapping of keys, not a list", id="users as a list"),
    pytest.param(
        "http_server_config: {headers: {X-Content-Type-Options: sniff}}",
        '"sniff" is not an allowed value; use nosniff',
        id="headers_content_type_options",
    ),
    pytest.param(
        "http_server_config: {headers: {X-Frame-Options: allow}}",
        "use deny or sameorigin",
        id="headers_frame_options",
    ),
    pytest.param(
        "http_server_config: {headers: {Server: us}}", "headers.Server: unknown key", id="headers_extra_header"
    ),
    pytest.param(
        'http_server_config: {headers: {X-XSS-Protection: "1\\r\\nSet-Cookie: a"}}',
        "must be printable ASCII",
        id="a header within a header",
    ),
    pytest.param("rate_limit: {interval: 1, burst: 1}", '"1" is not a duration with its unit', id="Go's nanosecond"),
    pytest.param("rate_limit: {interval: -1s, burst: 1}", "is not a duration with its unit", id="backwards"),
    pytest.param("rate_limit: {interval: 1s}", "without a burst of at least 1 nothing is ever answered", id="no burst"),
    pytest.param("rate_limit: {interval: 1s, burst: 0}", "burst: without a burst of at least 1", id="burst 0"),
    pytest.param("rate_limit: {burst: 5}", "interval is missing", id="no interval"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_mistake_is_told_with_its_place(folder: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    (mistake, *_) = caught.value.mistakes
    assert str(mistake).startswith(f"{folder / 'web.yml'}:")
    assert message in str(caught.value)


def test_every_mistake_is_told_at_once_and_no_secret_with_them(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(
            folder,
            """
            tls_server_config: {cert_file: no.pem, key: hush-key, min_version: TLS9}
            basic_auth_users: {a: hush-password, b: "hush $2y$"}
            """,
        )
    assert len(caught.value.mistakes) == 5
    assert "hush" not in str(caught.value)


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: no such file"):
        load(str(tmp_path / "web.yml"))


def test_one_curve_of_several_is_offered_where_python_can_do_no_better(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tls(folder, f"{SERVER}, curve_preferences: [X25519, CurveP256]")
    assert ("so only X25519 is offered" in caplog.text) == (not hasattr(ssl.SSLContext, "set_groups"))


def test_the_file_that_the_documentation_shows_is_taken(folder: Path) -> None:
    page = (ROOT / "docs" / "web-config.md").read_text()
    (shown, *_) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (folder / "clients.pem").write_text((folder / "ca.pem").read_text())
    config = read(folder, shown)
    assert config.authenticates
    assert config.tls is not None
    assert len(config.headers) == 5
    assert config.rate == Rate(1.0, 20)
