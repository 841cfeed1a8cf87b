"""Debian's Burrow and the exporter watch the same Kafka and are asked the same: they differ only as documented."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

import pytest

from testbed.processes import wait_until
from tests.support.differences import documented
from tests.support.side_by_side import KEPT, ORIGIN, PATIENCE, RULES, Both, ask, explained, side_by_side

pytestmark = pytest.mark.real

READ_IN_ITS_SOURCE: Final = {
    "own-group",
    "always-ready",
    "unread-partitions",
    "owners",
    "by-pace",
    "not-evaluated",
    "denied-groups",
    "zookeeper-groups",
    "zookeeper-consumers",
    "uncommitted-series",
    "http-details",
}
"""Differences that this Burrow, or this Kafka, has no occasion to show here."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with side_by_side(tmp_path_factory.mktemp("both")) as found:
        yield found


BOTH_ANSWER: Final = {
    "/v3/kafka": {"cluster-case"},
    "/v3/kafka/local": {"modules", "settings"},
    "/v3/kafka/nothing": set(),
    "/v3/kafka/local/topic": {"internal-topics"},
    "/v3/kafka/nothing/topic": set(),
    "/v3/kafka/local/topic/orders": set(),
    "/v3/kafka/local/topic/Archive": set(),
    "/v3/kafka/local/topic/nothing": set(),
    "/v3/kafka/nothing/topic/orders": set(),
    "/v3/kafka/local/topic/orders/consumers": set(),
    "/v3/kafka/local/topic/Archive/consumers": set(),
    "/v3/kafka/local/topic/nothing/consumers": set(),
    "/v3/kafka/nothing/topic/orders/consumers": set(),
    "/v3/kafka/local/consumer": set(),
    "/v3/kafka/nothing/consumer": set(),
    "/v3/kafka/local/consumer/some": {"old-no-observed-at", "sampled-commits"},
    "/v3/kafka/local/consumer/member": {"old-no-owners", "old-no-observed-at", "sampled-commits"},
    "/v3/kafka/local/consumer/%3Cb%3E&": {"old-no-observed-at", "sampled-commits"},
    "/v3/kafka/local/consumer/gr%C3%BC%C3%9Fe": {"old-no-observed-at", "sampled-commits"},
    "/v3/kafka/local/consumer/100%25": {"old-no-observed-at", "sampled-commits"},
    "/v3/kafka/local/consumer/nothing": set(),
    "/v3/kafka/nothing/consumer/some": set(),
    "/v3/kafka/local/consumer/member/status": {
        "old-no-owners",
        "old-no-observed-at",
        "sampled-commits",
        "windows-in-time",
    },
    "/v3/kafka/local/consumer/member/lag": {
        "old-no-owners",
        "old-no-observed-at",
        "sampled-commits",
        "windows-in-time",
    },
    "/v3/kafka/local/consumer/some/lag": {"old-no-observed-at", "sampled-commits", "windows-in-time", "young-windows"},
    "/v3/kafka/local/consumer/nothing/status": set(),
    "/v3/kafka/local/consumer/nothing/lag": set(),
    "/v3/kafka/nothing/consumer/some/lag": set(),
    "/v3/config": {"settings"},
    "/v3/config/storage": {"modules"},
    "/v3/config/evaluator": {"modules"},
    "/v3/config/cluster": {"cluster-case"},
    "/v3/config/consumer": {"cluster-case"},
    "/v3/config/notifier": set(),
    "/v3/config/cluster/local": {"modules", "settings"},
    "/v3/config/consumer/local": {"modules", "old-whitelist", "settings"},
    "/v3/config/storage/nothing": set(),
    "/v3/config/evaluator/nothing": set(),
    "/v3/config/cluster/nothing": set(),
    "/v3/config/consumer/nothing": set(),
    "/v3/config/notifier/nothing": set(),
    "/v3/admin/loglevel": set(),
}
"""What both have an answer for, and the most that they may differ by."""


@pytest.mark.parametrize("path", BOTH_ANSWER)
def test_both_give_the_same_answer_but_for_what_is_documented(both: Both, path: str) -> None:
    theirs, ours = both.ask(path)
    assert ours.status == theirs.status
    assert ours.headers["content-type"] == theirs.headers["content-type"] == "application/json"
    assert explained(path, theirs.json, ours.json) <= BOTH_ANSWER[path]
    if not BOTH_ANSWER[path] and '"consumers":[' not in theirs.text:
        assert ours.text == theirs.text


