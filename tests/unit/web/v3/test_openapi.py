"""The description of the API says what the API does."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from exporter.web.v3.endpoints import ENDPOINTS
from tests.support.burrow_api import ask, falling_behind, two_commits
from tests.support.outcomes import down

DOCUMENT: dict[str, Any] = json.loads(ask("/v3/openapi.json").body)


def described() -> set[tuple[str, str]]:
    return {
        (method.upper(), path)
        for path, operations in DOCUMENT["paths"].items()
        for method in operations
        if method != "parameters"
    }


def test_every_endpoint_is_described_and_nothing_else() -> None:
    assert described() == {(each.method, re.sub(r":(\w+)", r"{\1}", each.path)) for each in ENDPOINTS}


def test_every_parameter_of_a_path_is_described() -> None:
    for path, operations in DOCUMENT["paths"].items():
        assert [each["name"] for each in operations.get("parameters", [])] == re.findall(r"{(\w+)}", path)


PATHS = [
    ("/burrow/admin", {}),
    ("/v3/kafka", {}),
    ("/v3/kafka/{cluster}", {"cluster": "Prod"}),
    ("/v3/kafka/{cluster}", {"cluster": "x"}),
    ("/v3/kafka/{cluster}/topic", {"cluster": "Prod"}),
    ("/v3/kafka/{cluster}/topic/{topic}", {"cluster": "Prod", "topic": "t"}),
    ("/v3/kafka/{cluster}/topic/{topic}/consumers", {"cluster": "Prod", "topic": "t"}),
    ("/v3/kafka/{cluster}/consumer", {"cluster": "Prod"}),
    ("/v3/kafka/{cluster}/consumer", {"cluster": "x"}),
    ("/v3/kafka/{cluster}/consumer/{consumer}", {"cluster": "Prod", "consumer": "g"}),
    ("/v3/kafka/{cluster}/consumer/{consumer}/status", {"cluster": "Prod", "consumer": "g"}),
    ("/v3/kafka/{cluster}/consumer/{consumer}/status", {"cluster": "Prod", "consumer": "x"}),
    ("/v3/kafka/{cluster}/consumer/{consumer}/lag", {"cluster": "Prod", "consumer": "g"}),
    ("/v3/config", {}),
    ("/v3/config/storage", {}),
    ("/v3/config/storage/{name}", {"name": "Prod"}),
    ("/v3/config/evaluator/{name}", {"name": "Prod"}),
    ("/v3/config/consumer/{name}", {"name": "Prod"}),
    ("/v3/config/notifier/{name}", {"name": "Prod"}),
    ("/v3/admin/loglevel", {}),
    ("/v3/openapi.json", {}),
]


@pytest.mark.parametrize("known", [two_commits(), falling_behind(), down("Prod")], ids=["young", "late", "down"])
@pytest.mark.parametrize(("path", "names"), PATHS)
def test_what_is_answered_is_as_described(path: str, names: dict[str, str], known: Any) -> None:
    answer = ask(path.format(**names), known)
    responses = DOCUMENT["paths"][path]["get"]["responses"]
    assert str(answer.status) in responses
    (kind, content), *others = responses[str(answer.status)]["content"].items()
    assert not others
    assert answer.headers["content-type"].split(";")[0] == kind
    body = answer.text if kind == "text/plain" else json.loads(answer.body)
    schema = {**content["schema"], "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(schema).validate(body)
