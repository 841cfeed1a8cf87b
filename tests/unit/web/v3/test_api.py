"""Where a request is sent when it is nearly right, and how the application takes its place behind the others."""

from __future__ import annotations

import asyncio
from typing import NoReturn

import pytest

from exporter.web.app import make_app
from exporter.web.v3 import Api
from tests.support.asking import ask as ask_app
from tests.support.burrow_api import SETTINGS, Known, ask


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/v3/kafka/", "/v3/kafka"),
        ("/V3/kafka/A%2Fb/TOPIC/?x=1&y=2", "/v3/kafka/A%2Fb/topic?x=1&y=2"),
        ("//v3//kafka", "/v3/kafka"),
    ],
)
def test_a_get_is_sent_on_for_good(target: str, location: str) -> None:
    answer = ask(target)
    assert (answer.status, answer.headers["location"]) == (301, location)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text == f'<a href="{location.replace("&", "&amp;")}">Moved Permanently</a>.\n\n'


def test_another_method_is_sent_on_with_what_it_carries() -> None:
    answer = ask("/v3/admin/loglevel/", method="POST", body='{"level":"debug"}')
    assert (answer.status, answer.headers["location"], answer.body) == (307, "/v3/admin/loglevel", b"")


def test_a_method_that_a_path_has_not_is_told_which_it_has() -> None:
    answer = ask("/v3/kafka", method="POST")
    assert (answer.status, answer.headers["allow"], answer.text) == (405, "GET, OPTIONS", "Method Not Allowed\n")


def test_options_are_told() -> None:
    answer = ask("/v3/admin/loglevel", method="OPTIONS")
    assert (answer.status, answer.headers["allow"], answer.body) == (200, "GET, OPTIONS, POST", b"")


def test_the_path_is_repeated_unescaped_and_without_its_query() -> None:
    assert '"request":{"url":"/v3/kafka/a/b \\u003c%2F","host":' in ask("/v3/kafka/a%2Fb%20%3C%252F?q=1").text


def test_who_still_waits_when_the_exporter_stops_is_told_so() -> None:
    api = Api(Known(), SETTINGS)

    async def stopped(work: object) -> NoReturn:
        raise asyncio.CancelledError

    api._threads.run = stopped  # type: ignore[method-assign]
    answer = ask_app(api, "/v3/kafka/c/topic")
    assert answer.status == 503
    assert answer.text.startswith('{"error":true,"message":"the exporter is stopping","request":')


@pytest.mark.parametrize(
    ("path", "status", "start"),
    [
        ("/v3/kafka", 200, '{"error":false'),
        ("/burrow/admin", 200, "GOOD"),
        ("/v3/nothing", 404, '{"error":true'),
        ("/nothing", 404, '{"error":true'),
        ("/-/healthy", 200, "Healthy"),
    ],
)
def test_the_exporters_port_answers_with_it(path: str, status: int, start: str) -> None:
    answer = ask_app(make_app(Known(), SETTINGS), path)
    assert answer.status == status
    assert answer.text.startswith(start)
