"""Settings from the command line and the environment, which override the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SERVERS: Final = "kafka.bootstrap_servers"
CLUSTER_NAME: Final = "kafka.cluster_name"


@dataclass(frozen=True, slots=True)
class Flag:
    """One setting.

    ``key`` is the path in the file ("web.listen_address"), or SERVERS or CLUSTER_NAME; ``origin`` is how the user
    wrote it ("--web.listen-address", "KBE_WEB_LISTEN_ADDRESS").
    """

    key: str
    value: str
    origin: str
