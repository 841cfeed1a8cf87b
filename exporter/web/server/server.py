"""uvicorn with our own listening socket, TLS and stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from exporter.settings import Web
from exporter.web.server import open_files
from exporter.web.server.http_connection import (
    MAX_CONNECTIONS,
    HttpConnection,
    TlsHandshake,
    close_longest_waiting,
    connection_limit,
)
from exporter.web.server.listener import Listener

log = logging.getLogger(__name__)

STOP_SECONDS: Final = 3
"""How long running requests may continue after the signal to stop; the whole stop should take less than 5 s."""

KEEP_ALIVE_SECONDS: Final = 75
"""How long an idle connection is kept: longer than usual scrape intervals, so that a scraper reuses its connection."""

_NO_IPV6: Final = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})


OnHangUp = Callable[[], Coroutine[object, object, object]]
"""Called at SIGHUP; its result is not used."""


def serve(app: ASGIApp, web: Web, *, tls: ssl.SSLContext | None = None, reload: OnHangUp | None = None) -> None:
    """Answers on the port until SIGTERM or SIGINT, over TLS if there is a context for it.

    SIGHUP calls ``reload``.

    Raises:
        ValueError: the listen address is invalid.
        OSError: the address cannot be bound, for example because another process listens there.
    """
    open_files.allow_more()
    if (most := connection_limit()) < MAX_CONNECTIONS:
        message = (
            "only %d files may be open, so at most %d connections are kept; raise the limit (ulimit -n, LimitNOFILE)"
        )
        log.warning(message, open_files.allowed(), most)
    with listen(web.listen_address) as listener:
        log.info("listening on %s://%s", "http" if tls is None else "https", bound_address(listener))
        asyncio.run(_serve(make_server(app, tls), listener, reload))


def make_server(app: ASGIApp, tls: ssl.SSLContext | None = None) -> Server:
    """The server of an application: HTTP/1.1, bounded connections, no access log, no Server header."""
    return Server(
        uvicorn.Config(
            app,
            # All explicit, so that other installed packages do not change how the port behaves.
            loop="asyncio",
            http=HttpConnection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            # Our own logging applies; of uvicorn's messages only errors are logged, and none that a client can cause at
            # will.
            log_config=None,
            log_level=logging.ERROR,
            access_log=False,
            server_header=False,
            # Headers that claim another client address are ignored.
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS,
        ),
        tls,
    )


class Server(uvicorn.Server):
    """A server that returns when it stops, and counts connections from before their TLS handshake."""

    def __init__(self, config: uvicorn.Config, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(config)
        self._tls = tls

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens on the sockets."""
        # A connection that is one too many is closed three rounds of the loop after it was accepted.
        at_once = max(1, connection_limit() // 8)
        self.servers = [
            Listener(listening, self._connection, self._make_room, at_once=at_once)  # type: ignore[misc]
            for listening in sockets or ()
        ]
        self.started = True

    def _connection(self) -> asyncio.BaseProtocol:
        connection = HttpConnection(self.config, self.server_state, {})
        return connection if self._tls is None else TlsHandshake(connection, self._tls)

    def _make_room(self) -> None:
        close_longest_waiting(self.server_state.connections)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals alone: uvicorn would raise the signal again after the stop, which would kill the process."""
        yield

    def stop(self) -> None:
        """Stops after the running requests; the second call stops at once."""
        self.force_exit = self.should_exit
        self.should_exit = True


async def _serve(server: Server, listener: socket.socket, reload: OnHangUp | None) -> None:
    loop = asyncio.get_running_loop()
    if reload is not None:
        running: set[asyncio.Task[object]] = set()

        def hang_up() -> None:
            task = loop.create_task(reload())
            # The loop itself keeps only a weak reference.
            running.add(task)
            task.add_done_callback(running.discard)

        loop.add_signal_handler(signal.SIGHUP, hang_up)
        # A SIGHUP that arrived during the start has been waiting for this.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    await server.serve(sockets=[listener])


def listen(address: str) -> socket.socket:
    """A socket that listens on "host:port"; no host means every address, port 0 any free port.

    Raises:
        ValueError: the address is invalid.
        OSError: it cannot be bound.
    """
    host, port = parse_address(address)
    if not host and socket.has_dualstack_ipv6():
        try:
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
        except OSError as error:
            if error.errno not in _NO_IPV6:
                raise
    if not host:
        return socket.create_server(("", port))
    family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server((str(where[0]), port), family=family)


def parse_address(address: str) -> tuple[str, int]:
    """Host and port of ":8000", "127.0.0.1:8000", "[::1]:8000" or "localhost:8000".

    Raises:
        ValueError: the address is invalid.
    """
    host, colon, port = address.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535 or (":" in host and not bracketed):
        raise ValueError(f'listen address {address!r}: expected host:port, such as ":8000" or "[::1]:8000"')
    return host.strip("[]"), int(port)


def bound_address(listener: socket.socket) -> str:
    """The address of a socket in the form of a URL."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
