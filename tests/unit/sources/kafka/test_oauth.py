"""Tokens from an endpoint that may answer anything."""

from __future__ import annotations

import gzip
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from kafka.errors import SaslAuthenticationFailedError

from exporter.logs import set_level
from exporter.settings import OAuth
from exporter.sources.kafka import oauth as module
from exporter.sources.kafka.oauth import ClientCredentials

SECRET = "pl4nted s&cret"  # noqa: S105 - planted

Asked = tuple[str, str, str]
"""Path, Authorization and body of a request."""

Answer = Callable[[BaseHTTPRequestHandler], None]


def answer(status: int = 200, body: bytes = b"", length: int | None = None, **headers: str) -> Answer:
    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return send


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    while True:
        handler.wfile.write(b"X-Drip: 1\r\n")
        handler.wfile.flush()
        time.sleep(0.05)


@contextmanager
def endpoint(answers: Answer) -> Iterator[tuple[str, list[Asked]]]:
    """The address of an endpoint, and what it is asked."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked.append((self.path, self.headers["Authorization"], body))
            with suppress(OSError):
                answers(self)

        do_GET = do_POST  # noqa: N815 - http.server's name

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/token", asked
        finally:
            server.shutdown()
            thread.join()


def provider(url: str, timeout: float = 20.0, scope: str | None = None) -> ClientCredentials:
    return ClientCredentials(OAuth(url, "me:1", SECRET, scope), timeout)


def token(**more: object) -> bytes:
    return json.dumps({"access_token": "abc.def", "token_type": "Bearer", **more}).encode()


def test_a_token_is_asked_for_with_the_clients_credentials_and_kept(caplog: pytest.LogCaptureFixture) -> None:
    set_level(logging.DEBUG)
    with endpoint(answer(body=token(expires_in=3600, scope="other"))) as (url, asked):
        tokens = provider(f"{url}?tenant=1", scope="kafka read")
        assert [tokens.token() for _ in range(3)] == ["abc.def"] * 3
    ((path, authorization, body),) = asked
    assert path == "/token?tenant=1"
    assert authorization == "Basic bWUlM0ExOnBsNG50ZWQrcyUyNmNyZXQ="
    assert body == "grant_type=client_credentials&scope=kafka+read"
    assert caplog.records == []


@pytest.mark.parametrize("lifetime", [None, 0, 30, "30", "nonsense", float("nan"), float("inf"), -1])
def test_a_token_is_used_however_its_lifetime_is_given_but_not_for_ever(lifetime: object) -> None:
    more = {} if lifetime is None else {"expires_in": lifetime}
    with endpoint(answer(body=token(**more))) as (url, _):
        tokens = provider(url)
        with suppress(SaslAuthenticationFailedError):
            assert tokens.token() == "abc.def"
        assert tokens._renew_at <= time.monotonic() + module.LIFETIME


def test_the_secret_goes_nowhere_else() -> None:
    with (
        endpoint(answer(body=token())) as (elsewhere, asked_elsewhere),
        endpoint(answer(307, Location=elsewhere)) as (url, asked),
    ):
        with pytest.raises(SaslAuthenticationFailedError, match="HTTP 307: it redirects elsewhere"):
            provider(url).token()
        assert len(asked) == 1
    assert asked_elsewhere == []


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (answer(500, b"oops"), "HTTP 500: .*no token in JSON|HTTP 500"),
        (answer(401, json.dumps({"error": "invalid_client", "error_description": SECRET}).encode()),
         '"invalid_client"'),
        (answer(503, token()), "HTTP 503"),
        (answer(body=b"[" * 60_000), "no token in JSON"),
        (answer(body=b'{"access_token":' + b"[" * 60_000), "no token in JSON"),
        (answer(body=b"[1]"), "no token in JSON"),
        (answer(body=b"null"), "no token in JSON"),
        (answer(body=b'{"access_token": 5}'), "no token in JSON"),
        (answer(body=b'{"access_token": "a\\u0001b"}'), "no token in JSON"),
        (answer(body=b"\xff\xfe"), "missing_token|no token in JSON"),
        (answer(body=token(), length=10_000), "peer closed|incomplete"),
        (answer(body=b" " * 10_000_000), "longer than 65536 bytes"),
        (answer(body=gzip.compress(bytes(50_000_000)), Content_Encoding="gzip"), "longer than 65536 bytes"),
        (lambda handler: handler.wfile.write(b"nonsense\r\n\r\n"), "illegal|invalid|Server disconnected"),
    ],
    ids=[
        "an error", "a refusal", "a token with an error", "deep", "deep in the token", "a list", "null", "a number",
        "a control character", "no text", "cut off", "huge", "huge once unpacked", "no HTTP",
    ],
)  # fmt: skip
def test_any_other_answer_is_one_clear_failure(answers: Answer, why: str) -> None:
    with (
        endpoint(answers) as (url, _),
        pytest.raises(
            SaslAuthenticationFailedError, match=rf"no token from http://127\.0\.0\.1/token: .*({why})"
        ) as caught,
    ):
        provider(f"{url}?key={SECRET.replace(' ', '+')}").token()
    assert "pl4nted" not in str(caught.value)


def test_an_endpoint_that_answers_a_byte_at_a_time_is_given_up_in_time() -> None:
    with endpoint(drip) as (url, _):
        tokens, ended = provider(url, timeout=0.5), threading.Event()

        def ask() -> None:
            with suppress(SaslAuthenticationFailedError):
                tokens.token()
            ended.set()

        threading.Thread(target=ask, daemon=True).start()
        assert ended.wait(20)
