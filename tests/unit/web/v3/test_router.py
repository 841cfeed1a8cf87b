"""Paths are understood as Burrow's router does it: the expectations are what Debian's Burrow answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.web.v3.endpoints import ENDPOINTS
from exporter.web.v3.router import Found, Moved, OtherMethods, Unknown, find, is_broken

CONSUMER = "/v3/kafka/:cluster/consumer/:consumer"


@pytest.mark.parametrize(
    ("path", "endpoint", "parameters"),
    [
        ("/v3/kafka", "/v3/kafka", {}),
        ("/v3/%6bafka", "/v3/kafka", {}),
        ("/v3/kafka/a", "/v3/kafka/:cluster", {"cluster": "a"}),
        ("/v3/kafka/..", "/v3/kafka/:cluster", {"cluster": ".."}),
        ("/v3/kafka//topic", "/v3/kafka/:cluster/topic", {"cluster": ""}),
        ("/v3/kafka/a/topic/t", "/v3/kafka/:cluster/topic/:topic", {"cluster": "a", "topic": "t"}),
        ("/v3/kafka/A/consumer/a%2Fb", CONSUMER, {"cluster": "A", "consumer": "a%2Fb"}),
        ("/v3/kafka/a/consumer/status", CONSUMER, {"cluster": "a", "consumer": "status"}),
        ("/v3/kafka/a/consumer/lag/lag", f"{CONSUMER}/lag", {"cluster": "a", "consumer": "lag"}),
        ("/v3/kafka/a/consumer//lag", f"{CONSUMER}/lag", {"cluster": "a", "consumer": ""}),
        ("/v3/config/storage/x", "/v3/config/storage/:name", {"name": "x"}),
    ],
)
def test_a_path_means_an_endpoint_and_its_parameters(path: str, endpoint: str, parameters: dict[str, str]) -> None:
    found = find(ENDPOINTS, "GET", path)
    assert isinstance(found, Found)
    assert (found.endpoint.path, found.parameters) == (endpoint, parameters)


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/v3/kafka/", "/v3/kafka"),
        ("/v3/kafka/a/topic/", "/v3/kafka/a/topic"),
        ("/v3/kafka/a%2Fb/", "/v3/kafka/a%2Fb"),
        ("/V3/Kafka/Local", "/v3/kafka/Local"),
        ("/v3/kafka/Local/TOPIC/T/", "/v3/kafka/Local/topic/T"),
        ("//v3///kafka", "/v3/kafka"),
        ("/v3/../v3/./kafka", "/v3/kafka"),
        ("/../burrow/admin/", "/burrow/admin"),
    ],
)
def test_what_is_nearly_a_path_is_sent_to_it(path: str, there: str) -> None:
    assert find(ENDPOINTS, "GET", path) == Moved(there)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v3/kafka", ("GET", "OPTIONS")),
        ("HEAD", "/v3/kafka", ("GET", "OPTIONS")),
        ("OPTIONS", "/v3/kafka/c/consumer/g", ("DELETE", "GET", "OPTIONS")),
        ("GET", "/v3/kafka/c/consumer/g/topic/t", ("DELETE", "OPTIONS")),
        ("PUT", "/v3/admin/loglevel", ("GET", "OPTIONS", "POST")),
    ],
)
def test_another_method_is_told_which_there_are(method: str, path: str, allowed: tuple[str, ...]) -> None:
    assert find(ENDPOINTS, method, path) == OtherMethods(allowed)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "*"),
        ("GET", ""),
        ("GET", "/v3"),
        ("GET", "/v2/kafka"),
        ("GET", "/v3/kafka/c/nothing"),
        ("GET", "/v3/config/nothing"),
        ("GET", "/v3/kafka/c/consumer/a/b"),
        ("PUT", "/v3/kafka/"),
        ("HEAD", "/v3/kafka/"),
    ],
)
def test_everything_else_is_unknown(method: str, path: str) -> None:
    assert find(ENDPOINTS, method, path) == Unknown()


@given(st.lists(st.sampled_from(["v3", "V3", "kafka", "topic", "a", "", ".", "..", "%2F", "*"]), max_size=7))
def test_a_way_leads_to_something_and_never_to_another_host(parts: list[str]) -> None:
    path = "/" + "/".join(parts)
    meant = find(ENDPOINTS, "GET", path)
    if isinstance(meant, Moved):
        assert isinstance(find(ENDPOINTS, "GET", meant.path), Found)
        assert meant.path.startswith(("/v3/", "/burrow/"))


@pytest.mark.parametrize(("path", "broken"), [("/%", True), ("/%4", True), ("/%zz", True), ("/%41%2f", False)])
def test_an_escape_that_is_none_is_noticed(path: str, broken: bool) -> None:
    assert is_broken(path) is broken
