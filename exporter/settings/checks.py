"""Checks between keys that are each valid alone."""

from __future__ import annotations

import importlib.util
import ssl
from collections.abc import Iterator

from exporter.schema.document import Table
from exporter.schema.inputs import Inputs
from exporter.schema.section import Complaint, Values

_LOGIN = ("username", "password")
_OAUTH = ("token_url", "client_id", "client_secret")
_LIBRARIES = {"GSSAPI": ("gssapi", "kerberos"), "AWS_MSK_IAM": ("botocore", "msk")}


def sasl(table: Table, values: Values, _: Inputs) -> Iterator[Complaint]:
    """A mechanism has everything it needs and nothing it would ignore."""
    mechanism = values.get("mechanism")
    if mechanism is None:
        return
    with_login = mechanism == "PLAIN" or mechanism.startswith("SCRAM-")
    for name in _LOGIN:
        if with_login and not _given(table, name):
            yield "", f"{mechanism} needs {name} (or {name}_file)"
        elif not with_login:
            for key in (name, f"{name}_file"):
                if key in table.entries:
                    yield key, f"{mechanism} has no {name}; it is for PLAIN and SCRAM"
    yield from _oauth(table, mechanism)
    if "kerberos" in table.entries and mechanism != "GSSAPI":
        yield "kerberos", f"is for GSSAPI, not for {mechanism}"
    library, extra = _LIBRARIES.get(mechanism, ("", ""))
    if library and importlib.util.find_spec(library) is None:
        message = f'{mechanism} needs the package {library}; pip install "kafka-burrow-exporter[{extra}]"'
        yield "mechanism", message


def _oauth(table: Table, mechanism: str) -> Iterator[Complaint]:
    oauth = table.entries.get("oauth")
    if mechanism != "OAUTHBEARER":
        if oauth is not None:
            yield "oauth", f"is for OAUTHBEARER, not for {mechanism}"
    elif oauth is None:
        yield "", f"OAUTHBEARER needs oauth with {', '.join(_OAUTH)}"
    elif isinstance(oauth, Table):
        missing = [name for name in _OAUTH if not _given(oauth, name)]
        if missing:
            yield "oauth", f"OAUTHBEARER needs {', '.join(missing)} here"


def tls(table: Table, values: Values, _: Inputs) -> Iterator[Complaint]:
    """Key, password and certificate belong together, and OpenSSL can use the files."""
    if "key_file" in table.entries and "cert_file" not in table.entries:
        yield "key_file", "a key needs its certificate; add cert_file"
    for name in ("key_password", "key_password_file"):
        if name in table.entries and "key_file" not in table.entries and "cert_file" not in table.entries:
            yield name, "there is no key for this password; add cert_file and key_file"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if "ca_file" in values:
        try:
            context.load_verify_locations(values["ca_file"])
        except (ssl.SSLError, OSError):
            yield "ca_file", "holds no certificate in PEM form"
    complete = all(not _given(table, name) or name in values for name in ("key_file", "key_password"))
    if "cert_file" in values and complete:
        try:
            # With a password, even an empty one, OpenSSL does not ask for it on the terminal.
            context.load_cert_chain(values["cert_file"], values.get("key_file"), values.get("key_password", ""))
        except (ssl.SSLError, OSError, ValueError) as error:
            yield "cert_file", _why_not(error, "key_file" in values, "key_password" in values)


def _why_not(error: Exception, has_key: bool, has_password: bool) -> str:
    reason = getattr(error, "reason", None) or ""
    if reason == "KEY_VALUES_MISMATCH":
        return "the certificate and the key do not belong together"
    hint = (
        "the password does not open it, if it is encrypted" if has_password else "if it is encrypted, give key_password"
    )
    where = "key_file" if has_key else "this file (or give key_file)"
    return f"OpenSSL cannot use it: needs a certificate in PEM form, and its key in {where}; {hint}"


def cluster(table: Table, values: Values, _: Inputs) -> Iterator[Complaint]:
    """MSK IAM goes over TLS only."""
    login = values.get("sasl")
    if login and login.get("mechanism") == "AWS_MSK_IAM" and "tls" not in table.entries:
        yield "sasl", 'AWS_MSK_IAM works over TLS only; add "tls: {}"'


def _given(table: Table, name: str) -> bool:
    """True if the key or its ``_file`` form is present; errors in its value are reported elsewhere."""
    return name in table.entries or f"{name}_file" in table.entries
