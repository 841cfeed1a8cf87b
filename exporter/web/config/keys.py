"""Every key of a web configuration file except the users, whose names are free."""

from __future__ import annotations

from typing import Final, get_args

from exporter.schema.kinds import FLAG, choice, integer
from exporter.schema.section import Key, Section
from exporter.web.config import checks
from exporter.web.config.go_names import VERSIONS
from exporter.web.config.kinds import BCRYPT, CURVE, HEADER, INTERVAL, PEM, PEM_FILE, SAN, SUITE, one_of_header
from exporter.web.config.web_config import ClientAuth, Rate, TlsServer, WebConfig

TLS: Final = Section(
    "tls_server_config",
    "TLS on the port.",
    TlsServer,
    (
        Key("cert", PEM, "Certificate, with its intermediate certificates."),
        Key("cert_file", PEM_FILE, "The same as a file.", into="cert"),
        Key("key", PEM, "Key of the certificate."),
        Key("key_file", PEM_FILE, "The same as a file.", into="key"),
        Key("client_ca", PEM, "Authorities that sign client certificates."),
        Key("client_ca_file", PEM_FILE, "The same as a file.", into="client_ca"),
        Key("client_auth_type", choice("a policy", *get_args(ClientAuth)), "Which certificates clients must show."),
        Key("client_allowed_sans", SAN, "A client's certificate must have one of these names, exactly."),
        Key("min_version", choice("a version of TLS", *VERSIONS), "The oldest version that is accepted."),
        Key("max_version", choice("a version of TLS", *VERSIONS), "The newest version that is accepted."),
        Key("cipher_suites", SUITE, "Cipher suites up to TLS 1.2."),
        Key("prefer_server_cipher_suites", FLAG, "Whether the server's order counts, not the client's."),
        Key("curve_preferences", CURVE, "Curves for the key exchange."),
    ),
    check=checks.tls,
)

HEADERS: Final = Section(
    "headers",
    "Headers of every answer.",
    dict,
    (
        Key("Content-Security-Policy", HEADER, ""),
        Key("X-Frame-Options", one_of_header("deny", "sameorigin"), ""),
        Key("X-Content-Type-Options", one_of_header("nosniff"), ""),
        Key("X-XSS-Protection", HEADER, ""),
        Key("Strict-Transport-Security", HEADER, ""),
    ),
)

HTTP: Final = Section(
    "http_server_config",
    "HTTP on the port.",
    WebConfig,
    (Key("http2", FLAG, "Accepted for compatibility with shared files: the port always speaks HTTP/1.1."), HEADERS),
)

RATE: Final = Section(
    "rate_limit",
    "How many requests are answered.",
    Rate,
    (
        Key("interval", INTERVAL, "One request in this time."),
        Key("burst", integer(0, 1_000_000), "This many at once."),
    ),
    check=checks.rate,
)

USERS: Final = "basic_auth_users"
SECTIONS: Final = (TLS, HTTP, RATE)
TOP: Final = (*(section.name for section in SECTIONS), USERS)


def user(name: str) -> Key:
    """A user; the value is the hash of the password."""
    return Key(name, BCRYPT, "")
