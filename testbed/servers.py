"""Servers that speak HTTP: Prometheus, Alertmanager, and the exporter itself."""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import yaml

from testbed.processes import LOOPBACK, Process, free_ports

START_SECONDS = 30.0
GET_SECONDS = 2.0


class Server(Process):
    """A process that serves HTTP at ``url``, on a free port of loopback; starting it waits until it is ready.

    ``command`` is given the address to listen on, as ``host:port``.
    """

    def __init__(
        self,
        name: str,
        command: Callable[[str], Sequence[str | Path]],
        folder: Path,
        *,
        ready_path: str = "/-/ready",
        env: Mapping[str, str] | None = None,
    ) -> None:
        (port,) = free_ports(1)
        self.address = f"{LOOPBACK}:{port}"
        self.url = f"http://{self.address}"
        self._ready_path = ready_path
        super().__init__(name, command(self.address), folder / f"{name}.log", env)

    def start(self) -> Self:
        """Starts it, and returns when it says that it is ready."""
        super().start()
        return self.wait_ready(lambda: answers(self.url + self._ready_path), START_SECONDS)

    def __enter__(self) -> Self:
        return self if self.running else self.start()


def get(url: str, headers: Mapping[str, str] | None = None, timeout: float = GET_SECONDS) -> tuple[int, str]:
    """The status and the text that a GET is answered with. Proxies in the environment are ignored."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=timeout)) as connection:
        connection.request("GET", f"{parts.path or '/'}?{parts.query}".rstrip("?"), headers=dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8")


def post(url: str, timeout: float = GET_SECONDS) -> tuple[int, str]:
    """The status and the text that a POST without a body is answered with."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=timeout)) as connection:
        connection.request("POST", parts.path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8")


def answers(url: str) -> bool:
    """True if a GET of the URL is answered with success."""
    try:
        return get(url)[0] == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False


def prometheus(folder: Path, config: str, *arguments: str) -> Server:
    """Debian's Prometheus with this configuration (YAML), its data in ``folder``."""
    file = _written(folder / "prometheus.yml", config)

    def command(address: str) -> list[str]:
        data = folder / "prometheus-data"
        flags = [f"--config.file={file}", f"--storage.tsdb.path={data}", f"--web.listen-address={address}"]
        return ["prometheus", *flags, *arguments]

    return Server("prometheus", command, folder)


def alertmanager(folder: Path, config: str, *arguments: str) -> Server:
    """Debian's Alertmanager with this configuration (YAML), its data in ``folder``, without a cluster of its own."""
    file = _written(folder / "alertmanager.yml", config)

    def command(address: str) -> list[str]:
        data = folder / "alertmanager-data"
        flags = [f"--config.file={file}", f"--storage.path={data}", f"--web.listen-address={address}"]
        return ["prometheus-alertmanager", *flags, "--cluster.listen-address=", *arguments]

    return Server("alertmanager", command, folder)


def exporter(
    folder: Path,
    config: Mapping[str, Any],
    *arguments: str,
    env: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
) -> Server:
    """The exporter with this configuration, as a process of its own; the port is chosen here.

    ``env`` is added to this process's environment without the exporter's variables, which would override the
    configuration. ``before`` are words before the command, such as ``prlimit`` and its options.
    """
    neutral = {name: value for name, value in os.environ.items() if not name.startswith("KBE_")}

    def command(address: str) -> list[str]:
        settings = {**config, "web": {**config.get("web", {}), "listen_address": address}}
        file = _written(folder / "exporter.yml", yaml.safe_dump(settings, sort_keys=False))
        return [*before, sys.executable, "-m", "exporter", "serve", f"--config.file={file}", *arguments]

    return Server("exporter", command, folder, env={**neutral, **(env or {})})


def _written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file
