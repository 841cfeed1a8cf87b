"""What the web configuration lets through, and how it refuses the rest."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import bcrypt
import pytest
from starlette.types import ASGIApp

from exporter.core.report import Outcome
from exporter.settings import Cluster, Settings, Web
from exporter.web.app import make_app
from exporter.web.middleware import SECURITY_HEADERS, Guard
from tests.support.asking import Answer, ask
from tests.support.burrow_api import Known

CLUSTERS = (Cluster("c", ("localhost:9092",)),)
PATHS = (
    "/metrics",
    "/sd",
    "/",
    "/state",
    "/v3/kafka",
    "/burrow/admin",
    "/-/healthy",
    "/-/ready",
    "/-/reload",
    "/nothing",
)


class Quiet(Known):
    """A collector without a cluster's outcome."""

    def collect(self, timeout: float) -> tuple[Outcome, ...]:
        return self.outcomes


def hashed(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


ALICE = f"basic_auth_users: {{alice: '{hashed('secret')}'}}\n"

MakeApp = Callable[..., ASGIApp]


@pytest.fixture
def make(tmp_path: Path) -> MakeApp:
    """Makes the application behind access control with this web configuration."""

    def make(text: str, **web: bool) -> ASGIApp:
        (tmp_path / "web.yml").write_text(text)
        return make_app(Quiet(), Settings(CLUSTERS, web=Web(**web)), guard=Guard(str(tmp_path / "web.yml")))

    return make


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def is_refused(answer: Answer) -> bool:
    if answer.status != 401:
        return False
    assert answer.headers["www-authenticate"] == "Basic"
    assert answer.text == "Unauthorized\n"
    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    return True


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
def test_nothing_is_answered_without_a_password(make: MakeApp, path: str, method: str) -> None:
    app = make(ALICE)
    assert is_refused(ask(app, path, method))
    assert is_refused(ask(app, path, method, headers=basic("alice", "Secret")))


@pytest.mark.parametrize("path", PATHS[:-2])
def test_who_knows_a_password_is_answered(make: MakeApp, path: str) -> None:
    assert ask(make(ALICE), path, headers=basic("alice", "secret")).status == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic YWxpY2U=",
        "Bearer YWxpY2U6c2VjcmV0",
        "YWxpY2U6c2VjcmV0",
        "Basic YWxpY2U6c2VjcmV0 YWxpY2U6c2VjcmV0",
        "Basic YWxpY2U6c2VjcmV0\u00e9".encode("latin-1"),
    ],
)
def test_what_is_no_password_is_refused(make: MakeApp, authorization: str | bytes) -> None:
    assert is_refused(ask(make(ALICE), "/metrics", headers={"Authorization": authorization}))


@pytest.mark.parametrize(
    ("user", "password"),
    [("bob", "secret"), ("", "secret"), ("alice", ""), ("alice", "secret\0"), ("Alice", "secret"), ("alice", "s" * 99)],
)
def test_a_wrong_name_or_password_is_refused(make: MakeApp, user: str, password: str) -> None:
    assert is_refused(ask(make(ALICE), "/metrics", headers=basic(user, password)))


def test_a_scheme_may_be_written_in_any_case(make: MakeApp) -> None:
    headers = {"Authorization": basic("alice", "secret")["Authorization"].replace("Basic", "bASIC")}
    assert ask(make(ALICE), "/metrics", headers=headers).status == 200


def test_names_and_passwords_of_any_script_are_good(make: MakeApp) -> None:
    app = make(f"basic_auth_users: {{Zoë: '{hashed('пароль:2')}'}}\n")
    assert ask(app, "/metrics", headers=basic("Zoë", "пароль:2")).status == 200


def test_of_a_password_beyond_what_bcrypt_looks_at_the_rest_does_not_count(make: MakeApp) -> None:
    """As in Go, whose files these are."""
    app = make(f"basic_auth_users: {{alice: '{hashed('x' * 72)}'}}\n")
    assert ask(app, "/metrics", headers=basic("alice", "x" * 99)).status == 200


def test_a_password_that_is_changed_counts_at_once(make: MakeApp, tmp_path: Path) -> None:
    app = make(ALICE)
    assert ask(app, "/metrics", headers=basic("alice", "secret")).status == 200
    (tmp_path / "web.yml").write_text(f"basic_auth_users: {{alice: '{hashed('other')}'}}\n")
    assert is_refused(ask(app, "/metrics", headers=basic("alice", "secret")))
    assert ask(app, "/metrics", headers=basic("alice", "other")).status == 200


def test_health_is_told_to_everybody_only_where_that_is_set(make: MakeApp) -> None:
    app = make(ALICE, unauthenticated_health=True)
    for path in ("/-/healthy", "/-/ready", "/burrow/admin", "/burrow/admin/ready"):
        assert ask(app, path).status == 200
        assert not is_refused(ask(app, path, "HEAD"))
        assert is_refused(ask(app, path, "POST"))
    for path in ("/metrics", "/", "/-/reload", "/-/healthy/", "/%2D/healthy", "//-/healthy", "/-/healthy%2F..%2Fx"):
        assert is_refused(ask(app, path))


