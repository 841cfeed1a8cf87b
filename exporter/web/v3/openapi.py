"""The API's description in OpenAPI 3.1."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from exporter import __version__
from exporter.web.v3.schemas import SCHEMAS, reference

PARAMETERS: Final = {
    "cluster": "Name of a cluster.",
    "topic": "Name of a topic.",
    "consumer": "Name of a consumer group.",
    "name": "Name of a module: that of its cluster.",
}

Described = Mapping[str, Any]


@cache
def description() -> bytes:
    """The description as JSON."""
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Burrow's HTTP API, as kafka-burrow-exporter serves it",
            "version": __version__,
            "description": "Names may hold any character; escape them as in any URL, a slash as %2F.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": _paths(),
        "components": {"schemas": SCHEMAS},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _paths() -> Described:
    cluster, configured = "/v3/kafka/{cluster}", "/v3/config"
    consumer, topic = f"{cluster}/consumer/{{consumer}}", f"{cluster}/topic/{{topic}}"
    paths = {
        "/burrow/admin": _text("Whether the process answers.", "GOOD"),
        "/burrow/admin/ready": _text("Whether requests are answered.", "READY"),
        "/v3/kafka": _get("The clusters.", "ClusterList"),
        cluster: _get("How a cluster is configured.", "ClusterModule", missing="Error"),
        f"{cluster}/topic": _get("The topics of a cluster.", "TopicList", missing="Error", read=True),
        topic: _get("The end offsets of a topic.", "TopicDetail", missing="Error", read=True),
        f"{topic}/consumers": _get("The groups that consume a topic.", "ConsumerList", missing="Error", read=True),
        f"{cluster}/consumer": _get("The consumer groups.", "ConsumerList", missing="Error", read=True),
        consumer: {
            **_get("The retained commits of a group.", "ConsumerDetail", missing="Error", read=True),
            "delete": _delete("Discards the retained history of a group."),
        },
        f"{consumer}/status": _get(
            "The verdict on a group, with its partitions that are not OK.",
            "ConsumerStatus",
            missing="ConsumerStatus",
            read=True,
        ),
        f"{consumer}/lag": _get(
            "The verdict on a group, with all its partitions.", "ConsumerStatus", missing="ConsumerStatus", read=True
        ),
        f"{consumer}/topic/{{topic}}": {"delete": _delete("Discards the retained history of a group on one topic.")},
        configured: _get("The configuration.", "MainConfiguration"),
        "/v3/admin/loglevel": {**_get("The log level.", "LogLevel"), "post": _set_level()},
        "/v3/openapi.json": _get("This description.", "Description"),
    }
    for coordinator, module in (
        ("storage", "StorageModule"),
        ("evaluator", "EvaluatorModule"),
        ("cluster", "ClusterModule"),
        ("consumer", "ConsumerModule"),
    ):
        paths[f"{configured}/{coordinator}"] = _get(f"The {coordinator} modules.", "ModuleList")
        paths[f"{configured}/{coordinator}/{{name}}"] = _get(
            f"How a {coordinator} module is configured.", module, missing="Error"
        )
    paths[f"{configured}/notifier"] = _get("The notifier modules: none, that is Alertmanager's job.", "ModuleList")
    paths[f"{configured}/notifier/{{name}}"] = {
        "get": {"summary": "A notifier module: none exists.", "responses": {"404": _json("No such module.", "Error")}}
    }
    return {path: _with_parameters(path, operations) for path, operations in paths.items()}


def _with_parameters(path: str, operations: Described) -> Described:
    wanted = re.findall(r"{(\w+)}", path)
    if not wanted:
        return operations
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": PARAMETERS[name],
            "schema": {"type": "string", "minLength": 1},
        }
        for name in wanted
    ]
    return {"parameters": parameters, **operations}


def _get(summary: str, schema: str, missing: str | None = None, *, read: bool = False) -> Described:
    """A GET of JSON. ``missing``: the schema of the 404 answer; ``read``: it depends on Kafka."""
    responses = {"200": _json(summary, schema)}
    if missing is not None:
        responses["404"] = _json("Nothing has that name.", missing)
    if read:
        responses["503"] = _json("Kafka cannot be read now.", "Error")
    return {"get": {"summary": summary, "responses": responses}}


def _text(summary: str, word: str) -> Described:
    content = {"text/plain": {"schema": {"type": "string", "const": word}}}
    return {"get": {"summary": summary, "responses": {"200": {"description": summary, "content": content}}}}


def _delete(summary: str) -> Described:
    return {
        "summary": f"{summary} The offsets in Kafka stay, so the group is found again.",
        "responses": {
            "200": _json("Discarded, if the group was known.", "Done"),
            "403": _json("Deleting is off, or the port does not require authentication.", "Error"),
            "503": _json("The exporter is stopping.", "Error"),
        },
    }


def _set_level() -> Described:
    return {
        "summary": "Sets the log level, until the exporter is restarted.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": reference("NewLevel")}}},
        "responses": {
            "200": _json("The level is set.", "Done"),
            "400": _json("The body is not such an object.", "Error"),
            "404": _json("No such level.", "Error"),
        },
    }


def _json(what: str, schema: str) -> Described:
    return {"description": what, "content": {"application/json": {"schema": reference(schema)}}}
