"""The connection to one broker, set up within a time."""

from __future__ import annotations

import errno
import os
import socket
import ssl
import time
from collections.abc import Sequence
from typing import Any, Final

from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaProtocolError,
    KafkaTimeoutError,
    SaslAuthenticationFailedError,
    ThrottlingQuotaExceededError,
)
from kafka.net.connection import KafkaConnection
from kafka.net.selector import NetworkSelector
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport

from exporter.sources.kafka.event_loop import in_thread, until
from exporter.sources.kafka.framing import MAX_RESPONSE_BYTES, Framing
from exporter.sources.kafka.host_lookup import Address, Resolver

MAX_IDLE_SECONDS: Final = 540.0
"""Kafka closes a connection that has been idle for ten minutes (``connections.max.idle.ms``)."""

PAUSE_SECONDS: Final = 0.05
"""So often a connection that the broker throttles is looked at again."""

READ_BYTES: Final = 65_536
MAX_READS: Final = 16
"""So often a connection is read before its framing has a look, and others have their turn."""

_SOCKET_OPTIONS: Final = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1))
_CONNECTING: Final = frozenset({errno.EINPROGRESS, errno.EALREADY, errno.EWOULDBLOCK})


class BrokerConnection(KafkaConnection):  # type: ignore[misc]  # kafka-python ships no type hints
    """A connection that kafka-python drives once it is there; TCP, TLS and the login share one deadline.

    It learns the broker's versions itself, and shares nothing with other connections: what a corrupt response claimed
    is forgotten with it.
    """

    def __init__(self, loop: NetworkSelector, node: int | str, address: tuple[str, int], **options: Any) -> None:
        super().__init__(loop, node_id=node, **options)
        self.address = address
        self._options = options

    @property
    def outdated(self) -> bool:
        """True if it is closed, or has been idle for so long that the broker may be closing it."""
        idle_since = self.transport.last_activity if self.connected and self.transport else time.monotonic()
        return bool(self.closed or time.monotonic() - idle_since > MAX_IDLE_SECONDS)

    async def open(self, resolver: Resolver, timeout_at: float) -> None:
        """Connects and logs in until ``timeout_at`` (monotonic); ``init_future`` tells whether that has worked."""
        transport: KafkaTCPTransport | None = None
        try:
            connected = await _connect(self.net, await resolver.addresses(*self.address, timeout_at), timeout_at)
            transport = self._transport(connected, timeout_at)
            await transport.handshake()
            if (provider := self._options.get("sasl_oauth_token_provider")) is not None:
                # The library would fetch the token on the event loop; now it finds one.
                await until(self.net, in_thread(self.net, provider.token), timeout_at)
            self.connection_made(transport)
        except Exception as error:  # it is raised by `ready`
            if transport is not None:
                transport.close()
            self.close(error if isinstance(error, KafkaError) else KafkaConnectionError(str(error)))
            return
        await self.initialize(timeout_at=timeout_at)

    async def ready(self, timeout_at: float) -> None:
        """Waits until requests can be sent. Raises KafkaError, KafkaTimeoutError at ``timeout_at`` (monotonic)."""
        try:
            await until(self.net, self.init_future, timeout_at)
        except KafkaError:
            raise
        except Exception as error:
            raise KafkaProtocolError(f"the connection cannot be set up: {type(error).__name__}: {error}") from error
        while self.paused:
            if time.monotonic() >= timeout_at:
                raise ThrottlingQuotaExceededError
            await self.net.sleep(PAUSE_SECONDS)

    async def _sasl_authenticate(self, timeout_at: float | None = None) -> None:
        """Logs in. Raises KafkaError, also for what a mechanism's own library says when it has no credentials."""
        try:
            await super()._sasl_authenticate(timeout_at)
        except KafkaError:
            raise
        except Exception as error:
            # Where botocore finds no credentials it returns None, and kafka-python goes on with that.
            nothing = self.config["sasl_mechanism"] == "AWS_MSK_IAM" and isinstance(error, AttributeError)
            raise SaslAuthenticationFailedError("no AWS credentials were found" if nothing else str(error)) from error

    def connection_made(self, transport: KafkaTCPTransport) -> None:
        """Takes over a transport, and reads it by our own framing."""
        super().connection_made(transport)
        framing = Framing(self.config["client_id"])
        self.parser = framing

        def allow_all(_: object) -> None:
            framing.max_response_bytes = MAX_RESPONSE_BYTES

        self.init_future.add_callback(allow_all)

    def _transport(self, connected: socket.socket, timeout_at: float) -> KafkaTCPTransport:
        """The transport over a connected socket, which it closes if TLS cannot even begin."""
        host, context = self.address[0], self._options.get("ssl_context")
        if context is None:
            return _TcpTransport(self.net, connected, host=host)
        try:
            return _TlsTransport(self.net, connected, host=host, ssl_context=context, timeout_at=timeout_at)
        except Exception:
            connected.close()
            raise


