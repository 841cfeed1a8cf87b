"""The addresses of hosts, looked up off the event loop."""

from __future__ import annotations

import socket
import time
from typing import Any, Final

from kafka.errors import KafkaConnectionError, KafkaTimeoutError
from kafka.future import Future
from kafka.net.selector import NetworkSelector

from exporter.sources.kafka.event_loop import in_thread, until

Address = tuple[Any, ...]
"""What ``socket.getaddrinfo`` returns: family, type, protocol, canonical name, socket address."""

LOOKUP_SECONDS: Final = 1.0
"""Where an earlier lookup found addresses, a new one is not waited for longer."""


class Resolver:
    """Looks up hosts; one lookup at a time for each, because a name server that does not respond holds a thread."""

    def __init__(self, loop: NetworkSelector) -> None:
        self._loop = loop
        self._found: dict[tuple[str, int], list[Address]] = {}
        self._lookups: dict[tuple[str, int], Future] = {}

    async def addresses(self, host: str, port: int, timeout_at: float) -> list[Address]:
        """The addresses of a host, those found last if there is no response. Raises KafkaError or ValueError."""
        try:
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except socket.gaierror:
            pass
        key = host, port
        before = self._found.get(key)
        if before is not None:
            timeout_at = min(timeout_at, time.monotonic() + LOOKUP_SECONDS)
        try:
            self._found[key] = await until(self._loop, self._lookup(key), timeout_at)
        except KafkaTimeoutError as error:
            if before is None:
                raise KafkaTimeoutError(f"the name {host} was not resolved in time") from error
        except OSError as error:
            if before is None:
                # That is also what the system makes of a name server that does not respond.
                kind = KafkaTimeoutError if error.errno == socket.EAI_AGAIN else KafkaConnectionError
                raise kind(f"the name {host} cannot be resolved: {error}") from error
        return self._found[key]

    def _lookup(self, key: tuple[str, int]) -> Future:
        """The running lookup of a host, or a new one."""
        lookup = self._lookups.get(key)
        if lookup is None:
            host, port = key
            lookup = in_thread(self._loop, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            self._lookups[key] = lookup
            lookup.add_both(lambda _: self._lookups.pop(key, None))
        return lookup
