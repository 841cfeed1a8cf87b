"""Connections to the brokers of one cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, TypeVar

from kafka.cluster import collect_hosts
from kafka.errors import KafkaConnectionError, SaslAuthenticationFailedError, UnknownBrokerIdError
from kafka.net.selector import NetworkSelector
from kafka.protocol.metadata import MetadataResponse

from exporter.settings import Cluster
from exporter.sources.kafka.broker_connection import BrokerConnection
from exporter.sources.kafka.client_options import connection_options
from exporter.sources.kafka.event_loop import first, until
from exporter.sources.kafka.host_lookup import Resolver

Node = int | str
Result = TypeVar("Result")

STOP_MS = 2000


class BrokerConnections:
    """The connections to one cluster, driven by one thread of their own; making it connects to nothing.

    Raises OSError, ssl.SSLError or ValueError for settings of no use, RuntimeError if no thread can be started.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._options = connection_options(cluster)
        servers = collect_hosts(list(cluster.bootstrap_servers))
        self._servers: dict[Node, tuple[str, int]] = {f"{host}:{port}": (host, port) for host, port, _ in servers}
        self._brokers: dict[Node, tuple[str, int]] = {}
        self._connections: dict[Node, BrokerConnection] = {}
        self._logs_in = cluster.sasl is not None
        self._closed = False
        self._loop = NetworkSelector(client_id=cluster.client_id, slow_task_threshold_secs=0)
        self._resolver = Resolver(self._loop)
        try:
            self._loop.start()
        except RuntimeError:
            self._loop._io_thread = None  # it has none, and would wait for its end
            self._loop.close()
            raise

    def run(self, function: Callable[..., Coroutine[Any, Any, Result]], *arguments: object) -> Result:
        """Returns what a coroutine function returns, run on the connections' thread while the caller waits."""
        result: Result = self._loop.run(function, *arguments)
        return result

    async def gather(self, coroutines: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
        """Returns the results of coroutines that run at the same time, in order. They must not raise."""
        running = [self._loop.call_soon_with_future(coroutine) for coroutine in coroutines]
        return [await result for result in running]

    async def first(
        self, attempts: Iterable[Callable[[], Coroutine[Any, Any, Result | None]]], seconds: float
    ) -> Result | None:
        """Returns the first result of attempts that begin ``seconds`` apart; see `waiting.first`."""
        return await first(self._loop, attempts, seconds)

    def bootstrap_nodes(self) -> list[Node]:
        """The nodes to read metadata from: known brokers, connected ones first, then the bootstrap servers."""
        connected = {node for node, connection in self._connections.items() if connection.connected}
        return list(
            dict.fromkeys([*(node for node in connected if node in self._brokers), *self._brokers, *self._servers])
        )

    def name(self, node: Node) -> str:
        """A broker's id and address; a bootstrap server whose id is not known yet has only an address."""
        if node not in self._brokers:
            return str(node)
        host, port = self._brokers[node]
        return f"{node} ({host}:{port})"

    def learn_brokers(self, metadata: MetadataResponse) -> None:
        """Takes over the brokers' addresses from a Metadata response, and closes connections to other addresses."""
        self._brokers = {broker.node_id: (broker.host, broker.port) for broker in metadata.brokers}
        for node, connection in list(self._connections.items()):
            if self._brokers.get(node) != connection.address:
                self.disconnect(node)

    async def send(self, node: Node, request: Any, timeout: float) -> Any:
        """Returns a broker's response. Raises KafkaError, also if there is none within ``timeout`` seconds."""
        timeout_at = time.monotonic() + timeout
        connection = self._connection(node, timeout_at)
        try:
            await connection.ready(timeout_at)
        except KafkaConnectionError as error:
            # A broker that refuses a login sends the reason and closes the connection; if both arrive at once,
            # kafka-python (3.0.12) drops the reason. Between learning the broker's versions and its first response
            # there is only the login, so that is what failed.
            if self._logs_in and connection.broker_version_data is not None and connection.init_future.failed():
                text = "the broker closed the connection during the login"
                raise SaslAuthenticationFailedError(text) from error
            raise
        remaining = timeout_at - time.monotonic()
        response = connection.send_request(request, request_timeout_ms=remaining * 1000)
        return await until(self._loop, response, timeout_at)

    def disconnect(self, node: Node) -> None:
        """Closes the connection to a broker, if there is one; the next request opens another."""
        connection = self._connections.pop(node, None)
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Closes all connections and ends their thread."""
        if self._closed:
            return
        self._closed = True
        with suppress(Exception):  # its thread has crashed, or still blocks and will end when it returns
            self._loop.call_soon_threadsafe(self._disconnect_all)
        with suppress(Exception):
            self._loop.stop(timeout_ms=STOP_MS)
            self._disconnect_all()
            self._loop.close()

    def _disconnect_all(self) -> None:
        for node in list(self._connections):
            self.disconnect(node)

    def _connection(self, node: Node, timeout_at: float) -> BrokerConnection:
        """The connection to a broker, a new one if there is none in use; it is set up by ``timeout_at`` (monotonic)."""
        connection = self._connections.get(node)
        if connection is not None and not connection.outdated:
            return connection
        self.disconnect(node)
        address = self._brokers.get(node) or self._servers.get(node)
        if address is None:
            raise UnknownBrokerIdError(node)
        connection = BrokerConnection(self._loop, node, address, **self._options)
        self._connections[node] = connection
        self._loop.call_soon(lambda: connection.open(self._resolver, timeout_at))
        return connection
