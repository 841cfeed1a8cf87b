"""HTTP connections that nobody can hold on to: idle, dripping and unread ones are ended.

uvicorn bounds the time between two requests, not the time that one takes to arrive or to be read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS: Final = 10.0
"""How long a request may take from its first byte (the first one: from the connection) to its last."""

UNREAD_SECONDS: Final = 30.0
"""How long a client may leave an answer unread that waits for it."""

MOST_CONNECTIONS: Final = 512
"""Beyond it the connection that has waited longest for a request is ended. Half of the usual 1,024 open files, so
that idle clients lock out neither a scrape nor the connections to Kafka."""


class Limit:
    """A limit on a wait: calls ``end`` once it has lasted ``seconds``."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, end: Callable[[], None]) -> None:
        self._loop = loop
        self._seconds = seconds
        self._end = end
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to count; a wait that goes on does not begin again."""
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._end)

    def stop(self) -> None:
        """The wait is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Connection(H11Protocol):
    """uvicorn's connection, with a limit on every wait for the client."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request = Limit(self.loop, REQUEST_SECONDS, self._abort)
        self._answer = Limit(self.loop, UNREAD_SECONDS, self._abort)
        self._idle_since = self.loop.time()

    @property
    def idle(self) -> bool:
        """True if no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request; end the connection that has waited longest if there are too many."""
        super().connection_made(transport)
        self._request.start()
        if len(self.connections) > MOST_CONNECTIONS:
            idle = [other for other in self.connections if isinstance(other, Connection) and other.idle]
            min(idle, key=lambda other: other._idle_since)._abort()

    def data_received(self, data: bytes) -> None:
        """Take what came of a request, which from its first byte has its time to arrive."""
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._request.start()
        else:
            self._request.stop()

    def on_response_complete(self) -> None:
        """Go on with the next request."""
        self._idle_since = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Wait for the client to read."""
        super().pause_writing()
        self._answer.start()

    def resume_writing(self) -> None:
        """Go on writing."""
        super().resume_writing()
        self._answer.stop()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._request.stop()
        self._answer.stop()
        super().connection_lost(exc)

    def _abort(self) -> None:
        # Not close(), which would wait for the client once more: to read what is left, to end TLS.
        self.transport.abort()
