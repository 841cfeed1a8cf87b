"""Every endpoint of Burrow's API, from which routing, the OpenAPI description and the documented table follow."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from http import HTTPStatus
from typing import Final

from exporter.web.v3 import handlers
from exporter.web.v3.answers import JSON, Answer
from exporter.web.v3.burrow_configuration import COORDINATORS
from exporter.web.v3.endpoint import Call, Endpoint, ErrorAnswer, Handler
from exporter.web.v3.openapi import description

_CLUSTER: Final = "/v3/kafka/:cluster"
_TOPIC: Final = f"{_CLUSTER}/topic/:topic"
_GROUP: Final = f"{_CLUSTER}/consumer/:consumer"

_NOT_FOUND: Final = {HTTPStatus.NOT_FOUND: ErrorAnswer("Nothing has that name.")}
_NO_SUCH_GROUP: Final = {HTTPStatus.NOT_FOUND: ErrorAnswer("Nothing has that name.", "ConsumerStatus")}
_READING: Final = {HTTPStatus.SERVICE_UNAVAILABLE: ErrorAnswer("Kafka cannot be read now.")}
_DELETING: Final = {
    HTTPStatus.FORBIDDEN: ErrorAnswer("Deleting is off, or the port does not require authentication."),
    HTTPStatus.SERVICE_UNAVAILABLE: ErrorAnswer("The exporter is stopping."),
}
_SETTING_LEVEL: Final = {
    HTTPStatus.FORBIDDEN: ErrorAnswer("Setting the level is off, or the port does not require authentication."),
    HTTPStatus.BAD_REQUEST: ErrorAnswer("The body is not such an object."),
    HTTPStatus.NOT_FOUND: ErrorAnswer("No such level."),
}
_KEEPS_OFFSETS: Final = "The offsets in Kafka stay, so the group is found again."


def _get(path: str, summary: str, handle: Handler, schema: str) -> Endpoint:
    """An endpoint that reads the settings; with parameters, one of them may name nothing."""
    return Endpoint("GET", path, summary, handle, schema, _NOT_FOUND if ":" in path else {})


def _read(
    path: str, summary: str, handle: Handler, schema: str, errors: Mapping[HTTPStatus, ErrorAnswer] = _NOT_FOUND
) -> Endpoint:
    """An endpoint that reads Kafka."""
    return Endpoint("GET", path, summary, handle, schema, {**errors, **_READING}, reads_kafka=True)


def _word(path: str, summary: str, word: str, schema: str) -> Endpoint:
    """An endpoint that answers with one word."""
    return Endpoint("GET", path, summary, partial(handlers.word, word), schema, content_type="text/plain")


def _delete(path: str, summary: str) -> Endpoint:
    summary = f"{summary} {_KEEPS_OFFSETS}"
    return Endpoint("DELETE", path, summary, handlers.forget, "Done", _DELETING, reads_kafka=True)


def _description(_: Call) -> Answer:
    return Answer(_document(), content_type=JSON)


@cache
def _document() -> bytes:
    return description(ENDPOINTS)


_LOG_LEVEL: Final = "/v3/admin/loglevel"
_SCHEMA_OF_MODULE: Final = {
    "storage": "StorageModule",
    "evaluator": "EvaluatorModule",
    "cluster": "ClusterModule",
    "consumer": "ConsumerModule",
    "notifier": None,
}


def _modules(coordinator: str) -> Endpoint:
    none = ": none, that is Alertmanager's job" if coordinator == "notifier" else ""
    handle = partial(handlers.modules, coordinator)
    return _get(f"/v3/config/{coordinator}", f"The {coordinator} modules{none}.", handle, "ModuleList")


def _module(coordinator: str) -> Endpoint:
    schema = _SCHEMA_OF_MODULE[coordinator]
    summary = (
        f"The configuration of a cluster's {coordinator} module." if schema else f"A {coordinator} module: none exists."
    )
    path = f"/v3/config/{coordinator}/:name"
    return Endpoint("GET", path, summary, partial(handlers.module, coordinator), schema, _NOT_FOUND)


ENDPOINTS: Final = (
    _word("/burrow/admin", "Whether the process answers.", "GOOD", "Good"),
    # The port is complete when it answers, so Burrow's 503 STARTING never occurs here.
    _word("/burrow/admin/ready", "Whether requests are answered.", "READY", "Ready"),
    _get("/v3/kafka", "The clusters.", handlers.clusters, "ClusterList"),
    _get(_CLUSTER, "How a cluster is configured.", partial(handlers.module, "cluster"), "ClusterModule"),
    _read(f"{_CLUSTER}/topic", "The topics of a cluster.", handlers.topics, "TopicList"),
    _read(_TOPIC, "The end offsets of a topic.", handlers.topic, "TopicDetail"),
    _read(f"{_TOPIC}/consumers", "The groups with commits on a topic.", handlers.topic_consumers, "ConsumerList"),
    _read(f"{_CLUSTER}/consumer", "The consumer groups.", handlers.consumers, "ConsumerList"),
    _read(_GROUP, "The retained commits of a group.", handlers.consumer, "ConsumerDetail"),
    _delete(_GROUP, "Discards the retained history of a group."),
    _read(
        f"{_GROUP}/status",
        "The verdict on a group, with its partitions that are not OK.",
        partial(handlers.status, everything=False),
        "ConsumerStatus",
        _NO_SUCH_GROUP,
    ),
    _read(
        f"{_GROUP}/lag",
        "The verdict on a group, with all its partitions.",
        partial(handlers.status, everything=True),
        "ConsumerStatus",
        _NO_SUCH_GROUP,
    ),
    _delete(f"{_GROUP}/topic/:topic", "Discards the retained history of a group on one topic."),
    _get("/v3/config", "The configuration; no secret is shown.", handlers.configuration, "MainConfiguration"),
    *(endpoint for coordinator in COORDINATORS for endpoint in (_modules(coordinator), _module(coordinator))),
    _get(_LOG_LEVEL, "The log level.", handlers.level, "LogLevel"),
    Endpoint(
        "POST",
        _LOG_LEVEL,
        "Sets the log level, until the exporter is restarted.",
        handlers.set_level,
        "Done",
        _SETTING_LEVEL,
        body="NewLevel",
    ),
    _get("/v3/openapi.json", "This description; Burrow has none.", _description, "Description"),
)


def markdown_table() -> str:
    """The endpoints as a table in Markdown."""
    rows = ["| request | what it answers or does | reads Kafka |", "| --- | --- | --- |"]
    rows += [
        f"| `{each.method} {each.path}` | {each.summary} | {'yes' if each.reads_kafka else ''} |" for each in ENDPOINTS
    ]
    return "\n".join(rows)
