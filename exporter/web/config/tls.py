"""TLS on the port: the contexts that handshakes use, and by the same code the check that settings make one."""

from __future__ import annotations

import ipaddress
import logging
import math
import os
import ssl
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from exporter.quoting import one_line
from exporter.web.config.go_names import CURVES, SUITES, VERSIONS
from exporter.web.config.web_config import TlsServer
from exporter.web.config.web_kinds import Pem

log = logging.getLogger(__name__)

FOR_OLD_VERSIONS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:RSA+AES:!aNULL:!eNULL:@SECLEVEL=0"
"""OpenSSL speaks TLS 1.0 and 1.1 only at security level 0."""

TELL_AGAIN: Final = 3600.0
"""Seconds after which the same reason to refuse a client is logged again."""

MOST_TOLD: Final = 1000
"""So many reasons are logged at most; the names in a certificate are its owner's to choose."""

SAN_KINDS: Final = frozenset({"DNS", "IP Address", "email", "URI"})


class Unusable(Exception):
    """OpenSSL cannot use the value of a key."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def server_context(tls: TlsServer) -> ssl.SSLContext:
    """The TLS context of the port, the server's side of handshakes.

    Raises:
        Unusable: a value cannot be used, for example because certificate and key do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _versions(context, tls)
    context.options |= ssl.OP_NO_RENEGOTIATION
    if not tls.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    _curves(context, tls.curve_preferences)
    with _file(tls.cert) as cert, _file(tls.key) as key:
        try:
            # With a password, even an empty one, OpenSSL does not ask for it on the terminal.
            context.load_cert_chain(cert, key, password="")
        except (ssl.SSLError, OSError) as error:
            raise Unusable("cert", _why_not(error)) from error
    _clients(context, tls)
    return context


def why_unusable(tls: TlsServer) -> Unusable | None:
    """The reason why OpenSSL cannot use the settings, found by trying them; None if it can.

    The key of the reason is empty if it is about no single one.
    """
    try:
        server_context(tls)
    except Unusable as unusable:
        return unusable
    except (ssl.SSLError, ValueError, OSError) as error:
        return Unusable("", f"OpenSSL cannot use this: {getattr(error, 'reason', None) or error}")
    return None


class CurrentContext(ssl.SSLContext):
    """A context that delegates each handshake to the context in use when it begins, which ``current`` returns."""

    current: Callable[[], ssl.SSLContext]

    @classmethod
    def of(cls, current: Callable[[], ssl.SSLContext]) -> CurrentContext:
        """The context that always stands for the current one."""
        context = cls(ssl.PROTOCOL_TLS_SERVER)
        context.current = current
        return context

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """The TLS connection of one client; asyncio calls this for each."""
        return self.current().wrap_bio(*args, **kwargs)


def _versions(context: ssl.SSLContext, tls: TlsServer) -> None:
    with warnings.catch_warnings():
        # Python warns about TLS 1.0, but Prometheus' own documentation warns whoever configures it.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.maximum_version = VERSIONS[tls.max_version]
        context.minimum_version = VERSIONS[tls.min_version]
    old = VERSIONS[tls.min_version] < ssl.TLSVersion.TLSv1_2
    suites = [SUITES[name] for name in tls.cipher_suites if name in SUITES]
    if suites:
        try:
            context.set_ciphers(":".join([*suites, *(["@SECLEVEL=0"] if old else [])]))
        except ssl.SSLError as error:
            raise Unusable("cipher_suites", "none of these is known to this OpenSSL") from error
    elif tls.cipher_suites:
        if tls.max_version != "TLS13":
            raise Unusable("cipher_suites", f"these are all of TLS 1.3, and max_version is {tls.max_version}")
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    elif old:
        context.set_ciphers(FOR_OLD_VERSIONS)


def _curves(context: ssl.SSLContext, names: tuple[str, ...]) -> None:
    if not names or set(names) == CURVES.keys():
        return
    curves = [CURVES[name] for name in names]
    if hasattr(context, "set_groups"):
        context.set_groups(":".join(curves))
        return
    context.set_ecdh_curve(curves[0])
    if len(set(names)) > 1:
        log.warning("curve_preferences: this Python can select only one curve, so only %s is offered", names[0])


def _clients(context: ssl.SSLContext, tls: TlsServer) -> None:
    """Sets the client certificate policy; Go's policies without verification are stricter here, or request nothing."""
    if tls.requires_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
    elif tls.client_auth_type == "VerifyClientCertIfGiven":
        context.verify_mode = ssl.CERT_OPTIONAL
    if tls.client_ca is None:
        # As in Go, the system's authorities verify certificates that are shown though not required.
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
    else:
        with _file(tls.client_ca) as authorities:
            try:
                context.load_verify_locations(authorities)
            except (ssl.SSLError, OSError) as error:
                raise Unusable("client_ca", "holds no certificate in PEM form") from error
    if context.verify_mode != ssl.CERT_NONE:
        context.sslobject_class = checking_clients(frozenset(tls.client_allowed_sans))


def checking_clients(allowed: frozenset[str]) -> type[ssl.SSLObject]:
    """A connection type that tells why a client's certificate is refused.

    With names ``allowed``, its handshake fails unless the certificate has one of them.
    """
    told: dict[str, float] = {}

    def tell(why: str) -> None:
        # A client tries again and again, but one line says what there is to say.
        if time.monotonic() - told.get(why, -math.inf) > TELL_AGAIN and len(told) < MOST_TOLD:
            told[why] = time.monotonic()
            log.warning("%s", why)

    class ClientChecked(ssl.SSLObject):
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except ssl.SSLCertVerificationError as error:
                tell(f"a client's certificate is not accepted: {error.verify_message}")
                raise
            except ssl.SSLError as error:
                if error.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
                    tell("a client is refused, because it has shown no certificate")
                raise
            if not allowed:
                return
            shown = names_of(self.getpeercert() or {})
            if not shown & allowed:
                tell(f"a client's certificate has none of client_allowed_sans: {one_line(', '.join(sorted(shown)))}")
                raise ssl.SSLCertVerificationError("none of the certificate's names is allowed")

    return ClientChecked


def names_of(certificate: Mapping[str, Any]) -> frozenset[str]:
    """The alternative names of a certificate from `SSLObject.getpeercert`; addresses as Go writes them."""
    return frozenset(
        str(ipaddress.ip_address(name.strip())) if kind == "IP Address" else name
        for kind, name in certificate.get("subjectAltName", ())
        if kind in SAN_KINDS
    )


def _why_not(error: OSError) -> str:
    if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
        return "the certificate and the key do not belong together"
    return "OpenSSL cannot use it: needs a certificate in PEM form, and its key, not encrypted"


@contextmanager
def _file(pem: Pem) -> Iterator[str]:
    """A path from which OpenSSL can load it; an inline key is never written to a disk."""
    if pem.path is not None:
        yield pem.path
    elif sys.platform == "linux":
        memory = os.memfd_create("pem")
        try:
            os.write(memory, pem.text)
            yield f"/proc/self/fd/{memory}"
        finally:
            os.close(memory)
    else:
        with tempfile.NamedTemporaryFile() as file:
            file.write(pem.text)
            file.flush()
            yield file.name
