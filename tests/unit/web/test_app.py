"""The routes, without a socket."""

from __future__ import annotations

import gzip
from itertools import count

import pytest
from starlette.applications import Starlette

from exporter.core.report import Outcome
from exporter.settings import Cluster, Collection, Settings, Web
from exporter.web.app import make_app
from exporter.web.middleware import SECURITY_HEADERS
from exporter.web.scrape import MAX_DEADLINE, MIN_DEADLINE
from exporter.web.server.unsent import CHUNK_BYTES
from tests.support.asking import ask
from tests.support.observations import group, observation
from tests.support.outcomes import down, outcome
from tests.support.serving import connect, fetch, serving

SETTINGS = Settings((Cluster("c", ("localhost:9092",)),), Collection(scrape_timeout=10.0, timeout_offset=0.5))


class Fake:
    """A collector that gives what it was given, and remembers how long it was allowed to take."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = outcomes
        self.timeouts: list[float] = []
        self.fails = False

    def collect(self, timeout: float) -> tuple[Outcome, ...]:
        self.timeouts.append(timeout)
        if self.fails:
            raise RuntimeError("nobody foresaw this")
        return self.outcomes

    def latest(self) -> tuple[Outcome, ...]:
        return self.collect(0.0)

    def forget(self, *_: str | None) -> None:
        raise AssertionError("nobody asks to forget")


def app(collector: Fake | None = None, settings: Settings = SETTINGS) -> Starlette:
    return make_app(collector or Fake(), settings)


def some() -> Outcome:
    return outcome(observation(0, {"g": group({"t": [1]})}, {"t": [3]}))


@pytest.mark.parametrize("path", ["/metrics\n", "/sd\n", "/-/healthy\n", "/state\n", "/clusters\n"])
def test_a_line_end_makes_it_another_path(path: str) -> None:
    assert ask(app(Fake(some())), path.strip()).status == 200
    assert ask(app(Fake(some())), path).status == 404


def test_a_page_of_another_site_can_neither_reload_nor_set_the_level() -> None:
    for path in ("/-/reload", "/v3/admin/loglevel"):
        answer = ask(app(), path, "POST", headers={"Sec-Fetch-Site": "cross-site"})
        assert (answer.status, answer.text) == (403, "Requests from pages of other sites are refused.\n")


def test_a_scrape_is_answered_with_the_page_in_the_text_format() -> None:
    answer = ask(app(Fake(some())), "/metrics", headers={"Accept-Encoding": "identity"})
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert 'burrow_kafka_consumer_lag_total{cluster="c",consumer_group="g"} 2.0\n' in answer.text


def test_a_scraper_that_asks_for_openmetrics_gets_it() -> None:
    accept = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,*/*;q=0.1"
    answer = ask(app(Fake(some())), "/metrics", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert answer.text.endswith("\n# EOF\n")


def test_a_scraper_that_takes_gzip_gets_it() -> None:
    answer = ask(app(Fake(some())), "/metrics", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert b"burrow_kafka_cluster_up" in gzip.decompress(answer.body)


def test_a_page_larger_than_a_piece_arrives_whole() -> None:
    many = outcome(
        observation(0, {"g": group({f"topic-{n}": [1] for n in range(2000)})}, {f"topic-{n}": [3] for n in range(2000)})
    )
    body = ask(app(Fake(many)), "/metrics").text
    assert len(body) > 2 * CHUNK_BYTES
    assert body.count("burrow_kafka_consumer_partition_lag{") == 2000
    assert "# TYPE python_info gauge" in body


def test_a_scrape_may_ask_for_some_families_only() -> None:
    text = ask(app(Fake(some())), "/metrics?name[]=burrow_kafka_cluster_up&name[]=python_info").text
    assert [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")] == [
        "burrow_kafka_cluster_up",
        "python_info",
    ]


@pytest.mark.parametrize(
    ("header", "deadline"),
    [
        ("15", 14.5),
        ("15.0", 14.5),
        (" 2.5 ", 2.0),
        ("0.5", MIN_DEADLINE),
        ("0.0001", MIN_DEADLINE),
        ("1e300", MAX_DEADLINE),
        *((bad, 9.5) for bad in ("", "0", "-5", "nan", "inf", "-inf", "10s", "1,5", "٣", "\xff")),
    ],
)
def test_a_scrape_is_given_the_time_that_its_scraper_waits_less_a_margin(header: str, deadline: float) -> None:
    collector = Fake(some())
    answer = ask(app(collector), "/metrics", headers={"X-Prometheus-Scrape-Timeout-Seconds": header.encode("utf-8")})
    assert f"\nburrow_exporter_scrape_deadline_seconds {deadline}\n" in answer.text
    (given,) = collector.timeouts
    assert MIN_DEADLINE <= given <= deadline


def test_a_scraper_that_names_no_timeout_is_given_the_configured_one() -> None:
    answer = ask(app(), "/metrics")
    assert "\nburrow_exporter_scrape_deadline_seconds 9.5\n" in answer.text


@pytest.mark.parametrize(("seconds", "deadline"), [(2.0, 7.5), (60.0, 4.75)])
def test_a_collection_is_not_given_the_time_that_the_page_takes_to_be_made_or_half(
    seconds: float, deadline: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = count()
    monkeypatch.setattr("exporter.clock.running", lambda: next(passed) * seconds)
    collector = Fake(some())
    served = app(collector)
    assert "\nburrow_exporter_scrape_deadline_seconds 9.5\n" in ask(served, "/metrics").text
    assert f"\nburrow_exporter_scrape_deadline_seconds {deadline}\n" in ask(served, "/metrics").text
    _, given = collector.timeouts
    assert MIN_DEADLINE <= given <= deadline


@pytest.mark.parametrize("path", ["/metrics", "/sd", "/", "/-/healthy", "/-/ready"])
def test_head_is_answered_like_get(path: str) -> None:
    answer = ask(app(Fake(some())), path, "HEAD")
    assert answer.status == 200
    assert int(answer.headers["content-length"]) > 0


@pytest.mark.parametrize("path", ["/metrics", "/sd", "/", "/-/healthy", "/-/ready"])
def test_other_methods_are_not_allowed(path: str) -> None:
    answer = ask(app(), path, "POST")
    assert answer.status == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("path", ["/nothing", "/metrics/", "/-/healthy/", "//", "/metrics/%2e%2e"])
def test_another_path_is_not_found_and_says_so_in_text(path: str) -> None:
    answer = ask(app(), path)
    assert answer.status == 404
    assert answer.headers["content-type"].startswith("text/plain")


def test_health_and_readiness_do_not_depend_on_a_cluster() -> None:
    collector = Fake(down("c"))
    collector.fails = True
    port = app(collector)
    assert ask(port, "/-/healthy").status == 200
    ready = ask(port, "/-/ready")
    assert ready.status == 200
    assert "burrow_kafka_cluster_up" in ready.text
    assert collector.timeouts == []


def test_the_telemetry_path_is_the_configured_one() -> None:
    port = app(Fake(some()), Settings(SETTINGS.clusters, web=Web(telemetry_path="/kafka/metrics")))
    assert "burrow_kafka_cluster_up" in ask(port, "/kafka/metrics").text
    assert ask(port, "/metrics").status == 404
    assert 'href="./kafka/metrics"' in ask(port, "/").text


def test_the_root_may_be_the_telemetry_path() -> None:
    port = app(Fake(some()), Settings(SETTINGS.clusters, web=Web(telemetry_path="/")))
    assert "burrow_kafka_cluster_up" in ask(port, "/").text


def test_an_error_that_nobody_foresaw_is_one_plain_line_and_the_next_scrape_is_answered() -> None:
    collector = Fake(some())
    port = app(collector)
    collector.fails = True
    answer = ask(port, "/metrics")
    assert answer.status == 500
    assert answer.text == "Internal error; see the exporter's log.\n"
    collector.fails = False
    assert ask(port, "/metrics").status == 200


@pytest.mark.parametrize(("path", "method"), [("/metrics", "GET"), ("/nothing", "GET"), ("/", "POST")])
def test_every_answer_has_the_security_headers(path: str, method: str) -> None:
    headers = ask(app(Fake(some())), path, method).headers
    assert {name: headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


@pytest.mark.parametrize("accept", ["text/plain;version=a.b", "application/openmetrics-text; version=x"])
def test_an_accept_header_that_is_no_version_gets_the_default_format(accept: str) -> None:
    answer = ask(app(Fake(some())), "/metrics", headers={"Accept": accept})
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")


def test_a_body_that_is_cut_off_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    head = b"POST /v3/admin/loglevel HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"
    with serving(app()) as port:
        for _ in range(3):
            connect(port, head).close()
        assert fetch(port, "/-/healthy")[0] == 200
    assert not caplog.records


def test_how_what_burrow_answers_otherwise_is_answered() -> None:
    """What docs/burrow-compatibility.md says under `http-details`."""
    with serving(app(Fake(some()))) as port:
        first_lines = []
        for request in (
            "GET http://a/v3/kafka",
            "GET /v3/kafka/gr\u00fc",
            "GET /metrics/",
            "HEAD /metrics",
            "OPTIONS /metrics",
        ):
            connection = connect(port, f"{request} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            with connection, connection.makefile("rb") as answer:
                first_lines.append(int(answer.readline().split()[1]))
    assert first_lines == [404, 400, 404, 200, 405]
