"""A web configuration: frozen values, complete and checked, and the keys that set them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from exporter.schema.kinds import BOOLEAN, choice, integer
from exporter.schema.section import from_key, setting
from exporter.web.config.web_kinds import CURVES, INTERVAL, PEM, SANS, SUITES, Pem

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
    client_ca: Pem | None = setting(PEM, default=None)
    client_auth_type: ClientAuth = setting(POLICY, default="NoClientCert")
    client_allowed_sans: tuple[str, ...] = setting(SANS, default=())
    min_version: TlsVersion = setting(VERSION, default="TLS12")
    max_version: TlsVersion = setting(VERSION, default="TLS13")
    cipher_suites: tuple[str, ...] = setting(SUITES, default=())
    prefer_server_cipher_suites: bool = setting(BOOLEAN, default=True)
    curve_preferences: tuple[str, ...] = setting(CURVES, default=())

    @property
    def requires_certificate(self) -> bool:
        """True if every client needs a certificate signed by an accepted authority."""
        return self.client_auth_type in REQUIRES_CERTIFICATE


@dataclass(frozen=True, slots=True)
class Rate:
    """One request per ``interval`` seconds, and ``burst`` of them at once; interval 0 is no limit."""

    interval: float = setting(INTERVAL, default=0.0)
    burst: int = setting(integer(0, 1_000_000), default=0)


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