class _BoundedReads:
    """Reads a bounded number of bytes at a time: kafka-python (3.0.12) reads on for as long as bytes come.

    A peer that sends faster than it is read would be given all the memory there is.
    """

    _sock: Any

    def _sock_recv(self) -> tuple[bytes, KafkaError | None]:
        received: list[bytes] = []
        # What TLS has decrypted already makes no socket readable.
        while len(received) < MAX_READS or (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()):
            try:
                data = self._sock.recv(READ_BYTES)
            except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                break
            except Exception as error:
                return b"".join(received), KafkaConnectionError(str(error))
            if not data:
                return b"".join(received), KafkaConnectionError("the connection was closed")
            received.append(data)
        return b"".join(received), None


class _TcpTransport(_BoundedReads, KafkaTCPTransport):  # type: ignore[misc]  # kafka-python ships no type hints
    """Plain TCP."""


class _TlsTransport(_BoundedReads, KafkaSSLTransport):  # type: ignore[misc]  # kafka-python ships no type hints
    """TLS whose handshake has a deadline: kafka-python (3.0.12) waits for it for ever."""

    def __init__(self, *arguments: Any, timeout_at: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._timeout_at = timeout_at

    async def handshake(self) -> None:
        """Completes the handshake. Raises KafkaConnectionError if it fails, KafkaTimeoutError at the deadline."""
        while True:
            try:
                self._sock.do_handshake()
            except ssl.SSLWantReadError:
                await self._net.wait_read(self._sock, timeout_at=self._timeout_at)
            except ssl.SSLWantWriteError:
                await self._net.wait_write(self._sock, timeout_at=self._timeout_at)
            except (OSError, ValueError) as error:
                raise KafkaConnectionError(f"the TLS handshake failed: {error}") from error
            else:
                return


async def _connect(loop: NetworkSelector, addresses: Sequence[Address], timeout_at: float) -> socket.socket:
    """Connects to the first address that accepts. Raises KafkaError.

    Each has its share of the time until ``timeout_at`` (monotonic): a host may have an address that leads nowhere.
    """
    failure: KafkaError = KafkaConnectionError("the host has no address")
    for position, (family, kind, protocol, _, address) in enumerate(addresses):
        now = time.monotonic()
        share_ends = now + max(timeout_at - now, 0.0) / (len(addresses) - position)
        connecting, connected = socket.socket(family, kind, protocol), False
        try:
            connecting.setblocking(False)
            for option in _SOCKET_OPTIONS:
                connecting.setsockopt(*option)
            while (code := connecting.connect_ex(address)) in _CONNECTING:
                await loop.wait_write(connecting, timeout_at=share_ends)
        except KafkaTimeoutError:
            failure = KafkaTimeoutError("no connection in time")
        except OSError as error:
            failure = KafkaConnectionError(str(error))
        else:
            connected = code in (0, errno.EISCONN)
            if connected:
                return connecting
            failure = KafkaConnectionError(os.strerror(code))
        finally:
            if not connected:
                connecting.close()
    raise failure
