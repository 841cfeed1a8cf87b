"""Connections to servers that do not respond, respond with rubbish, throttle, or refuse a login."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError
from kafka.protocol.admin import ListGroupsResponse
from kafka.protocol.consumer import ListOffsetsResponse
from kafka.protocol.metadata import ApiVersionsResponse, MetadataResponse
from kafka.protocol.sasl import SaslAuthenticateResponse, SaslHandshakeResponse

from exporter.core.model import Failure, Observation
from exporter.settings import Cluster, Sasl, Tls
from exporter.sources import ClusterUnavailable
from exporter.sources.kafka.broker_connection import MAX_READS, READ_BYTES, _TcpTransport
from exporter.sources.kafka.connections import BrokerConnections
from exporter.sources.kafka.host_lookup import Resolver
from exporter.sources.kafka.source import KafkaSource
from tests.support.certificates import Authority
from tests.support.fake_broker import LOOPBACK, FakeBroker, api_versions

PATIENCE = 30.0
QUICK = 0.6
"""The timeout of an observation in which something does not respond, in seconds."""


class Observer:
    """Observes through one source, in a thread, so that one that never ends fails the test."""

    def __init__(self, source: KafkaSource) -> None:
        self.source = source

    def __call__(self, timeout: float = PATIENCE) -> Observation:
        outcome: list[Any] = []

        def run() -> None:
            try:
                outcome.append(self.source.observe(timeout))
            except Exception as error:
                outcome.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(PATIENCE)
        assert outcome, "the observation has not ended"
        if isinstance(outcome[0], Exception):
            raise outcome[0]
        assert isinstance(outcome[0], Observation)
        return outcome[0]

    def reason(self, timeout: float = PATIENCE) -> str:
        """Why the cluster cannot be observed."""
        with pytest.raises(ClusterUnavailable) as unavailable:
            self(timeout)
        return unavailable.value.reason


@pytest.fixture
def observing() -> Iterator[Any]:
    sources: list[KafkaSource] = []

    def observing(*servers: str, **settings: Any) -> Observer:
        sources.append(KafkaSource(Cluster("c", servers, **settings)))
        return Observer(sources[-1])

    yield observing
    for source in sources:
        source.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    authority = Authority(tmp_path_factory.mktemp("authority"))
    authority.sign("broker", f"IP:{LOOPBACK}")
    return authority


def tls(authority: Authority) -> tuple[Tls, ssl.SSLContext]:
    """The settings of a client, and what a broker presents."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    folder = authority.cert.parent
    context.load_cert_chain(folder / "broker.pem", folder / "broker.key")
    return Tls(ca_file=str(authority.cert)), context


def test_a_peer_that_accepts_and_does_not_shake_hands_times_out(observing: Any, authority: Authority) -> None:
    settings, _ = tls(authority)
    with FakeBroker(accepts=False) as broker:
        observe = observing(broker.address, tls=settings)
        assert observe.reason(QUICK) == "timeout"
        assert observe.reason(QUICK) == "timeout"
        assert broker.connections == 2  # a new connection each time: one that works again is not missed


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_server_that_does_not_respond_does_not_keep_the_next_one_from_being_used(
    observing: Any, authority: Authority, *, encrypted: bool
) -> None:
    settings, context = tls(authority) if encrypted else (None, None)
    with FakeBroker(accepts=False) as hole, FakeBroker(accepts=False) as other, FakeBroker(context=context) as good:
        observe = observing(hole.address, other.address, good.address, tls=settings)
        assert observe(3.0).brokers == 1


def test_a_server_that_sends_without_end_is_read_a_bounded_number_of_bytes_at_a_time() -> None:
    class Endless:
        def recv(self, size: int) -> bytes:
            return bytes(size)

    received, error = _TcpTransport(None, Endless())._sock_recv()
    assert (len(received), error) == (READ_BYTES * MAX_READS, None)


def test_a_login_that_gets_no_response_times_out(observing: Any) -> None:
    with FakeBroker({SaslHandshakeResponse: lambda _: None}) as broker:
        assert observing(broker.address, sasl=Sasl("PLAIN", "u", "p")).reason(QUICK) == "timeout"


