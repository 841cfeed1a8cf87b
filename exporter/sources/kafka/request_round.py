"""The requests of one collection."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

import kafka.errors

from exporter.sources.kafka.connections import BrokerConnections, Node
from exporter.sources.kafka.failure_reasons import INVALID_RESPONSE, UNSUPPORTED_VERSION, reason_of

Result = TypeVar("Result")


class NoResponse(Exception):
    """A request without a usable response; ``reason`` is a short word fit for a metric label."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class RequestRound:
    """One collection's requests: counted, and none sent to a broker that has failed to respond in it.

    ``sent``: how many requests were sent, by kind. A broker has ``timeout`` seconds for each response, and none is
    waited for beyond ``deadline``, by the monotonic clock.
    """

    def __init__(self, connections: BrokerConnections, timeout: float) -> None:
        self.connections = connections
        self.sent: Counter[str] = Counter()
        self.deadline = float("inf")
        self.timeout = timeout
        self._unresponsive: dict[Node, NoResponse] = {}

    async def send(
        self, node: Node, request: Any, read: Callable[[Any], Result], *, has_alternative: bool = False
    ) -> Result:
        """Returns what ``read`` makes of a broker's response. Raises NoResponse.

        After a timeout or a failed connection the round sends the broker no more requests. A response that ``read``
        cannot make sense of is corrupt: the connection is closed, because nothing it brings can be trusted. The same
        holds for a broker that claims not to know the request, unless the caller then sends an older one.
        """
        if node in self._unresponsive:
            raise self._unresponsive[node]
        timeout = min(self.timeout, self.deadline - time.monotonic())
        if timeout <= 0:
            raise NoResponse("timeout", f"broker {self.connections.name(node)}: no time was left for it")
        self.sent[type(request).__name__.removesuffix("Request")] += 1
        try:
            response = await self.connections.send(node, request, timeout)
        except kafka.errors.KafkaError as error:
            failure = NoResponse(reason_of(error), f"broker {self.connections.name(node)}: {_text(error)}")
            if failure.reason != UNSUPPORTED_VERSION:
                self._unresponsive[node] = failure
            elif not has_alternative:
                self.connections.disconnect(node)
            raise failure from error
        try:
            return read(response)
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            what = f"{type(request).__name__} got an invalid response: {_text(error)}"
            failure = NoResponse(INVALID_RESPONSE, f"broker {self.connections.name(node)}: {what}")
            self._unresponsive[node] = failure
            self.connections.disconnect(node)
            raise failure from error


def _text(error: Exception) -> str:
    """An error's text on one line, never empty."""
    return " ".join(str(error).split()) or type(error).__name__
