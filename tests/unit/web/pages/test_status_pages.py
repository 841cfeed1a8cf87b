"""The pages as they are sent, without a socket or a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import quote, urljoin, urlsplit

import pytest
from starlette.types import ASGIApp

from exporter.core.model import Failure
from exporter.core.report import Outcome
from exporter.settings import Cluster, Groups, Settings, Web
from exporter.web.app import make_app
from exporter.web.middleware import SECURITY_HEADERS
from exporter.web.pages import links
from tests.support.asking import Answer, ask
from tests.support.observations import group, members, observation
from tests.support.outcomes import down, outcome, outcomes
from tests.support.page_scenes import ODD_NAMES, SECRET, SETTINGS, Known, half_down, some

PAGES = (
    "/",
    "/state",
    "/clusters/production",
    "/clusters/production/groups/billing",
    "/clusters/production/topics/orders",
)
APP = make_app(some(), SETTINGS)


class Tags(HTMLParser):
    """Every tag of a page with its attributes, and the page's text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def addresses(self) -> Iterator[str]:
        for _, attributes in self.tags:
            for name in ("href", "src", "action"):
                if attributes.get(name) is not None:
                    yield str(attributes[name])


def of_one(seen: Outcome, cluster: Cluster | None = None, **more: Web) -> ASGIApp:
    return make_app(Known(seen), Settings((cluster or Cluster("c", ("localhost:9092",)),), **more))


def body(answer: Answer) -> str:
    return answer.text.partition("<main")[2]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_html_that_runs_nothing_but_its_own_files(path: str) -> None:
    answer = ask(APP, path)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for name in SECURITY_HEADERS.keys() - {"Content-Security-Policy"}:
        assert answer.headers[name] == SECURITY_HEADERS[name]
    tags = Tags(answer.text)
    assert not [attributes for _, attributes in tags.tags if "style" in attributes]
    assert not [name for _, attributes in tags.tags for name in attributes if name.startswith("on")]
    assert {attributes.get("src") is not None for tag, attributes in tags.tags if tag == "script"} == {True}
    assert "style" not in {tag for tag, _ in tags.tags}


@pytest.mark.parametrize("path", PAGES)
def test_head_is_answered_like_get_and_other_methods_are_not_allowed(path: str) -> None:
    assert ask(APP, path, "HEAD").status == 200
    assert ask(APP, path, "POST").status == 405


def test_every_link_on_every_page_leads_somewhere_on_this_host() -> None:
    seen, left = set[str](), ["/"]
    while left:
        path = left.pop()
        seen.add(path)
        answer = ask(APP, path)
        assert answer.status == 200, path
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        for address in Tags(answer.text).addresses():
            parts = urlsplit(urljoin(f"http://exporter{path}", address))
            assert (parts.scheme, parts.netloc) == ("http", "exporter")
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            if target not in seen and target not in left:
                left.append(target)
    assert {"/metrics", "/-/healthy", "/-/ready", "/v3/kafka", "/state"} <= seen
    assert len([path for path in seen if "/groups/" in path and "?" not in path]) == 8 + len(ODD_NAMES)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_group_of_any_name_has_its_page_and_the_name_never_becomes_a_tag(name: str) -> None:
    answer = ask(APP, "/" + links.group("staging", name))
    assert answer.status == 200
    shown = name.replace("\n", "\\n") or "(empty name)"
    assert shown in Tags(answer.text).texts
    assert [tag for tag, _ in Tags(answer.text).tags].count("script") == 1


def test_names_of_clusters_topics_owners_and_reasons_never_become_tags() -> None:
    name = '<script>"&'
    seen = observation(
        0,
        {name: group({name: [1]}, state=name, type=name, protocol=name, members=members({name: [0]}))},
        {name: [5]},
        cluster=name,
        other_groups={"g": name},
        stages={name: 1.0},
        requests={name: 1},
    )
    app = of_one(outcome(seen), Cluster(name, (name,)), web=Web(telemetry_path='/a"b'))
    for path in ("", "state", links.cluster(name), links.group(name, name), links.topic(name, name)):
        answer = ask(app, f"/{path}")
        assert answer.status == 200
        tags = Tags(answer.text)
        assert [tag for tag, _ in tags.tags].count("script") == 1
        assert any(address.endswith("/a%22b") for address in tags.addresses())
    assert ask(app, f"/{quote(name)}").status == 404


def test_what_somebody_searches_for_is_shown_again_and_never_becomes_a_tag() -> None:
    tags = Tags(ask(APP, '/?q="><script>&cluster="><b>').text)
    (field,) = [attributes for _, attributes in tags.tags if attributes.get("name") == "q"]
    assert field["value"] == '"><script>'
    assert [tag for tag, _ in tags.tags].count("script") == 1
    assert "b" not in {tag for tag, _ in tags.tags}