def logging_in(broker: FakeBroker, error_code: int) -> None:
    broker.handlers[SaslHandshakeResponse] = lambda version: SaslHandshakeResponse(
        version=version, error_code=0, mechanisms=["PLAIN"]
    )
    broker.handlers[SaslAuthenticateResponse] = lambda version: SaslAuthenticateResponse(
        version=version, error_code=error_code, error_message="no", auth_bytes=b"", session_lifetime_ms=0
    )


def test_a_refused_login_is_told_also_when_others_have_succeeded_before(observing: Any) -> None:
    with FakeBroker() as broker:
        logging_in(broker, 0)
        observe = observing(broker.address, sasl=Sasl("PLAIN", "u", "p"))
        assert observe().brokers == 1
        logging_in(broker, 58)
        broker.drop()
        assert observe.reason() == "authentication"
        broker.handlers[SaslAuthenticateResponse] = lambda _: (_ for _ in ()).throw(EOFError)  # closes the connection
        assert observe.reason() == "authentication"
        logging_in(broker, 0)
        assert observe().brokers == 1


@pytest.mark.parametrize(
    "rubbish",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        struct.pack(">i", 90_000_000) + b"x" * 100,
        struct.pack(">i", -5),
        struct.pack(">ii", 4, 77),
        struct.pack(">ii", 8, 1) + b"\xff" * 4,
    ],
)
def test_a_server_of_rubbish_is_told_and_reserves_no_memory(observing: Any, rubbish: bytes) -> None:
    with FakeBroker({ApiVersionsResponse: lambda _: rubbish}) as broker:
        observe = observing(broker.address)
        tracemalloc.start()
        try:
            assert observe.reason(QUICK) in ("invalid_response", "timeout")
            assert tracemalloc.get_traced_memory()[1] < 10_000_000
        finally:
            tracemalloc.stop()
        broker.handlers[ApiVersionsResponse] = api_versions()
        assert observe().brokers == 1


def test_what_a_corrupt_response_claimed_is_forgotten_with_its_connection(observing: Any) -> None:
    with FakeBroker({ApiVersionsResponse: api_versions(ListGroupsResponse)}) as broker:
        observe = observing(broker.address)
        failures = (Failure("broker", "1", "unsupported_version"),)
        assert observe().failures == failures
        broker.handlers[ApiVersionsResponse] = api_versions()
        assert observe().failures == ()


@pytest.mark.parametrize(
    "response",
    [
        ListGroupsResponse(version=4, error_code=0, groups=None),
        b"\x00\x00\x00\x00",
        struct.pack(">i", 50_000_000),
    ],
)
def test_a_response_that_makes_no_sense_is_a_failure_of_the_broker_and_costs_it_its_connection(
    observing: Any, response: Any
) -> None:
    with FakeBroker() as broker:
        good = broker.handlers[ListGroupsResponse]
        observe = observing(broker.address)
        broker.handlers[ListGroupsResponse] = lambda _: response
        (failure,) = observe(QUICK).failures
        assert failure.reason in ("invalid_response", "timeout")
        broker.handlers[ListGroupsResponse] = good
        assert observe().failures == ()
        assert broker.received.count(ApiVersionsResponse) > 1


def test_a_broker_that_throttles_a_little_is_waited_for(observing: Any) -> None:
    with FakeBroker() as broker:
        broker.handlers[MetadataResponse] = throttling(broker, 100)
        assert observing(broker.address)().failures == ()


def throttling(broker: FakeBroker, milliseconds: int) -> Any:
    def metadata(version: int) -> MetadataResponse:
        response = broker.metadata(version)
        response.throttle_time_ms = milliseconds
        return response

    return metadata


@pytest.mark.parametrize(("milliseconds", "reason"), [(30_000, "throttling_quota_exceeded"), (2**31 - 1, None)])
def test_a_broker_that_throttles_for_long_is_told(observing: Any, milliseconds: int, reason: str | None) -> None:
    with FakeBroker() as broker:
        observe = observing(broker.address)
        observe()
        broker.handlers[MetadataResponse] = throttling(broker, milliseconds)
        if reason is None:  # nobody throttles for a month
            assert observe.reason(QUICK) == "invalid_response"
        else:
            assert observe(QUICK).failures == (Failure("broker", "1", reason),)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_connections_whose_thread_has_ended_are_replaced(observing: Any) -> None:
    with FakeBroker() as broker:
        observe = observing(broker.address)
        observe()
        loop = observe.source._connections._loop

        def poll() -> None:
            del loop._poll_once
            raise MemoryError

        loop._poll_once = poll
        with pytest.raises(MemoryError):
            observe()
        assert observe().brokers == 1


