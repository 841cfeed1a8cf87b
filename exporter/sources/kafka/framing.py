"""Bytes to and from a broker: requests with their lengths, and responses that are not trusted."""

from __future__ import annotations

from collections import deque
from io import BytesIO
from typing import Any, Final

from kafka.errors import CorrelationIdError, InvalidReceiveError, KafkaProtocolError

from exporter.sources.kafka.fetched_commits import READ_VERSIONS, read_commits
from exporter.sources.kafka.messages import OffsetFetchRequest

MAX_SETUP_RESPONSE_BYTES: Final = 1_000_000
"""The length of a response while a connection is set up; what is there may not be a broker at all."""

MAX_RESPONSE_BYTES: Final = 100_000_000

MAX_THROTTLE_MS: Final = 60_000
"""Kafka throttles for a few windows of one second."""

_LENGTH_BYTES: Final = 4


class Framing:
    """Takes the place of kafka-python's ``KafkaProtocol`` in a connection.

    That one reserves the memory for a response when it has read its length, logs the bytes of one that it cannot
    decode, and raises errors that leave the connection open without reading from it.
    """

    def __init__(self, client_id: str) -> None:
        self.max_response_bytes = MAX_SETUP_RESPONSE_BYTES
        self._client_id = client_id
        self._correlation_id = 0
        self._to_send: list[bytes] = []
        self._sent: deque[Any] = deque()
        self._received = bytearray()

    def send_request(self, request: Any) -> int:
        """Encodes a request, and returns its correlation id."""
        self._correlation_id = (self._correlation_id + 1) % (1 << 31)
        request.with_header(correlation_id=self._correlation_id, client_id=self._client_id)
        self._to_send.append(request.encode(framed=True, header=True))
        if request.expect_response():
            self._sent.append(request.header)
        return self._correlation_id

    def send_bytes(self) -> bytes:
        """The bytes of the requests that have been encoded since the last call."""
        encoded, self._to_send = b"".join(self._to_send), []
        return encoded

    def receive_bytes(self, data: bytes) -> list[tuple[int, Any]]:
        """The responses that ``data`` completes, with their correlation ids. Raises KafkaProtocolError."""
        self._received += data
        responses = []
        start = 0
        while (rest := len(self._received) - start) >= _LENGTH_BYTES:
            body = start + _LENGTH_BYTES
            length = int.from_bytes(self._received[start:body], "big", signed=True)
            if not 0 <= length <= self.max_response_bytes:
                raise InvalidReceiveError(f"a response of {length} bytes")
            if rest < _LENGTH_BYTES + length:
                break
            start = body + length
            responses.append(self._decoded(bytes(self._received[body:start])))
        del self._received[:start]
        return responses

    def _decoded(self, encoded: bytes) -> tuple[int, Any]:
        if not self._sent:
            raise CorrelationIdError("a response to no request")
        request = self._sent.popleft()
        response_class = request.get_response_class()
        try:
            body = BytesIO(encoded)
            correlation_id = response_class.parse_header(body).correlation_id
            response = _response(request, body)
            throttled = getattr(response, "throttle_time_ms", None) or 0
        except Exception as error:
            # Whatever a decoder stumbles over: the library's raise anything from IndexError to RecursionError.
            text = f"a response that cannot be decoded: {type(error).__name__}"
            raise KafkaProtocolError(text) from error
        if correlation_id != request.correlation_id:
            raise CorrelationIdError(f"a response to request {correlation_id} instead of {request.correlation_id}")
        if throttled > MAX_THROTTLE_MS:
            raise KafkaProtocolError(f"a response that throttles for {throttled} ms")
        return correlation_id, response


def _response(request: Any, body: BytesIO) -> Any:
    """The response, whose header has been read; commits as columns, where they can be."""
    if request.request_api_key == OffsetFetchRequest.API_KEY and request.request_api_version in READ_VERSIONS:
        commits = read_commits(body.getvalue(), body.tell())
        if commits is not None:
            return commits
    return request.get_response_class().decode(body)
