"""Checks between keys of a web configuration that are each valid alone."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.schema.document import Table
from exporter.schema.inputs import Inputs
from exporter.schema.section import Complaint, Values
from exporter.web.config.go_names import VERSIONS
from exporter.web.config.tls import why_unusable
from exporter.web.config.web_config import REQUIRES_CERTIFICATE, TlsServer


def tls(table: Table, values: Values, _: Inputs) -> Iterator[Complaint]:
    """Everything that a policy needs is present, and OpenSSL can use the files."""
    for name in ("cert", "key"):
        if not _given(table, name):
            yield "", f"{name}_file (or {name}) is missing: TLS needs a certificate and its key"
    wrong = list(_policy(table, values))
    yield from wrong
    oldest, newest = values.get("min_version", "TLS12"), values.get("max_version", "TLS13")
    if VERSIONS[oldest] > VERSIONS[newest]:
        wrong.append(("", ""))
        yield ("min_version" if "min_version" in table.entries else "max_version"), f"{oldest} is newer than {newest}"
    # Unreadable values are reported already; whether the others work together can only be tried with all of them.
    complete = {"cert", "key"} <= values.keys() and all(_field(name) in values for name in table.entries)
    unusable = why_unusable(TlsServer(**values)) if complete and not wrong else None
    if unusable is not None:
        key = unusable.key
        yield (key if not key or key in table.entries else f"{key}_file"), str(unusable)


def rate(table: Table, values: Values, _: Inputs) -> Iterator[Complaint]:
    """A limit has a burst of at least one request."""
    if "interval" not in table.entries:
        yield "", "interval is missing; it is the time between two requests, such as 1s"
    elif values.get("interval") and values.get("burst", 0 if "burst" not in table.entries else None) == 0:
        yield ("burst" if "burst" in table.entries else ""), "without a burst of at least 1 nothing is ever answered"


def _policy(table: Table, values: Values) -> Iterator[Complaint]:
    policy = values.get("client_auth_type", "NoClientCert" if "client_auth_type" not in table.entries else None)
    authority = _given(table, "client_ca")
    if policy is None:
        return
    if authority and policy == "NoClientCert":
        key = "client_ca_file" if "client_ca_file" in table.entries else "client_ca"
        yield key, "has no effect without client_auth_type; add client_auth_type: RequireAndVerifyClientCert"
    if policy in REQUIRES_CERTIFICATE and not authority:
        message = f"{policy} needs client_ca_file, the authorities that sign client certificates; without it"
        yield "client_auth_type", f"{message} any publicly signed certificate is accepted"
    if "client_allowed_sans" in table.entries and policy not in REQUIRES_CERTIFICATE:
        message = "names can be checked only if every client must show a certificate;"
        yield "client_allowed_sans", f"{message} add client_auth_type: RequireAndVerifyClientCert"


def _given(table: Table, name: str) -> bool:
    return name in table.entries or f"{name}_file" in table.entries


def _field(key: str) -> str:
    return key.removesuffix("_file")