def test_configured_headers_go_out_with_what_the_program_answers_and_win(make: MakeApp) -> None:
    headers = "{X-Frame-Options: sameorigin, Content-Security-Policy: sandbox, Strict-Transport-Security: max-age=1}"
    app = make(f"{ALICE}http_server_config: {{headers: {headers}}}")
    known = basic("alice", "secret")
    for answer in (ask(app, "/"), ask(app, "/", headers=known), ask(app, "/nothing", headers=known)):
        assert answer.headers["x-frame-options"] == "sameorigin"
        assert answer.headers.getlist("content-security-policy") == ["sandbox"]
        assert answer.headers["strict-transport-security"] == "max-age=1"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_beyond_the_rate_there_is_429_before_anything_is_looked_at(make: MakeApp) -> None:
    app = make(f"{ALICE}rate_limit: {{interval: 1h, burst: 3}}")
    assert [ask(app, "/metrics", headers=basic("alice", "secret")).status for _ in range(2)] == [200, 200]
    assert is_refused(ask(app, "/metrics"))
    answer = ask(app, "/metrics", headers=basic("alice", "secret"))
    assert (answer.status, answer.text) == (429, "Too Many Requests\n")
    assert "www-authenticate" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_another_rate_counts_at_once_and_begins_with_a_full_burst(make: MakeApp, tmp_path: Path) -> None:
    def answers(count: int) -> list[int]:
        return [ask(app, "/metrics").status for _ in range(count)]

    app = make("rate_limit: {interval: 1h, burst: 1}")
    assert answers(2) == [200, 429]
    (tmp_path / "web.yml").write_text("rate_limit: {interval: 1h, burst: 2}")
    assert answers(3) == [200, 200, 429]
    (tmp_path / "web.yml").write_text("{}")
    assert answers(3) == [200, 200, 200]


def test_without_users_everybody_is_let_through(make: MakeApp) -> None:
    assert ask(make("{}"), "/metrics").status == 200


@pytest.mark.parametrize(
    ("text", "warned"), [("", True), ("{}", True), (ALICE, False)], ids=["empty", "no keys", "a password"]
)
def test_a_file_that_locks_nothing_is_warned_of(
    make: MakeApp, text: str, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """As one is that somebody has failed to write."""
    make(text)
    assert ("is empty, so the port is unprotected" in caplog.text) is warned


def test_a_group_can_be_forgotten_only_on_a_port_that_requires_authentication(make: MakeApp) -> None:
    path = "/v3/kafka/c/consumer/g"
    assert ask(make("{}", api_delete=True), path, "DELETE").status == 403
    assert ask(make(ALICE, api_delete=True), path, "DELETE", headers=basic("alice", "secret")).status == 200
    assert ask(make(ALICE), path, "DELETE", headers=basic("alice", "secret")).status == 403


def test_a_group_can_be_forgotten_from_the_moment_on_that_the_port_asks_who_is_there(
    make: MakeApp, tmp_path: Path
) -> None:
    app, path = make("{}", api_delete=True), "/v3/kafka/c/consumer/g"
    assert ask(app, path, "DELETE").status == 403
    (tmp_path / "web.yml").write_text(ALICE)
    assert ask(app, path, "DELETE", headers=basic("alice", "secret")).status == 200
    assert is_refused(ask(app, path, "DELETE"))


@pytest.mark.parametrize("sent", [{"Content-Length": "65537"}, {}], ids=["declared", "sent"])
def test_a_body_that_is_too_large_is_refused(sent: dict[str, str]) -> None:
    app = make_app(Quiet(), Settings(CLUSTERS))
    answer = ask(app, "/v3/admin/loglevel", "POST", headers=sent, body=b"x" * 65537)
    assert answer.status == 413
    assert answer.headers["connection"] == "close"
    assert answer.text.strip() == "The body is too large."


@pytest.mark.parametrize("sent", [{"X": "a" * 16384}, {f"X-{n}": "a" * 16 for n in range(1000)}], ids=["one", "many"])
def test_headers_that_are_too_large_are_refused_though_they_come_in_one_go(sent: dict[str, str]) -> None:
    app = make_app(Quiet(), Settings(CLUSTERS))
    answer = ask(app, "/metrics", headers=sent)
    assert (answer.status, answer.headers["connection"]) == (431, "close")
    assert ask(app, f"/metrics?{'a' * 16384}").status == 431
    assert ask(app, "/metrics", headers={"X": "a" * 16000}).status == 200


def test_a_request_that_tells_its_length_in_two_ways_is_refused_and_nothing_is_read_after_it(make: MakeApp) -> None:
    answer = ask(make(ALICE), "/metrics", headers={"Content-Length": "5", "Transfer-Encoding": "chunked"})
    assert (answer.status, answer.headers["connection"]) == (400, "close")


@pytest.mark.parametrize(
    "path", ["/<script>alert(1)</script>", "/clusters/<script>", "/v3/kafka/<script>", "/v3/<script>/"]
)
def test_what_is_asked_for_is_never_repeated_as_markup(path: str) -> None:
    answer = ask(make_app(Quiet(), Settings(CLUSTERS)), path)
    assert answer.status in (301, 404)
    assert "<script>" not in answer.text.replace("<script src", "")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
