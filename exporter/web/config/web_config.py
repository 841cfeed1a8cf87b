"""A web configuration: frozen values, complete and checked, and the keys that set them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from exporter.schema.kinds import BOOLEAN, choice, integer
from exporter.schema.section import from_key
from exporter.web.config.kinds import CURVES, INTERVAL, PEM, SANS, SUITES, Pem

ClientAuth = Literal[
    "NoClientCert",
    "RequestClientCert",
    "RequireAnyClientCert",
    "RequireClientCert",
    "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert",
]
TlsVersion = Literal["TLS10", "TLS11", "TLS12", "TLS13"]
POLICY: Final = choice("a policy", *get_args(ClientAuth))
VERSION: Final = choice("a version of TLS", *get_args(TlsVersion))

REQUIRES_CERTIFICATE: Final = frozenset({"RequireAnyClientCert", "RequireClientCert", "RequireAndVerifyClientCert"})


@dataclass(frozen=True, slots=True)
class TlsServer:
    """TLS on the port. Cipher suites and curves by Go's names; none given means OpenSSL's defaults."""

    cert: Pem = field(metadata=from_key(PEM))
    key: Pem = field(metadata=from_key(PEM))
    client_ca: Pem | None = field(default=None, metadata=from_key(PEM))
    client_auth_type: ClientAuth = field(default="NoClientCert", metadata=from_key(POLICY))
    client_allowed_sans: tuple[str, ...] = field(default=(), metadata=from_key(SANS))
    min_version: TlsVersion = field(default="TLS12", metadata=from_key(VERSION))
    max_version: TlsVersion = field(default="TLS13", metadata=from_key(VERSION))
    cipher_suites: tuple[str, ...] = field(default=(), metadata=from_key(SUITES))
    prefer_server_cipher_suites: bool = field(default=True, metadata=from_key(BOOLEAN))
    curve_preferences: tuple[str, ...] = field(default=(), metadata=from_key(CURVES))

    @property
    def requires_certificate(self) -> bool:
        """True if every client needs a certificate signed by an accepted authority."""
        return self.client_auth_type in REQUIRES_CERTIFICATE


@dataclass(frozen=True, slots=True)
class Rate:
    """One request per ``interval`` seconds, and ``burst`` of them at once; interval 0 is no limit."""

    interval: float = field(default=0.0, metadata=from_key(INTERVAL))
    burst: int = field(default=0, metadata=from_key(integer(0, 1_000_000)))


@dataclass(frozen=True, slots=True)
class WebConfig:
    """The whole file. ``users``: name → bcrypt hash; ``headers`` are added to every answer."""

    tls: TlsServer | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    rate: Rate = Rate()

    @property
    def authenticates(self) -> bool:
        """True if every client has to authenticate."""
        return bool(self.users) or (self.tls is not None and self.tls.requires_certificate)
