"""A web configuration file → its settings, or every mistake in it at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from exporter.schema import document
from exporter.schema.inputs import Inputs
from exporter.schema.kinds import BOOLEAN
from exporter.schema.reading import build, read
from exporter.schema.section import Each, Key, section
from exporter.web.config import consistency
from exporter.web.config.web_config import Rate, TlsServer, WebConfig
from exporter.web.config.web_kinds import BCRYPT, HEADER, USER, one_of_header

HEADERS: Final = section(
    dict,
    parts={
        "Content-Security-Policy": Key(HEADER),
        "X-Frame-Options": Key(one_of_header("deny", "sameorigin")),
        "X-Content-Type-Options": Key(one_of_header("nosniff")),
        "X-XSS-Protection": Key(HEADER),
        "Strict-Transport-Security": Key(HEADER),
    },
)

FILE: Final = section(
    dict,
    parts={
        "tls_server_config": section(TlsServer, check=consistency.tls),
        # http2 is accepted for compatibility with shared files: the port always speaks HTTP/1.1.
        "http_server_config": section(dict, parts={"http2": Key(BOOLEAN), "headers": HEADERS}),
        "basic_auth_users": Each(Key(BCRYPT), names=USER),
        "rate_limit": section(Rate, check=consistency.rate),
    },
)
"""The whole file."""


def load(path: str, inputs: Inputs | None = None) -> WebConfig:
    """The settings in the file; an empty file is an empty configuration, as in the toolkit.

    ``inputs`` afterwards knows which files were read. Raises `ConfigError` with every mistake there is.
    """
    root, mistakes = document.load(path, FILE.parts)
    given = build(FILE, read(FILE, root, inputs or inputs_of(path), mistakes))
    headers = given.get("http_server_config", {}).get("headers", {})
    return WebConfig(
        tls=given.get("tls_server_config"),
        headers={name: value for name, value in headers.items() if value},
        users=given.get("basic_auth_users", {}),
        rate=given.get("rate_limit", Rate()),
    )


def inputs_of(path: str) -> Inputs:
    """The inputs as the file sees it: relative paths start from its folder."""
    return Inputs(Path(path).parent, os.environ)
