"""Settings from the command line and the environment, which override the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from exporter.schema import addresses
from exporter.schema.kinds import TEXT, Kind
from exporter.schema.section import Key, Section
from exporter.settings import SETTINGS

SERVERS: Final = "kafka.bootstrap_servers"
CLUSTER_NAME: Final = "kafka.cluster_name"


@dataclass(frozen=True, slots=True)
class Option:
    """A flag that can be given.

    ``key`` is the path in the file ("web.listen_address"), or SERVERS or CLUSTER_NAME.
    """

    flag: str
    key: str
    kind: Kind
    doc: str
    default: Any = None


@dataclass(frozen=True, slots=True)
class Flag:
    """One setting that was given.

    ``key`` is that of its `Option`; ``origin`` is how the user wrote it ("--web.listen-address",
    "KBE_WEB_LISTEN_ADDRESS").
    """

    key: str
    value: str
    origin: str


def options() -> Iterator[Option]:
    """Every flag: those about the cluster, and those of keys that have one."""
    yield Option(
        "--kafka.bootstrap-servers",
        SERVERS,
        addresses.SERVERS,
        "Bootstrap servers; may be repeated. Sufficient without a file; with one, they override the cluster's.",
    )
    yield Option(
        "--kafka.cluster-name",
        CLUSTER_NAME,
        replace(TEXT, metavar="NAME"),
        "Name of the cluster (default: kafka); with a file, the one cluster in it to use.",
    )
    for above, section in SETTINGS.parts.items():
        if isinstance(section, Section):
            for name, key in section.parts.items():
                if isinstance(key, Key) and key.flag:
                    yield Option(key.flag, f"{above}.{name}", key.kind, key.doc, section.default(name))