def test_a_source_that_could_not_start_a_thread_connects_when_it_can(
    observing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with FakeBroker() as broker:
        source = KafkaSource(Cluster("c", (broker.address,)))
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", start)
            with pytest.raises(ClusterUnavailable, match="new thread") as unavailable:
                source.observe(QUICK)
        assert unavailable.value.reason == "resources"
        assert source.observe(PATIENCE).brokers == 1
        source.close()


def test_a_source_that_is_closed_before_it_has_connected_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    source = KafkaSource(Cluster("c", ("127.0.0.1:1",)))
    source.close()
    with pytest.raises(ClusterUnavailable, match="closed"):
        source.observe(QUICK)
    assert threading.active_count() == before


def test_connections_to_a_broker_that_has_moved_are_closed(observing: Any) -> None:
    with FakeBroker() as first, FakeBroker() as second:
        observe = observing(first.address)
        observe()
        first.handlers[MetadataResponse] = second.metadata
        observe()
        received = len(first.received)
        assert observe().brokers == 1
        assert len(first.received) == received
        assert ListOffsetsResponse not in second.received
        assert ListGroupsResponse in second.received


class TestNames:
    """What is done when a name server does not respond."""

    @pytest.fixture
    def released(self) -> Iterator[threading.Event]:
        released = threading.Event()
        yield released
        released.set()

    @pytest.fixture
    def lookup(self, monkeypatch: pytest.MonkeyPatch, released: threading.Event) -> dict[str, Any]:
        """The addresses of each name; one without any takes until the end of the test."""
        known: dict[str, Any] = {}
        real = socket.getaddrinfo

        def getaddrinfo(host: str, port: int, *arguments: Any, **options: Any) -> Any:
            if options.get("flags") or host == LOOPBACK:
                return real(host, port, *arguments, **options)
            if host not in known:
                released.wait(PATIENCE)
                raise socket.gaierror("no response")
            return real(known[host], port, *arguments, **options)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return known

    def test_a_name_that_is_not_resolved_does_not_keep_other_servers_from_being_used(
        self, observing: Any, lookup: dict[str, Any]
    ) -> None:
        with FakeBroker() as broker:
            observe = observing("unresolved:1", broker.address)
            assert observe(3.0).brokers == 1
            assert observing("unresolved:1").reason(QUICK) == "timeout"

    @pytest.mark.parametrize(("code", "reason"), [(socket.EAI_AGAIN, "timeout"), (socket.EAI_NONAME, "connection")])
    def test_a_name_server_that_does_not_respond_is_a_timeout_even_when_the_system_has_given_it_up(
        self, observing: Any, monkeypatch: pytest.MonkeyPatch, code: int, reason: str
    ) -> None:
        def getaddrinfo(*_: Any, **__: Any) -> Any:
            raise socket.gaierror(code, "cannot be resolved")

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        assert observing("unresolved:1").reason(PATIENCE) == reason

    def test_a_name_that_cannot_be_resolved_any_more_is_used_with_its_last_address(
        self, lookup: dict[str, Any]
    ) -> None:
        connections = BrokerConnections(Cluster("c", ("k:1",)))
        resolver = Resolver(connections._loop)
        try:
            with pytest.raises(KafkaTimeoutError):
                connections.run(resolver.addresses, "kafka-1", 9092, 0.0)
            lookup["kafka-2"] = LOOPBACK
            later = float("inf")
            before = connections.run(resolver.addresses, "kafka-2", 9092, later)
            del lookup["kafka-2"]
            assert connections.run(resolver.addresses, "kafka-2", 9092, later) == before
        finally:
            connections.close()


def test_no_bytes_from_a_file_are_needed(tmp_path: Path, observing: Any) -> None:
    observe = observing("127.0.0.1:1", tls=Tls(ca_file=str(tmp_path / "missing.pem")))
    assert observe.reason(QUICK) == "configuration"