@pytest.mark.parametrize(
    ("theirs", "ours"), [("storage/default", "storage/local"), ("evaluator/default", "evaluator/local")]
)
def test_modules_have_the_same_fields_by_whatever_name(both: Both, theirs: str, ours: str) -> None:
    said = ask(both.burrow, f"/v3/config/{theirs}").json, ask(both.exporter, f"/v3/config/{ours}").json
    for body in said:
        body.pop("request")
    assert explained(ours, *said) <= {"modules", "settings", "old-whitelist"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/burrow/admin", None),
        ("GET", "/nothing", None),
        ("GET", "/v3/nothing", None),
        ("GET", "/v2/kafka", None),
        ("GET", "/v3/config/nothing", None),
        ("GET", "/v3/kafka/", None),
        ("GET", "/V3/Kafka/local?x=1&y=2", None),
        ("GET", "/v3//kafka/local", None),
        ("GET", "/v3/../v3/./kafka", None),
        ("GET", "/v3/%6bafka/nothing", None),
        ("GET", "/v3/kafka/local/topic/", None),
        ("GET", "/v3/kafka//topic", None),
        ("GET", "/v3/kafka/%zz", None),
        ("GET", "/v3/kafka/local/consumer/%3Cb%3E%22&/lag", None),
        ("POST", "/v3/kafka", None),
        ("HEAD", "/v3/kafka", None),
        ("HEAD", "/v3/kafka/", None),
        ("PUT", "/v3/admin/loglevel", None),
        ("OPTIONS", "/v3/admin/loglevel", None),
        ("OPTIONS", "/v3/kafka/local/consumer/some", None),
        ("OPTIONS", "/v3/nothing", None),
        ("POST", "/v3/admin/loglevel/", None),
        ("POST", "/v3/admin/loglevel", ""),
        ("POST", "/v3/admin/loglevel", "nonsense"),
        ("POST", "/v3/admin/loglevel", "5"),
        ("POST", "/v3/admin/loglevel", "null"),
        ("POST", "/v3/admin/loglevel", '{"level":"loud"}'),
        ("POST", "/v3/admin/loglevel", '{"LEVEL":"Info"} and more'),
        ("POST", "/v3/admin/loglevel", '{"level":"info"}'),
    ],
)
def test_both_say_the_same_to_the_byte(both: Both, method: str, path: str, body: str | None) -> None:
    theirs, ours = both.ask(path, method, body)
    assert (ours.status, ours.text) == (theirs.status, theirs.text)
    for header in ("location", "allow", "content-type"):
        if header in theirs.headers:
            assert ours.headers.get(header) == theirs.headers[header], header


@pytest.mark.parametrize("level", ["trace", "Debug", "INFO", "warn", "warning", "error", "fatal", "info"])
def test_both_are_set_to_a_level_and_tell_it_in_the_same_word(both: Both, level: str) -> None:
    theirs, ours = both.ask("/v3/admin/loglevel", "POST", json.dumps({"level": level}))
    assert (ours.status, ours.text) == (theirs.status, theirs.text)
    theirs, ours = both.ask("/v3/admin/loglevel")
    assert (ours.status, ours.text) == (theirs.status, theirs.text)


def test_not_everybody_may_set_the_level(both: Both) -> None:
    """log-level"""
    path, body = "/v3/admin/loglevel", json.dumps({"level": "info"})
    assert ask(both.burrow, path, "POST", body, password="").status == 200
    assert ask(both.exporter, path, "POST", body, password="").status == 401


def test_cluster_names_keep_their_case(both: Both) -> None:
    """cluster-case"""
    assert ask(both.exporter, "/v3/kafka").json["clusters"] == ["Mixed", "local"]
    assert {*ask(both.burrow, "/v3/kafka").json["clusters"]} == {"local", "mixed"}
    assert [said.status for said in both.ask("/v3/kafka/Mixed/topic")] == [404, 200]


def test_names_with_a_slash_are_found_escaped_once_or_twice(both: Both) -> None:
    """escaped-names"""
    once = f"/v3/kafka/local/consumer/{quote('a/b', safe='')}/lag"
    twice = once.replace("%", "%25")
    assert [said.status for said in both.ask(once)] == [404, 200]
    assert [said.status for said in both.ask(twice)] == [404, 200]
    assert ask(both.exporter, twice).json["status"]["group"] == "a/b"


def test_names_with_a_space_are_found(both: Both) -> None:
    """old-no-spaces"""
    assert [said.status for said in both.ask("/v3/kafka/local/consumer/a%20b/lag")] == [404, 200]


def test_lists_are_in_order(both: Both) -> None:
    """list-order"""
    theirs, ours = (said.json["consumers"] for said in both.ask("/v3/kafka/local/consumer"))
    assert ours == sorted(theirs)


def test_a_group_that_kafka_has_deleted_is_listed_no_more(both: Both) -> None:
    """gone-groups"""
    both.kafka.commit("gone", {("orders", 1): 3})
    both.until("/v3/kafka/local/consumer", lambda body: "gone" in body["consumers"])
    both.kafka.delete_group("gone")
    wait_until(
        lambda: "gone" not in ask(both.exporter, "/v3/kafka/local/consumer").json["consumers"], PATIENCE, "it to go"
    )
    assert "gone" in ask(both.burrow, "/v3/kafka/local/consumer").json["consumers"]
    assert ask(both.exporter, "/v3/kafka/local/consumer/gone").status == 404