def test_half_of_a_surrogate_pair_in_a_name_breaks_no_page() -> None:
    seen = outcome(observation(0, {"g\ud800": group({"t": [1]})}, {"t": [1]}))
    app = of_one(seen)
    assert ask(app, "/").status == 200
    assert ask(app, "/" + links.group("c", "g\ud800")).status == 200


def test_a_group_that_there_is_not_says_so_and_names_those_that_look_like_it() -> None:
    answer = ask(APP, "/clusters/production/groups/biling")
    assert answer.status == 404
    assert "No such consumer group" in answer.text
    assert 'href="../../../clusters/production/groups/billing"' in answer.text


def test_a_group_of_another_cluster_is_pointed_to() -> None:
    answer = ask(APP, "/clusters/staging/groups/billing")
    assert answer.status == 404
    assert "billing in cluster production" in answer.text


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("groups/share-1", "of type share, which commits no offsets"),
        ("groups/left-out", "see groups (allow, deny) of cluster c"),
        ("groups/unread", "its coordinator did not answer"),
        ("groups/refused", "No answer in time (timeout)"),
        ("groups/other", "The last collection did not find it"),
        ("topics/left-out", "see topics (allow, deny) of cluster c"),
        ("topics/other", "The last collection did not find it"),
    ],
)
def test_what_is_missing_says_why(path: str, why: str) -> None:
    first = observation(0, {"unread": group({"t": [1]})}, {"t": [1]})
    second = observation(
        0,
        {},
        {"t": [1]},
        unread_groups=frozenset({"unread"}),
        other_groups={"share-1": "share"},
        failures=(Failure("group", "refused", "timeout"),),
    )
    deny = Groups(deny=re.compile("left-out"))
    *_, seen = outcomes([first, second])
    answer = ask(of_one(seen, Cluster("c", ("b:9092",), groups=deny, topics=deny)), f"/clusters/c/{path}")
    assert answer.status == 404
    assert why in answer.text


def test_an_unknown_cluster_is_not_found_and_asks_kafka_nothing() -> None:
    known = some()
    for path in ("", "/groups/g", "/topics/t"):
        answer = ask(make_app(known, SETTINGS), f"/clusters/unknown{path}")
        assert answer.status == 404
        assert ">production</a>" in answer.text
    assert known.asked == 0


@pytest.mark.parametrize("path", ["groups/billing", "topics/orders"])
def test_of_a_cluster_that_cannot_be_read_the_reason_is_told(path: str) -> None:
    app = make_app(half_down(), SETTINGS)
    answer = ask(app, f"/clusters/staging/{path}")
    assert answer.status == 503
    assert "Kafka refused the credentials (authentication)" in answer.text
    for page in ("/", "/clusters/staging", "/state"):
        answer = ask(app, page)
        assert answer.status == 200
        assert "Kafka refused the credentials (authentication)" in answer.text
        assert "DOWN" in answer.text


def test_a_page_asks_the_collector_once() -> None:
    known = some()
    for number, path in enumerate(PAGES, start=1):
        assert ask(make_app(known, SETTINGS), path).status == 200
        assert known.asked == number


def test_no_page_shows_a_secret() -> None:
    assert "&lt;hidden&gt;" in ask(APP, "/state").text
    assert not [path for path in PAGES if SECRET in ask(APP, path).text]


def test_files_are_kept_for_ever_and_asked_for_anew_when_they_change() -> None:
    (address,) = [each for each in Tags(ask(APP, "/").text).addresses() if "page.css" in each]
    answer = ask(APP, urljoin("/", address))
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert re.fullmatch(r"\./assets/page\.css\?[0-9a-f]{12}", address)
    assert ask(APP, "/assets/unknown.css").status == 404
    assert ask(APP, "/assets/..%2Froutes.py").status == 404


def test_one_of_a_kind_is_told_in_the_singular_and_none_in_the_plural() -> None:
    app = of_one(outcome(observation(0, {"g": group({"t": [1]}, state="Stable")}, {"t": [1]}, brokers=1)))
    groups, one = (" ".join("".join(Tags(body(ask(app, at))).texts).split()) for at in ("/", "/clusters/c/groups/g"))
    assert "broker1 group1 topic1 failures0" in groups
    assert " of 1 group kafka-burrow-exporter" in groups
    assert "0 % of 1 partition " in one
    assert " of 1 partition kafka-burrow-exporter" in one


def test_an_exporter_without_groups_says_so() -> None:
    assert "There are no consumer groups." in body(ask(of_one(outcome(observation(0, {}, {}))), "/"))
    assert "No group matches." in body(ask(of_one(outcome(observation(0, {}, {}))), "/?q=x"))
    assert "There are no consumer groups." in body(ask(of_one(down("c")), "/"))


def test_a_tab_says_how_many_groups_are_in_trouble() -> None:
    assert "<title>3 ERR · 9 WARN · Consumer groups · kafka-burrow-exporter</title>" in ask(APP, "/").text
