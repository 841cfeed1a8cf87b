"""Nodes of ZooKeeper, many at a time, over a session that is begun anew when it is lost."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import (
    AuthFailedError,
    CancelledError,
    ConnectionLoss,
    KazooException,
    NoAuthError,
    NoNodeError,
    OperationTimeoutError,
    SessionExpiredError,
    SessionMovedError,
)
from kazoo.handlers.threading import KazooTimeoutError, SequentialThreadingHandler
from kazoo.retry import KazooRetry

from exporter.settings import ZooKeeper
from exporter.sources.tls import tls_context

SESSION_SECONDS: Final = 10.0
MAX_RECONNECT_SECONDS: Final = 2.0
"""The longest pause between two attempts to connect."""

ABANDONED_SECONDS: Final = 60.0
"""A client that has had no connection for so long is replaced: what ends its thread would keep it from ever having one.
"""

_LOST: Final = (CancelledError, ConnectionLoss, OperationTimeoutError, SessionExpiredError, SessionMovedError)
"""What happens to requests whose server has gone; another one can answer them."""

_log = logging.getLogger("exporter.sources.zookeeper.kazoo")
_log.setLevel(logging.CRITICAL)  # The collector logs a failure once; kazoo would at each attempt.

T = TypeVar("T")


class Unreadable(Exception):
    """Nothing could be read; ``reason`` is a short word fit for a metric label."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Forbidden:
    """Stands for what the exporter may not read."""


FORBIDDEN: Final = Forbidden()


@dataclass(frozen=True, slots=True)
class Node:
    """What a node holds, and when it was written last, in ms since the epoch."""

    data: bytes
    modified: int


class Nodes:
    """Reads nodes below the root; connects when first asked."""

    def __init__(self, settings: ZooKeeper) -> None:
        self._settings = settings
        self._root = settings.root.rstrip("/")
        self._client: KazooClient | None = None
        self._connected = threading.Event()
        self._alive_at = 0.0
        self._lock = threading.Lock()
        self._closed = False

    @property
    def servers(self) -> tuple[str, ...]:
        """The servers of the ensemble."""
        return self._settings.servers

    @property
    def connected(self) -> bool:
        """False where a connection has first to be made."""
        return self._connected.is_set()

    def children(self, paths: Iterable[str], deadline: float) -> list[list[str] | Forbidden | None]:
        """The names of each node's children, None for a node that does not exist.

        Raises Unreadable if they are not all known by ``deadline`` (monotonic time).
        """
        return self._read(list(paths), lambda client: client.get_children_async, list, deadline)

    def nodes(self, paths: Iterable[str], deadline: float) -> list[Node | Forbidden | None]:
        """What each node holds, None for one that does not exist; raises as `children` does."""
        return self._read(list(paths), lambda client: client.get_async, _node, deadline)

    def close(self) -> None:
        """Ends the session for good."""
        with self._lock:
            self._closed = True
        self._drop()

    def _read(
        self,
        paths: list[str],
        request: Callable[[KazooClient], Callable[[str], Any]],
        made: Callable[[Any], T],
        deadline: float,
    ) -> list[T | Forbidden | None]:
        """Asks for all paths, and once more for those whose answers a lost connection took along."""
        answers: dict[str, T | Forbidden | None] = {}
        while left := [path for path in paths if path not in answers]:
            client = self._client_with_connection(deadline)
            asked = [(path, request(client)(f"{self._root}{path}")) for path in left]
            for path, answer in asked:
                try:
                    answers[path] = made(answer.get(timeout=max(deadline - time.monotonic(), 0.0)))
                except NoNodeError:
                    answers[path] = None
                except NoAuthError:
                    answers[path] = FORBIDDEN
                except _LOST:
                    continue
                except KazooTimeoutError:
                    raise Unreadable("timeout") from None
                except AuthFailedError:
                    self._drop()
                    raise Unreadable("authentication") from None
                except KazooException as error:
                    raise Unreadable(type(error).__name__.removesuffix("Error").lower()) from error
        return [answers[path] for path in paths]

    def _client_with_connection(self, deadline: float) -> KazooClient:
        """A client with a connection. Raises Unreadable if there is none by the deadline."""
        now = time.monotonic()
        with self._lock:
            if self._closed:
                raise Unreadable("closed")
            if self._client is not None and not self.connected and now - self._alive_at > ABANDONED_SECONDS:
                _stop(self._client)
                self._client = None
            if self._client is None:
                self._client, self._alive_at = self._started(), now
            client = self._client
        if not self._connected.wait(max(deadline - time.monotonic(), 0.0)):
            raise Unreadable("connection")
        self._alive_at = time.monotonic()
        return client

    def _started(self) -> KazooClient:
        """A client that goes on connecting until it is stopped."""
        settings = self._settings
        try:
            context = tls_context(settings.tls) if settings.tls is not None else None
        except (OSError, ValueError) as error:
            raise Unreadable("configuration") from error
        self._connected = connected = threading.Event()
        client = KazooClient(
            hosts=",".join(settings.servers),
            timeout=SESSION_SECONDS,
            handler=_Handler(context),
            auth_data=[("digest", f"{settings.username}:{settings.password}")] if settings.username else None,
            connection_retry=KazooRetry(max_tries=-1, max_delay=MAX_RECONNECT_SECONDS),
            logger=_log,
        )
        client.add_listener(lambda state: connected.set() if state == KazooState.CONNECTED else connected.clear())
        try:
            client.start_async()
        except RuntimeError as error:  # no more threads
            raise Unreadable("resources") from error
        return client

    def _drop(self) -> None:
        with self._lock:
            client, self._client = self._client, None
            self._connected = threading.Event()
        if client is not None:
            _stop(client)


def _stop(client: KazooClient) -> None:
    """Ends a session in a thread of its own: kazoo waits for a connection that is just being made."""

    def stop() -> None:
        try:
            client.stop()
            client.close()
        except (KazooException, OSError):
            _log.debug("the session did not end in order", exc_info=True)

    threading.Thread(target=stop, name="zookeeper-stop", daemon=True).start()


def _node(answer: tuple[bytes, Any]) -> Node:
    data, stat = answer
    return Node(data or b"", stat.mtime)


class _Handler(SequentialThreadingHandler):  # type: ignore[misc]  # kazoo ships no type hints
    """Makes connections with the TLS of the settings: kazoo's own trusts the system's authorities beside the named."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        super().__init__()
        self._context = context

    def create_connection(
        self, address: tuple[str, int], hostname: str | None = None, timeout: float | None = None, **_: Any
    ) -> socket.socket:
        """A connection to one server, without Nagle's delay."""
        connection = socket.create_connection(address, timeout)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                return self._context.wrap_socket(connection, server_hostname=hostname)
        except BaseException:
            connection.close()
            raise
        return connection
