"""The kinds of value that are addresses: of servers, of pages, and paths of pages."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit, urlunsplit

from exporter.quoting import quoted
from exporter.schema.inputs import Inputs
from exporter.schema.kinds import HIDDEN, Kind, commas
from exporter.schema.mistakes import Invalid


def _server(text: str, _: Inputs) -> str:
    if "://" in text or "@" in text:
        # The text is not shown: a user and a password may stand in it.
        raise Invalid("leave out what is before :// and before @: TLS and SASL have keys of their own")
    host, port = _split(text, "host:port or [ipv6]:port")
    if not host:
        raise Invalid(f"{quoted(text)} has no host; write it as host:port")
    if port == 0:
        raise Invalid(f"{quoted(text)}: the port must be from 1 to 65535")
    return text


def _listen_address(text: str, _: Inputs) -> str:
    _split(text, ":port, host:port or [ipv6]:port")
    return text


def page_path(what: str, example: str, taken: tuple[str, ...]) -> Kind:
    """The path of a page, which needs no escaping and is none of those that are taken."""

    def read(text: str, _: Inputs) -> str:
        if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", text):
            raise Invalid(
                f"{quoted(text)} is not a path for {what}; write it as {example}, with letters, digits and ._~-"
            )
        if any(f"{text}/".startswith(f"{path}/") for path in taken):
            raise Invalid(f"{quoted(text)} is taken by the exporter's other pages; use {example}")
        return text

    return Kind("a path", read, metavar="PATH")


def _servers(text: str) -> list[str]:
    """The servers in a list with commas; one that has a user and a password, which may hold a comma, stays whole."""
    return [text] if "@" in text else commas(text)


def _url(text: str, _: Inputs) -> str:
    try:
        parts = urlsplit(text)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid or re.search(r"\s", text):
        # The text is not shown: it may hold a password.
        raise Invalid("is not a URL; write it as https://host/path")
    return text


def _public_url(text: str) -> str:
    """The URL without what may be secret in it: user and password, query, fragment."""
    parts = urlsplit(text)
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit(
        parts._replace(
            netloc=f"{HIDDEN if user else user}{at}{host}",
            query=HIDDEN if parts.query else "",
            fragment=HIDDEN if parts.fragment else "",
        )
    )


def _origin(text: str, _: Inputs) -> str:
    if text != "*" and not re.fullmatch(r"https?://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?", text):
        raise Invalid(f"{quoted(text)} is not an origin; write it as https://host or http://host:port, or * for all")
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


SERVERS = Kind("host:port or [ipv6]:port, one or more", _server, list, many=_servers, metavar="HOST:PORT,...")
LISTEN_ADDRESS = Kind("[host]:port", _listen_address, metavar="[HOST]:PORT")
URL = Kind("a URL", _url, _public_url)
ORIGIN = Kind("scheme://host[:port], or *", _origin)
