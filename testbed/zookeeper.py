"""A ZooKeeper, which old Burrow needs to start. It is taken from the last Kafka that supports ZooKeeper."""

from __future__ import annotations

import socket
from pathlib import Path

from testbed.distribution import OLDER, fetch
from testbed.processes import LOOPBACK, Process, free_ports

START_SECONDS = 30.0
ANSWER_SECONDS = 1.0


class ZooKeeper(Process):
    """One ZooKeeper on a free port of loopback; entering the context waits until it serves."""

    def __init__(self, folder: Path) -> None:
        (port,) = free_ports(1)
        self.address = f"{LOOPBACK}:{port}"
        self._port = port
        settings = {
            "dataDir": str(folder / "zookeeper-data"),
            "clientPortAddress": LOOPBACK,
            "clientPort": str(port),
            "admin.enableServer": "false",
            "4lw.commands.whitelist": "srvr",
        }
        configuration = folder / "zookeeper.properties"
        configuration.write_text("".join(f"{key}={value}\n" for key, value in settings.items()), encoding="utf-8")
        main = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
        super().__init__("zookeeper", fetch(OLDER).java(main, configuration, heap="128m"), folder / "zookeeper.log")

    def __enter__(self) -> ZooKeeper:
        return self.start().wait_ready(self._serves, START_SECONDS)

    def _serves(self) -> bool:
        """Asks for its health with the command ``srvr``."""
        try:
            with socket.create_connection((LOOPBACK, self._port), ANSWER_SECONDS) as connection:
                connection.sendall(b"srvr")
                return b"Mode: standalone" in connection.recv(4096)
        except OSError:
            return False
