"""Bad networks and bad peers on loopback: addresses that answer nothing or rubbish, and a proxy that spoils answers."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Self

from testbed.processes import LOOPBACK

CHUNK = 65_536
CONNECT_SECONDS = 5.0
STOP_SECONDS = 10.0
SEND_SECONDS = 10
"""A peer that takes no byte for so long is given up, and the connection with it."""

Tamper = Callable[[bytes], bytes]
"""What becomes of bytes that a server has sent."""


class Last(bytes):
    """Bytes after which the connection is closed."""


def untouched(data: bytes) -> bytes:
    """The bytes as they are."""
    return data


class BlackHole:
    """An address that takes connections and never answers; with ``full`` it does not even take them."""

    def __init__(self, *, full: bool = False) -> None:
        self._stack = ExitStack()
        listening = self._stack.enter_context(socket.create_server((LOOPBACK, 0), backlog=0 if full else 512))
        self.port: int = listening.getsockname()[1]
        self.address = f"{LOOPBACK}:{self.port}"
        if full:
            # The kernel ignores further connections once some wait that nobody accepts.
            for _ in range(2):
                waiting = self._stack.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex((LOOPBACK, self.port))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._stack.close()


class Listener:
    """A server on a free port of loopback that gives each connection a thread. Subclasses say what it does there."""

    def __init__(self) -> None:
        self._listening = socket.create_server((LOOPBACK, 0), backlog=128)
        self.port: int = self._listening.getsockname()[1]
        self.address = f"{LOOPBACK}:{self.port}"
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False

    def serve(self, client: socket.socket) -> None:
        """Serves one connection until it ends."""
        raise NotImplementedError

    @property
    def connections(self) -> int:
        """How many connections there are, those to servers included."""
        with self._lock:
            return len(self._open)

    def drop(self) -> None:
        """Resets the connections that there are."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name=f"listener-{self.port}", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._closed = True
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.drop()

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, self._held(client), suppress(OSError):
            self.serve(client)

    def _held(self, connection: socket.socket) -> ExitStack:
        """Keeps the connection among those that `drop` resets."""
        stack = ExitStack()
        with self._lock:
            self._open.add(connection)
        stack.callback(self._forget, connection)
        return stack

    def _forget(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)


class Babbler(Listener):
    """A server of another protocol: to whatever it is sent it says the same, ``times`` times."""

    def __init__(self, says: bytes, times: int = 1) -> None:
        super().__init__()
        self._says = says
        self._times = times

    def serve(self, client: socket.socket) -> None:
        """Says it, once it has been asked anything."""
        if client.recv(CHUNK):
            for _ in range(self._times):
                client.sendall(self._says)
            while client.recv(CHUNK):
                pass


class Proxy(Listener):
    """Stands before the server at port ``target`` of loopback, and does to its answers what ``tamper`` says."""

    def __init__(self) -> None:
        super().__init__()
        self.target = 0
        self.tamper: Tamper = untouched

    def serve(self, client: socket.socket) -> None:
        """Passes on bytes in both directions until one side closes."""
        with socket.create_connection((LOOPBACK, self.target), CONNECT_SECONDS) as server, self._held(server):
            server.settimeout(None)
            for end in (client, server):
                # For sending alone: an answer may be waited for for as long as the peers like.
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
            asking = threading.Thread(target=self._pass_on, args=(client, server, untouched), daemon=True)
            asking.start()
            self._pass_on(server, client, self._tampered)
            asking.join(STOP_SECONDS)

    def _tampered(self, data: bytes) -> bytes:
        return self.tamper(data)  # which may be another one for the next bytes

    def _pass_on(self, source: socket.socket, sink: socket.socket, tamper: Tamper) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                passed = tamper(data)
                sink.sendall(passed)
                if isinstance(passed, Last):
                    break
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
