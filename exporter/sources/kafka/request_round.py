"""The requests of one collection."""

from __future__ import annotations

from collections import Counter
from typing import Any

import kafka.errors

from exporter.sources.kafka.connections import BrokerConnections, Node
from exporter.sources.kafka.reasons import reason_of


class NoResponse(Exception):
    """A request without a response; ``reason`` is a short word fit for a metric label."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


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


def _text(error: Exception) -> str:
    """An error's text on one line, never empty."""
    return " ".join(str(error).split()) or type(error).__name__
