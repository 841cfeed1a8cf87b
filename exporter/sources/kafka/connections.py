"""Connections to the brokers of one cluster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

import kafka.errors
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.protocol.metadata import MetadataResponse

from exporter.settings import Cluster
from exporter.sources.kafka.options import client_options

Node = int | str
Result = TypeVar("Result")


class BrokerConnections:
    """The connections to one cluster, driven by one thread of their own; making it connects to nothing."""

    def __init__(self, cluster: Cluster) -> None:
        self._logs_in = cluster.sasl is not None
        self._loop = NetworkSelector(client_id=cluster.client_id, slow_task_threshold_secs=0)
        self._manager = KafkaConnectionManager(self._loop, **client_options(cluster))
        self._loop.start()

    def run(self, function: Callable[..., Coroutine[Any, Any, Result]], *arguments: object) -> Result:
        """Returns what a coroutine function returns, run on the connections' thread while the caller waits."""
        result: Result = self._manager.run(function, *arguments)
        return result

    async def gather(self, coroutines: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
        """Returns the results of coroutines that run at the same time, in order. They must not raise."""
        running: list[Awaitable[Result]] = [self._manager.call_soon(coroutine) for coroutine in coroutines]
        return [await result for result in running]

    def bootstrap_nodes(self) -> list[Node]:
        """The nodes to read metadata from: known brokers, connected ones first, then the bootstrap servers."""
        connected = [connection.node_id for connection in self._manager.least_used_connections()]
        known = [broker.node_id for broker in self._manager.cluster.brokers()]
        first = [broker.node_id for broker in self._manager.cluster.bootstrap_brokers()]
        return list(dict.fromkeys([*(node for node in connected if node in known), *known, *first]))

    def name(self, node: Node) -> str:
        """A broker's id and address; a bootstrap server whose id is not known yet has only an address."""
        broker = self._manager.cluster.broker_metadata(node)
        if broker is None:
            return str(node)
        address = f"{broker.host}:{broker.port}"
        return address if self._manager.cluster.is_bootstrap(node) else f"{node} ({address})"

    def learn_brokers(self, metadata: MetadataResponse) -> None:
        """Takes over the brokers' addresses from a Metadata response."""
        metadata.topics = []  # the library does not need them here, and processing them is slow
        self._manager.cluster.update_metadata(metadata)

    async def send(self, node: Node, request: Any, timeout: float) -> Any:
        """Returns a broker's response. Raises KafkaError, also if there is none within ``timeout`` seconds."""
        milliseconds = timeout * 1000
        first = self._manager.broker_version_data is None
        broker = self._manager.get_connection(node, timeout_ms=milliseconds, refresh_metadata_on_err=False)
        try:
            return await broker.send_request(request, request_timeout_ms=milliseconds)
        except kafka.errors.KafkaConnectionError as error:
            # A broker that refuses a login sends the reason and closes the connection; if both arrive at once,
            # kafka-python (3.0.12) drops the reason. Between learning the broker's versions and its first response
            # there is only the login, so that is what failed.
            if self._logs_in and first and broker.broker_version_data is not None and broker.init_future.failed():
                raise kafka.errors.SaslAuthenticationFailedError(
                    "the broker closed the connection during the login"
                ) from error
            raise

    def disconnect(self, node: Node) -> None:
        """Closes the connection to a broker, if there is one; the next request opens another."""
        self._manager.close(node)

    def close(self) -> None:
        """Closes all connections and ends their thread."""
        self._loop.call_soon_threadsafe(self._manager.close)
        self._loop.stop(timeout_ms=2000)
        self._loop.close()
