"""What an endpoint of Burrow's API is: its address, what it answers, and how it is described."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

from exporter.core.report import Outcome
from exporter.settings import Settings
from exporter.web.v3.answers import JSON, Answer, Responder

Parameters = Mapping[str, str]
"""The escaped parameters of a path."""


class Refusal(Exception):
    """Why a request is refused, and the HTTP status of the answer."""

    def __init__(self, message: str, code: int = HTTPStatus.NOT_FOUND) -> None:
        super().__init__(message)
        self.code = code


class Reports(Protocol):
    """What the API needs from the collector."""

    def latest(self) -> tuple[Outcome, ...]:
        """The newest outcome of each cluster; collects if these are too old."""

    def forget(self, cluster: str, group: str, topic: str | None = None) -> None:
        """Discards what is retained about a group, or about a group on one topic."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to an endpoint. ``authenticated``: the port requires authentication now."""

    parameters: Parameters
    body: bytes
    respond: Responder
    settings: Settings
    reports: Reports
    authenticated: bool


Handler = Callable[[Call], Answer]
"""Answers a call. Raises `Refusal` if there is nothing to answer it with."""


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An answer that is an error: what it means, and the name of its schema."""

    meaning: str
    schema: str = "Error"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method and a path, in which a part that begins with a colon is a parameter (``/v3/kafka/:cluster``).

    ``schema`` names the schema of the answer (None: there never is one but errors), ``body`` that of the request.
    What ``reads_kafka`` runs in a thread, and is 503 where Kafka cannot be read.
    """

    method: str
    path: str
    summary: str
    handle: Handler
    schema: str | None
    errors: Mapping[HTTPStatus, ErrorAnswer] = field(default_factory=dict)
    reads_kafka: bool = False
    body: str | None = None
    content_type: str = JSON

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the path."""
        return tuple(self.path.split("/")[1:])
