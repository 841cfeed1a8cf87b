"""The floor: what it takes to send the exporter's requests and to read the answers, doing nothing with them.

One collection of the exporter's own source is listened to: the bytes that it sends on each connection. They are then
sent again on as many connections. A request waits for the answers to all requests of another kind before it, and of one
kind as many are on their way on a connection as the exporter had; so what is left is Kafka's time and the network's.
"""

from __future__ import annotations

import selectors
import socket
import struct
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final
from unittest import mock

from exporter.core.model import Observation
from exporter.settings import Cluster
from exporter.sources.kafka import connections
from exporter.sources.kafka.broker_connection import BrokerConnection
from exporter.sources.kafka.source import KafkaSource

RECEIVE_BYTES: Final = 1 << 20
COLLECTION_SECONDS: Final = 120.0
_LENGTH: Final = struct.Struct(">i")
_API_KEY: Final = struct.Struct(">h")

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was sent, its length included, and the connection that it was sent on."""

    address: Address
    encoded: bytes

    @property
    def kind(self) -> int:
        """The number of the request's kind in Kafka's protocol."""
        (key,) = _API_KEY.unpack_from(self.encoded, _LENGTH.size)
        return int(key)


@dataclass(slots=True)
class Heard:
    """The requests of a collection in the order in which they were sent, and how many were on their way at once."""

    requests: list[Request] = field(default_factory=list)
    at_once: int = 1
    on_their_way: dict[Address, int] = field(default_factory=lambda: defaultdict(int))

    def sent(self, address: Address, encoded: bytes) -> None:
        """Takes in what was sent on a connection: any number of whole requests."""
        start = 0
        while start < len(encoded):
            (length,) = _LENGTH.unpack_from(encoded, start)
            end = start + _LENGTH.size + length
            self.requests.append(Request(address, encoded[start:end]))
            self.on_their_way[address] += 1
            self.at_once = max(self.at_once, self.on_their_way[address])
            start = end

    def answered(self, address: Address, responses: int) -> None:
        """Takes in that so many responses came."""
        self.on_their_way[address] -= responses


def listen(cluster: Cluster) -> tuple[Heard, Observation]:
    """What the exporter sends in a collection once it is connected, and what it observes."""
    heard: list[Heard] = []

    class Listening(BrokerConnection):
        """Notes what passes through its framing."""

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            address: Address = self.address
            framing: Any = self.parser
            send_bytes, receive_bytes = framing.send_bytes, framing.receive_bytes

            def sent() -> bytes:
                encoded: bytes = send_bytes()
                heard[-1].sent(address, encoded)
                return encoded

            def received(data: bytes) -> Any:
                responses = receive_bytes(data)
                heard[-1].answered(address, len(responses))
                return responses

            framing.send_bytes, framing.receive_bytes = sent, received

    with mock.patch.object(connections, "BrokerConnection", Listening):
        source = KafkaSource(cluster)
        try:
            for _ in range(2):  # the first one connects
                heard.append(Heard())
                observation = source.observe(COLLECTION_SECONDS)
        finally:
            source.close()
    return heard[-1], observation


class Floor:
    """Sends the requests that were heard, and throws the answers away."""

    def __init__(self, heard: Heard) -> None:
        self._at_once = heard.at_once
        self._stages = [
            _by_address(requests) for _, requests in groupby(heard.requests, key=lambda request: request.kind)
        ]
        self._sockets: dict[Address, socket.socket] = {}
        self._buffer = memoryview(bytearray(RECEIVE_BYTES))
        self.received = 0

    @contextmanager
    def connected(self) -> Iterator[Floor]:
        """Keeps the connections open while the context lasts."""
        try:
            for address in {address for stage in self._stages for address in stage}:
                connection = socket.create_connection(address)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets[address] = connection
            yield self
        finally:
            for connection in self._sockets.values():
                connection.close()

    def run(self) -> float:
        """Returns the seconds that all requests and their answers take."""
        self.received = 0
        started = time.perf_counter()
        for stage in self._stages:
            self._run_stage({address: list(reversed(requests)) for address, requests in stage.items()})
        return time.perf_counter() - started

    def _run_stage(self, waiting: dict[Address, list[bytes]]) -> None:
        """Sends requests of one kind on all connections at the same time."""
        with selectors.DefaultSelector() as selector:
            answers = {}
            for address, requests in waiting.items():
                answers[address] = _Answers(self._sockets[address], len(requests), self._buffer)
                for _ in range(min(self._at_once, len(requests))):
                    self._sockets[address].sendall(requests.pop())
                selector.register(self._sockets[address], selectors.EVENT_READ, address)
            while selector.get_map():
                for key, _ in selector.select():
                    address = key.data
                    for _ in range(answers[address].receive()):
                        if waiting[address]:
                            self._sockets[address].sendall(waiting[address].pop())
                    if answers[address].missing == 0:
                        selector.unregister(self._sockets[address])
                        self.received += answers[address].bytes


class _Answers:
    """Counts the answers on a connection without looking into them."""

    def __init__(self, connection: socket.socket, missing: int, buffer: memoryview) -> None:
        self.missing = missing
        self.bytes = 0
        self._connection = connection
        self._buffer = buffer
        self._head = b""
        self._rest = 0
        """Bytes that the present answer still lacks."""

    def receive(self) -> int:
        """Reads what has arrived, and returns how many answers that completes."""
        count = self._connection.recv_into(self._buffer)
        if count == 0:
            raise ConnectionError("Kafka has closed a connection of the floor")
        self.bytes += count
        complete, position = 0, 0
        while position < count:
            if self._rest == 0:
                taken = bytes(self._buffer[position : min(count, position + _LENGTH.size - len(self._head))])
                self._head += taken
                position += len(taken)
                if len(self._head) < _LENGTH.size:
                    break
                (self._rest,), self._head = _LENGTH.unpack(self._head), b""
            step = min(self._rest, count - position)
            self._rest -= step
            position += step
            complete += self._rest == 0
        self.missing -= complete
        return complete


def _by_address(requests: Iterator[Request]) -> dict[Address, Sequence[bytes]]:
    found: dict[Address, list[bytes]] = defaultdict(list)
    for request in requests:
        found[request.address].append(request.encoded)
    return dict(found)
