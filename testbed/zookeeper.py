"""ZooKeepers, alone or as an ensemble. They are taken from the last Kafka that supports ZooKeeper."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from testbed.distribution import OLDER, fetch
from testbed.processes import LOOPBACK, Process, free_ports

START_SECONDS = 30.0
ANSWER_SECONDS = 1.0


class ZooKeeper(Process):
    """One ZooKeeper on a free port of loopback; entering the context waits until it serves.

    It keeps its port and its data when it is started again. ``certificate``: a PEM file with a certificate and its key,
    with which it serves TLS on another port too (``tls_address``). ``properties`` are added to its configuration.
    """

    def __init__(
        self, folder: Path, *, certificate: Path | None = None, properties: Mapping[str, str] | None = None
    ) -> None:
        self._port, tls_port = free_ports(2)
        self.address = f"{LOOPBACK}:{self._port}"
        self.tls_address = f"{LOOPBACK}:{tls_port}"
        settings = {
            "dataDir": str(folder / "zookeeper-data"),
            "clientPortAddress": LOOPBACK,
            "clientPort": str(self._port),
            "admin.enableServer": "false",
            "4lw.commands.whitelist": "srvr",
            **(properties or {}),
        }
        if certificate is not None:
            settings |= {
                "serverCnxnFactory": "org.apache.zookeeper.server.NettyServerCnxnFactory",
                "secureClientPortAddress": LOOPBACK,
                "secureClientPort": str(tls_port),
                "ssl.keyStore.location": str(certificate),
                "ssl.keyStore.type": "PEM",
                "ssl.trustStore.location": str(certificate),
                "ssl.trustStore.type": "PEM",
                "ssl.clientAuth": "none",
            }
        configuration = folder / "zookeeper.properties"
        configuration.write_text("".join(f"{key}={value}\n" for key, value in settings.items()), encoding="utf-8")
        main = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
        super().__init__("zookeeper", fetch(OLDER).java(main, configuration, heap="128m"), folder / "zookeeper.log")

    def __enter__(self) -> Self:
        return self.start().wait_serving()

    def wait_serving(self) -> Self:
        """Waits until it serves clients."""
        return self.wait_ready(lambda: self.mode() is not None, START_SECONDS)

    def mode(self) -> str | None:
        """What it is: standalone, leader or follower; None while it serves nobody. Asks by the command ``srvr``."""
        said = b""
        try:
            with socket.create_connection((LOOPBACK, self._port), ANSWER_SECONDS) as connection:
                connection.sendall(b"srvr")
                while chunk := connection.recv(4096):
                    said += chunk
        except OSError:
            return None
        _, found, rest = said.partition(b"Mode: ")
        return rest.split()[0].decode() if found else None


def ensemble(folder: Path, size: int = 3) -> list[ZooKeeper]:
    """ZooKeepers that elect a leader among themselves, each in a folder of its own, not started yet."""
    ports = iter(free_ports(2 * size))
    members = {f"server.{number}": f"{LOOPBACK}:{next(ports)}:{next(ports)}" for number in range(1, size + 1)}
    together = {"tickTime": "500", "initLimit": "20", "syncLimit": "4", **members}
    servers = []
    for number in range(1, size + 1):
        own = folder / f"zookeeper-{number}"
        (own / "zookeeper-data").mkdir(parents=True)
        (own / "zookeeper-data" / "myid").write_text(str(number), encoding="utf-8")
        servers.append(ZooKeeper(own, properties=together))
    return servers
