"""Connections to the brokers of one cluster, and one round of requests over them."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, Final, TypeVar

import kafka.errors
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.protocol.metadata import MetadataResponse

from exporter import __version__
from exporter.settings import Cluster, Kerberos, Tls
from exporter.sources.kafka.oauth import ClientCredentials

Node = int | str
Result = TypeVar("Result")

MAX_RESPONSE_BYTES: Final = 100_000_000
RECONNECT_BACKOFF_MAX_MS: Final = 1000
"""Short, so that the next scrape finds a broker that has come back."""


class NoResponse(Exception):
    """A request without a response; ``reason`` is a short word fit for a metric label."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


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

    def close(self) -> None:
        """Closes all connections and ends their thread."""
        self._loop.call_soon_threadsafe(self._manager.close)
        self._loop.stop(timeout_ms=2000)
        self._loop.close()


class RequestRound:
    """One collection's requests: counted, and none sent to a broker that has failed to respond in it.

    ``sent``: how many requests were sent, by kind. A broker has ``timeout`` seconds for each response.
    """

    def __init__(self, connections: BrokerConnections, timeout: float) -> None:
        self.connections = connections
        self.sent: Counter[str] = Counter()
        self._timeout = timeout
        self._unresponsive: dict[Node, NoResponse] = {}

    async def send(self, node: Node, request: Any) -> Any:
        """Returns a broker's response. Raises NoResponse.

        After a timeout or a failed connection the round sends the broker no more requests.
        """
        if node in self._unresponsive:
            raise self._unresponsive[node]
        self.sent[type(request).__name__.removesuffix("Request")] += 1
        try:
            return await self.connections.send(node, request, self._timeout)
        except kafka.errors.KafkaError as error:
            failure = NoResponse(reason_of(error), f"broker {self.connections.name(node)}: {_text(error)}")
            if not isinstance(error, kafka.errors.IncompatibleBrokerVersion):
                self._unresponsive[node] = failure
            raise failure from error


def reason_of(error: kafka.errors.KafkaError) -> str:
    """The short word for an error: Kafka's name of it, or what happened to the connection."""
    if isinstance(error, kafka.errors.KafkaTimeoutError | kafka.errors.RequestTimedOutError):
        return "timeout"
    if isinstance(error, kafka.errors.SaslAuthenticationFailedError):
        return "authentication"
    if isinstance(error, kafka.errors.IncompatibleBrokerVersion):
        return "unsupported_version"
    if isinstance(error, kafka.errors.BrokerResponseError) and error.message:
        return str(error.message).lower()
    return "connection"


def reason_of_code(code: int) -> str | None:
    """Kafka's name of an error code in lower case, None for no error."""
    if code == 0:
        return None
    error = kafka.errors.for_code(code)
    # To an unknown code the library gives the name of code -1.
    known = error.message and (error.message != kafka.errors.UnknownError.message or code == -1)
    return str(error.message).lower() if known else f"error_{code}"


def client_options(cluster: Cluster) -> dict[str, Any]:
    """kafka-python's options for a cluster's settings. Raises OSError or ssl.SSLError for a bad PEM file."""
    milliseconds = int(cluster.request_timeout * 1000)
    options: dict[str, Any] = {
        "bootstrap_servers": list(cluster.bootstrap_servers),
        "client_id": cluster.client_id,
        "client_software_name": "kafka-burrow-exporter",
        "client_software_version": __version__,
        "request_timeout_ms": milliseconds,
        "socket_connection_setup_timeout_ms": milliseconds,
        "socket_connection_setup_timeout_max_ms": milliseconds,
        "reconnect_backoff_max_ms": RECONNECT_BACKOFF_MAX_MS,
        "receive_message_max_bytes": MAX_RESPONSE_BYTES,
        # A round pipelines its requests; each has a timer of its own.
        "max_in_flight_requests_per_connection": 100_000,
        "security_protocol": ("SASL_" if cluster.sasl else "") + ("SSL" if cluster.tls else "PLAINTEXT"),
    }
    if cluster.tls:
        options["ssl_context"] = tls_context(cluster.tls)
    if (sasl := cluster.sasl) is not None:
        options["sasl_mechanism"] = sasl.mechanism
        options["sasl_plain_username"] = sasl.username
        options["sasl_plain_password"] = sasl.password
        kerberos = sasl.kerberos or Kerberos()
        options["sasl_kerberos_service_name"] = kerberos.service_name
        options["sasl_kerberos_domain_name"] = kerberos.domain_name
        if sasl.oauth is not None:
            options["sasl_oauth_token_provider"] = ClientCredentials(sasl.oauth, cluster.request_timeout)
    return options


def tls_context(tls: Tls) -> ssl.SSLContext:
    """The TLS context for a cluster's brokers. Raises OSError or ssl.SSLError for a bad PEM file."""
    context = ssl.create_default_context(cafile=tls.ca_file)
    context.check_hostname = tls.verify_hostname
    if tls.cert_file:
        context.load_cert_chain(tls.cert_file, tls.key_file, tls.key_password)
    return context


def _text(error: Exception) -> str:
    """An error's text on one line, never empty."""
    return " ".join(str(error).split()) or type(error).__name__
