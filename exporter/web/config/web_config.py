"""A web configuration: frozen values, complete and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

ClientAuth = Literal[
    "NoClientCert",
    "RequestClientCert",
    "RequireAnyClientCert",
    "RequireClientCert",
    "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert",
]
TlsVersion = Literal["TLS10", "TLS11", "TLS12", "TLS13"]

REQUIRES_CERTIFICATE: Final = frozenset({"RequireAnyClientCert", "RequireClientCert", "RequireAndVerifyClientCert"})


@dataclass(frozen=True, slots=True)
class Pem:
    """Certificates or a key in PEM form: the file that holds them or, if ``path`` is None, the text itself."""

    text: bytes = field(repr=False)
    path: str | None = None


@dataclass(frozen=True, slots=True)
class TlsServer:
    """TLS on the port. Cipher suites and curves by Go's names; none given means OpenSSL's defaults."""

    cert: Pem
    key: Pem
    client_ca: Pem | None = None
    client_auth_type: ClientAuth = "NoClientCert"
    client_allowed_sans: tuple[str, ...] = ()
    min_version: TlsVersion = "TLS12"
    max_version: TlsVersion = "TLS13"
    cipher_suites: tuple[str, ...] = ()
    prefer_server_cipher_suites: bool = True
    curve_preferences: tuple[str, ...] = ()

    @property
    def requires_certificate(self) -> bool:
        """True if every client needs a certificate signed by an accepted authority."""
        return self.client_auth_type in REQUIRES_CERTIFICATE


@dataclass(frozen=True, slots=True)
class Rate:
    """One request per ``interval`` seconds, and ``burst`` of them at once; interval 0 is no limit."""

    interval: float = 0.0
    burst: int = 0


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
