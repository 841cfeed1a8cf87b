"""The listening socket: accepts connections, and goes on when there are no more open files.

asyncio's own server then logs a line and starts another timer for each connection that it might have accepted, twice as
many of both every second.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Final

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 0.1
"""How long nothing is accepted after that has failed."""

RECOVERED_SECONDS: Final = 60.0
"""So long nothing must fail before it counts as right again."""


class Listener:
    """Accepts connections of a listening socket; stands in for `asyncio.Server`.

    At most ``at_once`` are accepted per round of the loop: a burst must not use up the open files. ``make_room`` closes
    a connection that can be spared; it is called when no further one can be accepted.
    """

    def __init__(
        self,
        listening: socket.socket,
        protocol: Callable[[], asyncio.BaseProtocol],
        make_room: Callable[[], None],
        *,
        at_once: int,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listening = listening
        self._protocol = protocol
        self._make_room = make_room
        self._at_once = at_once
        self._starting: set[asyncio.Task[None]] = set()
        self._paused: asyncio.TimerHandle | None = None
        self._failed_at: float | None = None
        listening.setblocking(False)
        self._resume()

    def close(self) -> None:
        """Accepts no further connections."""
        if self._paused is not None:
            self._paused.cancel()
        self._loop.remove_reader(self._listening)

    async def wait_closed(self) -> None:
        """Returns when it is closed: at once."""

    def _resume(self) -> None:
        self._paused = None
        self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        for _ in range(self._at_once):
            try:
                connection, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._failed(error)
                return
            self._succeeded()
            starting = self._loop.create_task(self._start(connection))
            # The loop itself keeps only a weak reference.
            self._starting.add(starting)
            starting.add_done_callback(self._starting.discard)

    async def _start(self, connection: socket.socket) -> None:
        try:
            connection.setblocking(False)
            await self._loop.connect_accepted_socket(self._protocol, connection)
        except OSError:  # the client has gone already, or the loop cannot watch one more
            connection.close()

    def _failed(self, error: OSError) -> None:
        """Pauses, and makes room for the next connection; one line tells of a shortage, however often it fails."""
        if self._failed_at is None:
            reason = (error.strerror or str(error)).lower()
            log.error(
                "connections cannot be accepted, so those that wait longest for their client are closed: %s", reason
            )
        self._failed_at = self._loop.time()
        self._make_room()
        self._loop.remove_reader(self._listening)
        self._paused = self._loop.call_later(RETRY_SECONDS, self._resume)

    def _succeeded(self) -> None:
        if self._failed_at is not None and self._loop.time() - self._failed_at > RECOVERED_SECONDS:
            self._failed_at = None
            log.info("connections are accepted again")
