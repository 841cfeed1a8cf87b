"""What can be changed through Burrow's API: the log level, and what is retained of a group."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from exporter.settings import Cluster, Settings, Web
from exporter.web.v3 import Api
from tests.support.asking import Answer
from tests.support.asking import ask as ask_app
from tests.support.burrow_api import HOST, Known, ask, last
from tests.support.observations import group, observation
from tests.support.outcomes import down

LEVEL = "/v3/admin/loglevel"
CLUSTERS = (Cluster("c", ("k:1",)),)


@pytest.fixture(autouse=True)
def levels_as_before() -> Iterator[None]:
    loggers = [logging.getLogger(), logging.getLogger("kafka")]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


def set_level(body: str) -> Answer:
    return asked_to_set_level(body, enabled=True, authenticated=True)


def asked_to_set_level(body: str, *, enabled: bool, authenticated: bool) -> Answer:
    api = Api(Known(), Settings(CLUSTERS, web=Web(api_log_level=enabled)), authenticated=lambda: authenticated)
    return ask_app(api, LEVEL, "POST", body=body.encode())


def level() -> str:
    found: str = json.loads(ask(LEVEL).body)["level"]
    return found


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"level":"trace"}', "debug"),
        ('{"level":"DEBUG"}', "debug"),
        ('{"level":"Info"}', "info"),
        ('{"level":"warn"}', "warn"),
        ('{"level":"warning"}', "warn"),
        ('{"level":"error"}', "error"),
        ('{"level":"fatal"}', "fatal"),
        ('{"LEVEL":"debug"}', "debug"),
        (' \n{"x":[1],"level":"info","level":null} and more', "info"),
        ('{"level":"debug","level":"error"}', "error"),
    ],
)
def test_the_level_is_set(body: str, expected: str) -> None:
    logging.getLogger().setLevel(logging.NOTSET)
    answer = set_level(body)
    assert answer.status == 200
    assert answer.text == (f'{{"error":false,"message":"set log level","request":{{"url":"{LEVEL}","host":"{HOST}"}}}}')
    assert level() == expected


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ("", 400, "could not decode message body"),
        ("nonsense", 400, "could not decode message body"),
        ('"debug"', 400, "could not decode message body"),
        ("[]", 400, "could not decode message body"),
        ('[["level","debug"]]', 400, "could not decode message body"),
        ("5", 400, "could not decode message body"),
        ("NaN", 400, "could not decode message body"),
        ('{"level":5}', 400, "could not decode message body"),
        ('{"level":["debug"]}', 400, "could not decode message body"),
        ('{"level":"debug"', 400, "could not decode message body"),
        ("[" * 20_000, 400, "could not decode message body"),
        ("null", 404, "unknown log level"),
        ("{}", 404, "unknown log level"),
        ('{"level":""}', 404, "unknown log level"),
        ('{"level":"loud"}', 404, "unknown log level"),
    ],
)
def test_a_level_that_is_none_changes_nothing(body: str, status: int, message: str) -> None:
    logging.getLogger().setLevel(logging.WARNING)
    answer = set_level(body)
    assert answer.status == status
    assert answer.text == (f'{{"error":true,"message":"{message}","request":{{"url":"{LEVEL}","host":"{HOST}"}}}}')
    assert level() == "warn"


@pytest.mark.parametrize(
    ("enabled", "authenticated", "hint"),
    [(False, False, "web.api_log_level"), (False, True, "web.api_log_level"), (True, False, "--web.config.file")],
)
def test_the_level_can_be_set_only_if_allowed_and_authenticated(enabled: bool, authenticated: bool, hint: str) -> None:
    logging.getLogger().setLevel(logging.WARNING)
    answer = asked_to_set_level('{"level":"debug"}', enabled=enabled, authenticated=authenticated)
    assert answer.status == 403
    assert hint in answer.text
    assert level() == "warn"


def test_the_level_is_shown_in_burrows_words() -> None:
    logging.getLogger().setLevel(logging.INFO)
    assert ask(LEVEL).text == (
        f'{{"error":false,"message":"log level returned","level":"info","request":{{"url":"{LEVEL}","host":"{HOST}"}}}}'
    )


def test_kafkas_own_client_stays_quiet_about_what_it_is_configured_with() -> None:
    set_level('{"level":"debug"}')
    assert logging.getLogger("kafka").level == logging.INFO
    set_level('{"level":"info"}')
    assert logging.getLogger("kafka").level > logging.ERROR


GROUP = "/v3/kafka/c/consumer/a%2Fb"
OUTCOME = last([observation(0, {"a/b": group({"t/1": [1]})}, {"t/1": [2]})])


def delete(path: str, *, enabled: bool, authenticated: bool, collector: Known | None = None) -> tuple[Answer, Known]:
    known = collector or Known(OUTCOME)
    api = Api(known, Settings(CLUSTERS, web=Web(api_delete=enabled)), authenticated=lambda: authenticated)
    return ask_app(api, path, "DELETE"), known


@pytest.mark.parametrize(
    ("enabled", "authenticated", "hint"),
    [(False, False, "web.api_delete"), (False, True, "web.api_delete"), (True, False, "--web.config.file")],
)
@pytest.mark.parametrize("path", [GROUP, f"{GROUP}/topic/t"])
def test_deleting_takes_both_the_setting_and_a_port_that_asks_who_is_there(
    enabled: bool, authenticated: bool, hint: str, path: str
) -> None:
    answer, collector = delete(path, enabled=enabled, authenticated=authenticated)
    body = json.loads(answer.body)
    assert (answer.status, answer.headers["content-type"]) == (403, "application/json")
    assert list(body) == ["error", "message", "request"]
    assert body["error"] is True
    assert hint in body["message"]
    assert collector.forgotten == []


@pytest.mark.parametrize(
    ("path", "forgotten"),
    [
        (GROUP, ("c", "a/b", None)),
        ("/v3/kafka/c/consumer/a%252Fb", ("c", "a/b", None)),
        (f"{GROUP}/topic/t%252F1", ("c", "a/b", "t/1")),
        ("/v3/kafka/c/consumer/nobody", ("c", "nobody", None)),
        ("/v3/kafka/C/consumer/x/topic/y", ("C", "x", "y")),
    ],
)
def test_deleting_forgets_and_as_in_burrow_says_so_of_any_name(path: str, forgotten: tuple[str, str, str]) -> None:
    answer, collector = delete(path, enabled=True, authenticated=True)
    assert answer.status == 200
    assert json.loads(answer.body)["message"] == "consumer group removed"
    assert json.loads(answer.body)["error"] is False
    assert collector.forgotten == [forgotten]


def test_deleting_works_while_the_cluster_cannot_be_read() -> None:
    answer, collector = delete(GROUP, enabled=True, authenticated=True, collector=Known(down("c")))
    assert (answer.status, collector.forgotten) == (200, [("c", "a/b", None)])


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_only_a_delete_forgets(method: str) -> None:
    collector = Known(OUTCOME)
    api = Api(collector, Settings(CLUSTERS, web=Web(api_delete=True)), authenticated=lambda: True)
    ask_app(api, GROUP, method)
    assert collector.forgotten == []


def test_deleting_is_refused_from_the_moment_on_that_nobody_is_asked_who_he_is() -> None:
    collector, locked = Known(OUTCOME), [True]
    api = Api(collector, Settings(CLUSTERS, web=Web(api_delete=True)), authenticated=lambda: locked[0])
    assert ask_app(api, GROUP, "DELETE").status == 200
    locked[0] = False
    assert ask_app(api, GROUP, "DELETE").status == 403
    assert len(collector.forgotten) == 1