def test_one_commit_is_no_stop(both: Both) -> None:
    """young-windows"""
    both.kafka.commit("fresh", {("orders", 0): 1})
    path = "/v3/kafka/local/consumer/fresh/lag"
    wait_until(lambda: all(said.status == 200 for said in both.ask(path)), PATIENCE, "both to know the group")
    wait_until(lambda: ask(both.burrow, path).json["status"]["status"] == "ERR", PATIENCE, "Burrow to judge")
    first = ask(both.exporter, path).json["status"]
    assert first["complete"] == 1 or first["status"] == "OK"


def test_observations_have_times_of_their_own_and_windows_always_their_length(both: Both) -> None:
    """sampled-commits, windows-in-time, old-no-observed-at"""
    theirs, ours = (said.json["topics"]["orders"] for said in both.ask("/v3/kafka/local/consumer/some"))
    for partition in ours:
        entries = [entry for entry in partition["offsets"] if entry is not None]
        assert partition["offsets"] in ([], [None] * (KEPT - len(entries)) + entries)
        assert [entry["timestamp"] for entry in entries] == sorted(entry["timestamp"] for entry in entries)
    last = [
        [partition["offsets"][-1]["offset"] if partition["offsets"] else None for partition in each]
        for each in (theirs, ours)
    ]
    assert last == [[20, None, 5]] * 2
    assert "observedAt" not in theirs[0]["offsets"][-1]


def test_members_are_known(both: Both) -> None:
    """old-no-owners"""
    theirs, ours = (said.json["topics"]["orders"] for said in both.ask("/v3/kafka/local/consumer/member"))
    assert {(each["owner"], each["client_id"]) for each in theirs} == {("", "")}
    assert {(each["owner"], each["client_id"]) for each in ours} == {("/127.0.0.1", "member")}


def test_kafkas_own_topics_are_left_out(both: Both) -> None:
    """internal-topics"""
    theirs, ours = (said.json["topics"] for said in both.ask("/v3/kafka/local/topic"))
    assert {*theirs} - {*ours} == {"__consumer_offsets"}


def test_every_cluster_has_modules_of_its_own(both: Both) -> None:
    """modules, settings, old-whitelist"""
    theirs, ours = (said.json["modules"] for said in both.ask("/v3/config/storage"))
    assert (theirs, ours) == (["default"], ["Mixed", "local"])
    theirs, ours = (said.json["module"] for said in both.ask("/v3/config/consumer/local"))
    assert (theirs["offsets-topic"], ours["offsets-topic"]) == ("__consumer_offsets", "")
    assert {*theirs} ^ {*ours} == {"group-whitelist", "group-allowlist"}


def test_there_are_no_notifiers(both: Both) -> None:
    """no-notifiers"""
    assert ask(both.exporter, "/v3/config/notifier").json["modules"] == []


def test_not_everybody_may_delete(both: Both) -> None:
    """delete, old-no-topic-delete"""
    theirs, ours = both.ask("/v3/kafka/local/consumer/nobody", "DELETE")
    assert (theirs.status, ours.status) == (200, 403)
    assert list(theirs.json) == list(ours.json) == ["error", "message", "request"]
    theirs, ours = both.ask("/v3/kafka/local/consumer/nobody/topic/orders", "DELETE")
    assert (theirs.status, ours.status) == (404, 403)


def test_readiness_is_told(both: Both) -> None:
    """old-no-ready"""
    theirs, ours = both.ask("/burrow/admin/ready")
    assert (theirs.status, ours.status, ours.text) == (404, 200, "READY")


def test_pages_of_the_configured_origin_may_read_every_answer(both: Both) -> None:
    """cors"""
    header = "access-control-allow-origin"
    assert [said.headers.get(header) for said in both.ask("/v3/kafka")] == [ORIGIN, ORIGIN]
    assert [said.headers.get(header) for said in both.ask("/burrow/admin")] == [ORIGIN, ORIGIN]
    assert [said.headers.get(header) for said in both.ask("/v3/kafka/")] == [None, ORIGIN]


def test_of_a_kafka_that_keeps_silent_nothing_is_made_up(both: Both) -> None:
    """unreadable"""
    path = "/v3/kafka/local/topic/orders"
    both.kafka.freeze_node(1)
    try:
        # Until a collection has noticed, the last report is as young as any.
        wait_until(lambda: ask(both.exporter, path).status == 503, PATIENCE, "the exporter to notice")
        theirs, ours = both.ask(path)
        assert (theirs.status, ours.status) == (200, 503)
        assert (list(ours.json), ours.json["error"]) == (["error", "message", "request"], True)
        assert [said.status for said in both.ask("/v3/kafka/local")] == [200, 200]
    finally:
        both.kafka.thaw_node(1)
    wait_until(lambda: ask(both.exporter, path).status == 200, PATIENCE, "the exporter to read Kafka again")


def test_every_documented_difference_is_shown_here_and_there_is_no_other() -> None:
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    shown = {name for test in tests for name in re.findall(r"[a-z]+(?:-[a-z]+)*", test.__doc__ or "")}
    assert shown | READ_IN_ITS_SOURCE == documented()
    assert {name for name, *_ in RULES} <= documented()
