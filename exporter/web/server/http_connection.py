"""HTTP connections with a limit on every wait: idle clients, and those that send or read slowly, are disconnected.

uvicorn limits the time between two requests, but not the time that one takes to arrive or an answer to be read.
"""

from __future__ import annotations

import asyncio
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable, Iterable
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from exporter.web.server import open_files
from exporter.web.server.unsent import ABORT

REQUEST_SECONDS: Final = 10.0
"""How long a request may take from its first byte (for the first request: from the connection) to its last."""

UNREAD_SECONDS: Final = 30.0
"""How long a client may leave a waiting answer unread."""

HANDSHAKE_SECONDS: Final = 10
"""How long a TLS handshake may take."""

TLS_END_SECONDS: Final = 2
"""How long a connection that we close waits for the client's end of TLS; the server's stop waits for it too."""

MAX_CONNECTIONS: Final = 512
"""Above this, the connection that has waited longest for its client is closed: fewer where fewer files may be open."""


def connection_limit() -> int:
    """How many connections are kept.

    They take at most half of the open files, so that idle clients block neither a scrape nor the connections to Kafka.
    """
    return min(MAX_CONNECTIONS, max(1, open_files.allowed() // 2))


class Limit:
    """A limit on a wait: calls ``end`` after ``seconds``."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, end: Callable[[], None]) -> None:
        self._loop = loop
        self._seconds = seconds
        self._end = end
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Starts the timer; a running one is not restarted."""
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._end)

    def stop(self) -> None:
        """Stops the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class HttpConnection(H11Protocol):
    """uvicorn's connection, with a limit on every wait for the client."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Each request's scope has it as its state.
        self.app_state = {**self.app_state, ABORT: self._abort}
        self._request = Limit(self.loop, REQUEST_SECONDS, self._abort)
        self._answer = Limit(self.loop, UNREAD_SECONDS, self._abort)
        self._waiting_since = self.loop.time()
        self._ended = False

    @property
    def waits_for_client(self) -> bool:
        """True if the client is due: to send a request or the rest of one, or to read an answer."""
        answering = self.cycle is not None and not self.cycle.response_complete
        return not answering or self.conn.their_state is h11.SEND_BODY or self.flow.write_paused

    def accepted(self, transport: asyncio.Transport) -> None:
        """Counts the connection; if there are too many, closes the one that has waited longest."""
        self.transport = transport
        self.connections.add(self)
        if len(_kept(self.connections)) > connection_limit():
            close_longest_waiting(self.connections)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Waits for a request."""
        super().connection_made(transport)
        self._request.start()
        self.accepted(transport)

    def data_received(self, data: bytes) -> None:
        """Receives part of a request; its timer starts with its first byte."""
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._request.start()
        else:
            self._request.stop()

    def on_response_complete(self) -> None:
        """Goes on with the next request; of one that was sent ahead, some may be here already."""
        self._waiting_since = self.loop.time()
        super().on_response_complete()
        begun = self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]
        if begun or self.conn.their_state is h11.SEND_BODY:
            self._request.start()

    def pause_writing(self) -> None:
        """Waits for the client to read."""
        super().pause_writing()
        self._waiting_since = self.loop.time()
        self._answer.start()

    def resume_writing(self) -> None:
        """Resumes writing."""
        super().resume_writing()
        self._answer.stop()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops all timers."""
        self._request.stop()
        self._answer.stop()
        super().connection_lost(exc)

    def _abort(self) -> None:
        self._ended = True
        # Not close(), which would wait for the client again: to read the rest, to end TLS.
        self.transport.abort()


def close_longest_waiting(connections: Iterable[object]) -> None:
    """Closes the connection that has waited longest for its client, if there is one that waits."""
    waiting = [connection for connection in _kept(connections) if connection.waits_for_client]
    if waiting:
        min(waiting, key=lambda connection: connection._waiting_since)._abort()


def _kept(connections: Iterable[object]) -> list[HttpConnection]:
    """Those that are not ended; a closed connection is still counted until the loop's next round."""
    return [other for other in connections if isinstance(other, HttpConnection) and not other._ended]


class TlsHandshake(SSLProtocol):
    """TLS below a connection, which therefore counts from its first moment and not only after the handshake.

    asyncio's own TLS server reports a connection only after the handshake.
    """

    def __init__(self, connection: HttpConnection, context: ssl.SSLContext) -> None:
        super().__init__(
            connection.loop,
            connection,
            context,
            None,  # type: ignore[arg-type]  # nothing waits for the end of the handshake
            server_side=True,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=TLS_END_SECONDS,
        )
        self._connection = connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins the handshake."""
        super().connection_made(transport)
        self._connection.accepted(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Closes the connection, with or without a finished handshake."""
        self._connection.connections.discard(self._connection)
        super().connection_lost(exc)
