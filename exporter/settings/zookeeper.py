"""Where groups commit to ZooKeeper, as consumers before Kafka 0.9 do, and how it is reached."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from exporter.quoting import quoted
from exporter.schema.addresses import SERVERS
from exporter.schema.document import Table
from exporter.schema.inputs import Inputs
from exporter.schema.kinds import LOGIN, SECRET, Kind, duration
from exporter.schema.mistakes import Invalid
from exporter.schema.section import Complaint, Values, from_key, from_section, section, setting
from exporter.settings.connection import TLS, Tls


def _path(text: str, _: Inputs) -> str:
    if not text.startswith("/") or "//" in text or any(part in {".", ".."} for part in text.split("/")):
        raise Invalid(f"{quoted(text)} is not a path in ZooKeeper; write it as /kafka, or / for none")
    return text.rstrip("/") or "/"


PATH: Final = Kind("a path", _path)


@dataclass(frozen=True, slots=True)
class ZooKeeper:
    """A ZooKeeper, and below which path groups have their nodes in it. Times in seconds."""

    servers: tuple[str, ...] = field(
        metadata=from_key(
            SERVERS,
            "The servers of the ensemble. A list, or one text with commas.",
            required=True,
            example="[zookeeper-1:2181, zookeeper-2:2181, zookeeper-3:2181]",
        )
    )
    root: str = setting(
        PATH,
        "The path above `consumers`: what `zookeeper.connect` of the consumers has behind the servers.",
        default="/",
    )
    username: str | None = setting(
        LOGIN,
        "For digest authentication.",
        default=None,
        example="burrow",
        file_example="/run/secrets/zookeeper-username",
    )
    password: str | None = setting(
        SECRET,
        "For digest authentication.",
        default=None,
        repr=False,
        example="${ZOOKEEPER_PASSWORD}",
        file_example="/run/secrets/zookeeper-password",
    )
    tls: Tls | None = field(default=None, metadata=from_section(TLS))
    expire_groups: float = setting(
        duration(),
        "Groups without a consumer whose newest commit is older than this are left out: ZooKeeper keeps them for ever.",
        default=604800.0,
    )


def _check(table: Table, _: Values, __: Inputs) -> Iterator[Complaint]:
    """Digest authentication is complete, and the library is there."""
    given = {name: name in table.entries or f"{name}_file" in table.entries for name in ("username", "password")}
    for name, other in (("username", "password"), ("password", "username")):
        if given[other] and not given[name]:
            yield "", f"digest authentication needs {name} (or {name}_file) too"
    if importlib.util.find_spec("kazoo") is None:
        yield "", 'reading ZooKeeper needs the package kazoo; pip install "kafka-burrow-exporter[zookeeper]"'


ZOOKEEPER: Final = section(
    ZooKeeper,
    "Groups that commit to ZooKeeper (Burrow's `kafka_zk`), beside those that commit to Kafka. Needs the extra"
    " `zookeeper`.",
    check=_check,
)
