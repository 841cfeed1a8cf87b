"""A server on loopback that speaks Kafka's protocol, well or badly."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from kafka.protocol.admin import DescribeGroupsResponse, ListGroupsResponse
from kafka.protocol.consumer import ListOffsetsResponse, OffsetFetchResponse
from kafka.protocol.metadata import ApiVersionsResponse, MetadataResponse
from kafka.protocol.sasl import SaslAuthenticateResponse, SaslHandshakeResponse

LOOPBACK = "127.0.0.1"

VERSIONS = {
    ListOffsetsResponse: 5,
    MetadataResponse: 12,
    OffsetFetchResponse: 8,
    DescribeGroupsResponse: 5,
    ListGroupsResponse: 4,
    SaslHandshakeResponse: 1,
    ApiVersionsResponse: 3,
    SaslAuthenticateResponse: 2,
}
"""The responses that it can make, and their highest versions."""

Handler = Callable[[int], Any]
"""Makes the response to a request of one kind, for its version; raw bytes are sent as they are, None is no response."""


def api_versions(*without: type) -> Handler:
    """The response that names the requests that the broker knows, some of them left out."""
    kinds = [
        ApiVersionsResponse.ApiVersion(version=3, api_key=kind.API_KEY, min_version=0, max_version=VERSIONS[kind])
        for kind in VERSIONS
        if kind not in without
    ]
    return lambda version: ApiVersionsResponse(version=version, error_code=0, api_keys=kinds)


class FakeBroker:
    """Broker 1 of a cluster of its own, with no groups; takes the response to each kind of request from ``handlers``.

    ``accepts`` False: it accepts connections and sends nothing, not even a TLS handshake.
    """

    def __init__(
        self,
        handlers: Mapping[type, Handler] | None = None,
        *,
        accepts: bool = True,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.handlers: dict[type, Handler] = {
            ApiVersionsResponse: api_versions(),
            MetadataResponse: self.metadata,
            ListGroupsResponse: lambda version: ListGroupsResponse(version=version, error_code=0, groups=[]),
            DescribeGroupsResponse: lambda version: DescribeGroupsResponse(version=version, groups=[]),
            ListOffsetsResponse: lambda version: ListOffsetsResponse(version=version, topics=[]),
            **(handlers or {}),
        }
        self.connections = 0
        self.received: list[type] = []
        self.requests: list[tuple[type, bytes]] = []
        self._accepts = accepts
        self._context = context
        self._listening = socket.create_server((LOOPBACK, 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    @property
    def address(self) -> str:
        host, port = self._listening.getsockname()
        return f"{host}:{port}"

    def metadata(self, version: int) -> MetadataResponse:
        """Only itself, and one topic."""
        host, port = self._listening.getsockname()
        topic = MetadataResponse.MetadataResponseTopic
        return MetadataResponse(
            version=version,
            brokers=[MetadataResponse.MetadataResponseBroker(version=version, node_id=1, host=host, port=port)],
            topics=[topic(version=version, name="t", error_code=0, topic_id=None, partitions=[])],
        )

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.drop()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(10)

    def drop(self) -> None:
        """Closes the connections that there are."""
        while self._open:
            connection = self._open.pop()
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _start(self, function: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            if self._accepts:
                self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, EOFError):
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            while True:
                (length,) = struct.unpack(">i", _read(connection, 4))
                request = _read(connection, length)
                key, version, correlation_id = struct.unpack(">hhi", request[:8])
                kind = next(kind for kind in VERSIONS if key == kind.API_KEY)
                self.received.append(kind)
                self.requests.append((kind, request))
                response = self.handlers[kind](version)
                if response is None:
                    continue
                if not isinstance(response, bytes):
                    response.with_header(correlation_id=correlation_id)
                    response = response.encode(header=True, framed=True)
                connection.sendall(response)
        with suppress(OSError):
            connection.close()


def _read(connection: socket.socket, length: int) -> bytes:
    """So many bytes. Raises EOFError."""
    read = b""
    while len(read) < length:
        more = connection.recv(length - len(read))
        if not more:
            raise EOFError
        read += more
    return read
