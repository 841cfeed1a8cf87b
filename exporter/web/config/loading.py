"""A web configuration file → its settings, or every mistake in it at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from exporter.schema.document import Scalar, Table
from exporter.schema.files import document
from exporter.schema.inputs import Inputs
from exporter.schema.mistakes import ConfigError, Mistake, Place
from exporter.schema.reading import Reading
from exporter.web.config.keys import HTTP, RATE, SECTIONS, TLS, TOP, USERS, user
from exporter.web.config.web_config import Rate, TlsServer, WebConfig


def load(path: str, inputs: Inputs | None = None) -> WebConfig:
    """The settings in the file; an empty file is an empty configuration, as in the toolkit.

    ``inputs`` afterwards knows which files were read. Raises `ConfigError` with every mistake there is.
    """
    node, malformed = document(path)
    if node is None and malformed:
        raise ConfigError(malformed)
    if node is None or (isinstance(node, Scalar) and node.text is None):
        node = Table(Place(path, 1, 1), "", {}, {})
    if not isinstance(node, Table):
        raise ConfigError(
            malformed or [Mistake(node.place, "", f"must be a mapping of keys ({', '.join(TOP)}) at the top")]
        )
    reading = Reading(inputs or inputs_of(path), malformed, paths=_paths())
    reading.unknown(node, TOP)
    read = {
        section.name: reading.section(section, table)
        for section in SECTIONS
        if (table := reading.table(node.entries.get(section.name), section.name)) is not None
    }
    users = _users(reading, node)
    if reading.mistakes:
        raise ConfigError(reading.mistakes)
    headers = read.get(HTTP.name, {}).get("headers", {})
    return WebConfig(
        tls=TlsServer(**read[TLS.name]) if TLS.name in read else None,
        headers={name: value for name, value in headers.items() if value},
        users=users,
        rate=Rate(**read.get(RATE.name, {})),
    )


def inputs_of(path: str) -> Inputs:
    """The inputs as the file sees it: relative paths start from its folder."""
    return Inputs(Path(path).parent, os.environ)


def _users(reading: Reading, root: Table) -> dict[str, str]:
    users: dict[str, Any] = {}
    table = reading.table(root.entries.get(USERS), USERS)
    for name, node in table.entries.items() if table is not None else ():
        if not name or ":" in name:
            reading.wrong(node, "a user's name must not be empty or contain a colon")
        else:
            reading.key(user(name), node, Table(node.place, node.path, {}, {}), users)
    return users


def _paths() -> tuple[str, ...]:
    return tuple(path for section in SECTIONS for path in (section.name, *section.paths(f"{section.name}.")))
