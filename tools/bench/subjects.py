"""What is measured: processes that serve metrics, their time, their CPU time and their memory."""

from __future__ import annotations

import http.client
import os
import time
import zlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from testbed.processes import TestbedError
from testbed.servers import Server

SCRAPE_SECONDS: Final = 120.0
READ_BYTES: Final = 1 << 20
HEADERS: Final = {
    "Accept": "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "Accept-Encoding": "gzip",
    "X-Prometheus-Scrape-Timeout-Seconds": f"{SCRAPE_SECONDS:g}",
}
"""As Prometheus asks."""

SETTLED_SECONDS: Final = 0.1
MAX_SETTLE_SECONDS: Final = 10.0
KILOBYTE: Final = 1024
TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Scrape:
    """One scrape: how long it took in seconds, and the page as it was sent, compressed."""

    seconds: float
    packed: bytes

    def text(self) -> bytes:
        """The page."""
        return zlib.decompress(self.packed, 31)


@dataclass(frozen=True, slots=True)
class Cost:
    """A scrape with what it cost the process: CPU seconds, and memory in bytes after it and at its highest."""

    scrape: Scrape
    cpu: float
    resident: int
    peak: int


class Subject:
    """A running exporter under its name."""

    def __init__(self, name: str, server: Server, version: str, path: str = "/metrics") -> None:
        self.name = name
        self.version = version
        self.server = server
        self._path = path

    def scrape(self) -> Scrape:
        """Scrapes it once, and throws nothing away."""
        netloc = urlsplit(self.server.url).netloc
        pieces = []
        with closing(http.client.HTTPConnection(netloc, timeout=SCRAPE_SECONDS)) as connection:
            connection.connect()
            started = time.perf_counter()
            connection.request("GET", self._path, headers=HEADERS)
            answer = connection.getresponse()
            while piece := answer.read(READ_BYTES):
                pieces.append(piece)
            seconds = time.perf_counter() - started
        if answer.status != http.HTTPStatus.OK or answer.headers.get("Content-Encoding") != "gzip":
            raise TestbedError(f"{self.name} answered a scrape with {answer.status}\n{self.server.tail()}")
        return Scrape(seconds, b"".join(pieces))

    def cost(self) -> Cost:
        """Scrapes it once, and waits until what it does after a scrape is done too."""
        Path(f"/proc/{self.server.pid}/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew
        before = self.cpu()
        scrape = self.scrape()
        cpu = self._settled()
        memory = self.memory()
        return Cost(scrape, cpu - before, memory["VmRSS"], memory["VmHWM"])

    def cpu(self) -> float:
        """The CPU seconds that the process has used so far."""
        fields = Path(f"/proc/{self.server.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> Mapping[str, int]:
        """What the kernel says of the process' memory, in bytes: VmRSS is resident now, VmHWM was the most."""
        lines = Path(f"/proc/{self.server.pid}/status").read_text(encoding="utf-8").splitlines()
        values = (line.split() for line in lines if line.startswith("Vm"))
        return {name.rstrip(":"): int(value) * KILOBYTE for name, value, _ in values}

    def _settled(self) -> float:
        """The CPU seconds used so far, once the process is at rest."""
        deadline = time.monotonic() + MAX_SETTLE_SECONDS
        last = self.cpu()
        while time.monotonic() < deadline:
            time.sleep(SETTLED_SECONDS)
            now = self.cpu()
            if now == last:
                break
            last = now
        return last
