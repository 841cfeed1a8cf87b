"""The API's description in OpenAPI 3.1."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from exporter import __version__
from exporter.web.v3.answers import JSON
from exporter.web.v3.endpoint import Endpoint
from exporter.web.v3.schemas import SCHEMAS, reference

PARAMETERS: Final = {
    "cluster": "Name of a cluster.",
    "topic": "Name of a topic.",
    "consumer": "Name of a consumer group.",
    "name": "Name of a module: that of its cluster.",
}

Described = Mapping[str, Any]


def description(endpoints: tuple[Endpoint, ...]) -> bytes:
    """The description of the endpoints as JSON."""
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Burrow's HTTP API, as kafka-burrow-exporter serves it",
            "version": __version__,
            "description": "Names may hold any character; escape them as in any URL, a slash as %2F.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": _paths(endpoints),
        "components": {"schemas": SCHEMAS},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _paths(endpoints: tuple[Endpoint, ...]) -> Described:
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        path = re.sub(r":(\w+)", r"{\1}", endpoint.path)
        operations = paths.setdefault(path, _parameters(path))
        operations[endpoint.method.lower()] = _operation(endpoint)
    return paths


def _parameters(path: str) -> dict[str, Any]:
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": PARAMETERS[name],
            "schema": {"type": "string", "minLength": 1},
        }
        for name in re.findall(r"{(\w+)}", path)
    ]
    return {"parameters": parameters} if parameters else {}


def _operation(endpoint: Endpoint) -> Described:
    responses = {}
    if endpoint.schema is not None:
        responses["200"] = _response(endpoint.summary, endpoint.schema, endpoint.content_type)
    for status, error in endpoint.errors.items():
        responses[str(int(status))] = _response(error.meaning, error.schema, JSON)
    body = {}
    if endpoint.body is not None:
        body["requestBody"] = {"required": True, "content": {JSON: {"schema": reference(endpoint.body)}}}
    return {"summary": endpoint.summary, **body, "responses": responses}


def _response(meaning: str, schema: str, content_type: str) -> Described:
    return {"description": meaning, "content": {content_type: {"schema": reference(schema)}}}
