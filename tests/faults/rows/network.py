"""Addresses that do not answer, whole clusters that do not, and a name server that does not."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from testbed.network import BlackHole
from testbed.processes import LOOPBACK, free_ports
from tests.faults.row import Row, Stage
from tests.faults.steps import setting, watch

HOLES = 3
NOWHERE = "broker.invalid:9092"
"""An address whose name exists nowhere (RFC 6761)."""


def _hole(stage: Stage, *, full: bool = False) -> str:
    return stage.undo.enter_context(BlackHole(full=full)).address


def beside_bad_servers(listener: str) -> Callable[[Stage], None]:
    """Starts an exporter whose bootstrap servers are all bad but the last."""

    def start(stage: Stage) -> None:
        (dead,) = free_ports(1)
        bad = [_hole(stage), _hole(stage, full=True), NOWHERE, f"{LOOPBACK}:{dead}"]
        good = stage.scene.servers(listener)[-1]
        stage.start(stage.scene.config(listener, bootstrap_servers=[*bad, good]))

    return start


def _beside_clusters(stage: Stage, servers: list[str], *before: str) -> None:
    config: dict[str, Any] = stage.scene.config()
    config["clusters"] |= {f"away-{number}": {"bootstrap_servers": [each]} for number, each in enumerate(servers)}
    stage.start(config, *before)


def beside_black_holes(stage: Stage) -> None:
    """Starts an exporter that has clusters beside the good one which take connections and never answer."""
    _beside_clusters(stage, [_hole(stage) for _ in range(HOLES)])


def without_a_name_server(stage: Stage) -> None:
    """Starts an exporter whose name server never answers, with clusters beside the good one that have names."""
    silent = stage.undo.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    silent.bind((NAME_SERVER, 53))
    resolver = stage.scene.folder / "resolv.conf"
    resolver.write_text(f"nameserver {NAME_SERVER}\noptions timeout:5 attempts:2\n")
    mount = f'mount --bind {resolver} /etc/resolv.conf && exec "$@"'
    _beside_clusters(stage, [f"kafka-{number}.example:9092" for number in range(HOLES)], *UNSHARE, mount, "sh")


NAME_SERVER = "127.0.0.77"
"""An address of loopback where a name server can be that is only the row's."""

UNSHARE = ("unshare", "--mount", "sh", "-c")
BAD_LIST = (
    "bootstrap servers: one that never answers, one that takes no connection, a name that does not exist, a dead port, "
    "and last a good one"
)

ROWS = (
    Row("bootstrap", (setting(BAD_LIST), watch(15)), start=beside_bad_servers("PLAINTEXT")),
    Row(
        "bootstrap-tls",
        (setting(f"over TLS, {BAD_LIST}"), watch(15)),
        start=beside_bad_servers("TLS"),
    ),
    Row(
        "bootstrap-restart",
        (watch(15),),
        start=beside_bad_servers("TLS"),
        before=(setting(f"the exporter starts, over TLS; {BAD_LIST}"),),
    ),
    Row(
        "black-holed-clusters",
        (
            setting(f"beside the cluster {HOLES} others that take connections and never answer"),
            watch(40),
        ),
        start=beside_black_holes,
    ),
    Row(
        "silent-name-server",
        (
            setting(f"beside the cluster {HOLES} others whose names a name server never resolves"),
            watch(40),
        ),
        start=without_a_name_server,
    ),
)
