"""Pages of other sites change nothing, whatever a visitor's browser knows."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from starlette.responses import PlainTextResponse

from exporter.web.middleware import OtherSites
from tests.support.asking import ask

ALLOWED = "https://dashboard.example.com"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://kbe.example:8001"},
        {"Origin": f"{ALLOWED}.evil.example", "Sec-Fetch-Site": "cross-site"},
    ],
)
@pytest.mark.parametrize("path", ["/-/reload", "/v3/admin/loglevel", "/v3/kafka/c/consumer/g"])
def test_what_a_page_of_another_site_sends_is_refused(path: str, headers: dict[str, str]) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert asked(path, method, headers) == HTTPStatus.FORBIDDEN
    for method in ("GET", "HEAD", "OPTIONS"):
        assert asked(path, method, headers) == HTTPStatus.OK


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://kbe.example:8000"},
        {"Origin": "http://kbe.example:8000"},
        {"Sec-Fetch-Site": "cross-site", "Origin": ALLOWED},
    ],
)
def test_other_clients_the_own_pages_and_an_allowed_origin_are_answered(headers: dict[str, str]) -> None:
    assert asked("/-/reload", "POST", headers) == HTTPStatus.OK


def asked(path: str, method: str, headers: dict[str, str]) -> int:
    app = OtherSites(PlainTextResponse("done"), ALLOWED)
    return ask(app, path, method, {"Host": "kbe.example:8000", **headers}).status
