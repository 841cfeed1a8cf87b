"""Other exporters, built from sources that somebody has put into a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testbed.broker import Cluster
from testbed.servers import Server
from tools.bench.machine import commit
from tools.bench.subjects import Subject

BUILD_SECONDS: Final = 900.0
KAFKA_VERSION: Final = "2.8.0"
"""The protocol version that kafka_exporter is told to use; its own default is one that Kafka 4 has removed."""


class NotBuilt(Exception):
    """A peer that cannot be measured; the message says why in one line."""


def build(name: str, sources: Path, into: Path) -> Path:
    """The program that the Go toolchain builds from `sources/NAME`. Raises NotBuilt."""
    folder = sources / name
    if not (folder / "go.mod").is_file():
        raise NotBuilt(f"{name} is not measured: {folder} has no Go sources (go.mod)")
    go = shutil.which("go")
    if go is None:
        raise NotBuilt(f"{name} is not measured: the Go toolchain is missing (https://go.dev/dl)")
    into.mkdir(parents=True, exist_ok=True)
    program = into / name
    command = [go, "build", "-o", str(program), "."]
    try:
        done = subprocess.run(  # noqa: S603 - the command is our own
            command,
            cwd=folder,
            env={**os.environ, "CGO_ENABLED": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotBuilt(f"{name} is not measured: its build takes longer than {BUILD_SECONDS:g} s") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise NotBuilt(f"{name} is not measured: go build in {folder} failed: {said[-1]}")
    return program


@dataclass(frozen=True, slots=True)
class Peer:
    """An exporter that reads Kafka at each scrape as this one does: how it is started."""

    name: str
    arguments: Callable[[str, Cluster], list[str]] = lambda _, __: []
    environment: Callable[[str, Cluster], Mapping[str, str]] = lambda _, __: os.environ
    ready_path: str = "/"

    def open(self, program: Path, version: str) -> Callable[[Path, Cluster], Subject]:
        """Makes the subject, as `tools.bench.measuring.Open`."""

        def opened(folder: Path, kafka: Cluster) -> Subject:
            environment: dict[str, str] = {}

            def command(address: str) -> list[str]:
                environment.update(self.environment(address, kafka))
                return [str(program), *self.arguments(address, kafka)]

            server = Server(self.name, command, folder, ready_path=self.ready_path, env=environment)
            return Subject(self.name, server, version)

        return opened


def _kminion(address: str, kafka: Cluster) -> Mapping[str, str]:
    """Its defaults, except that it need not know the size of log directories."""
    host, _, port = address.rpartition(":")
    return {
        **os.environ,
        "KAFKA_BROKERS": ",".join(kafka.bootstrap_servers),
        "EXPORTER_HOST": host,
        "EXPORTER_PORT": port,
        "MINION_CONSUMERGROUPS_SCRAPEMODE": "adminApi",
        "MINION_LOGDIRS_ENABLED": "false",
        "LOGGER_LEVEL": "warn",
    }


def _kafka_exporter(address: str, kafka: Cluster) -> list[str]:
    servers = [f"--kafka.server={server}" for server in kafka.bootstrap_servers]
    return [*servers, f"--kafka.version={KAFKA_VERSION}", f"--web.listen-address={address}"]


PEERS: Final = (
    Peer("kminion", environment=_kminion, ready_path="/ready"),
    Peer("kafka_exporter", arguments=_kafka_exporter, ready_path="/healthz"),
)


def built(sources: Path, into: Path) -> Iterator[Callable[[Path, Cluster], Subject] | str]:
    """What opens each peer, or why it is not measured."""
    for peer in PEERS:
        try:
            yield peer.open(build(peer.name, sources, into), commit(sources / peer.name))
        except NotBuilt as reason:
            yield str(reason)


@dataclass(frozen=True, slots=True)
class BurrowProgram:
    """A Burrow, and what it is."""

    path: str | Path = "Burrow"
    version: str = "Debian's package"


def built_burrow(sources: Path, into: Path) -> BurrowProgram:
    """The Burrow that is built from the sources. Raises NotBuilt."""
    return BurrowProgram(build("Burrow", sources, into), commit(sources / "Burrow"))
