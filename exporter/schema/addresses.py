"""Addresses: host and port of Kafka's servers and of the exporter, and the path of its metrics."""

from __future__ import annotations

import ipaddress
import re

from exporter.quoting import quoted
from exporter.schema.mistakes import Invalid

TAKEN = ("/-", "/v3", "/burrow")
"""Paths that are used for something else."""


def server(text: str) -> str:
    """A Kafka server as it was written, checked to be ``host:port`` or ``[ipv6]:port``."""
    if match := re.match(r"(\w+)://", text):
        raise Invalid(f"{quoted(text)}: leave out {match[0]}; TLS and SASL have keys of their own")
    host, port = _split(text, "host:port or [ipv6]:port")
    if not host:
        raise Invalid(f"{quoted(text)} has no host; write it as host:port")
    if port == 0:
        raise Invalid(f"{quoted(text)}: the port must be from 1 to 65535")
    return text


def listen_address(text: str) -> str:
    """An address to listen on as it was written, checked to be ``:port``, ``host:port`` or ``[ipv6]:port``."""
    _split(text, ":port, host:port or [ipv6]:port")
    return text


def telemetry_path(text: str) -> str:
    """The path of the metrics page, checked to be free and to need no escaping."""
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", text):
        raise Invalid(f"{quoted(text)} is not a path for metrics; write it as /metrics, with letters, digits and ._~-")
    if any(f"{text}/".startswith(f"{path}/") for path in TAKEN):
        raise Invalid(f"{quoted(text)} is taken by the exporter's other pages; use /metrics")
    return text


def _split(text: str, form: str) -> tuple[str, int]:
    """Host (empty if none) and port."""
    match = re.fullmatch(r"(?:\[(?P<ipv6>[^\[\]]*)\]|(?P<host>[^\[\]:]*)):(?P<port>\d{1,5})", text, re.ASCII)
    if match is None:
        hint = ""
        if _is_ipv6(text):
            hint = ' (an IPv6 address needs brackets: "[::1]:9092")'
        elif text.isdecimal():
            hint = f" (did you mean :{text}?)"
        elif ":" not in text and text:
            hint = " (the port is missing)"
        raise Invalid(f"{quoted(text)} is not an address; write it as {form}{hint}")
    if int(match["port"]) > 65535:
        raise Invalid(f"{quoted(text)}: the port must be from 1 to 65535")
    if match["ipv6"] is not None:
        if not _is_ipv6(match["ipv6"]):
            raise Invalid(f"{quoted(text)}: what is in brackets is not an IPv6 address")
        return match["ipv6"], int(match["port"])
    # Underscores are not allowed in host names, but Docker Compose uses them.
    if match["host"] and not re.fullmatch(r"[\w.-]{1,253}", match["host"]):
        raise Invalid(f"{quoted(text)}: {quoted(match['host'])} is not a host name")
    return match["host"], int(match["port"])


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
