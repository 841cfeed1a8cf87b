"""What is told of a cluster, byte for byte where a client may look at bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import quote

import numpy as np
import pytest

from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import capacity
from exporter.core.model import NOT_READ, Failure
from exporter.core.report import Outcome
from tests.support.burrow_api import HOST, STEP, ask, falling_behind, last, said, two_commits
from tests.support.observations import START, group, observation
from tests.support.outcomes import down

AT = START + STEP * 1000 + 250
SECOND = START + STEP * 1000


def request(path: str) -> str:
    return f'"request":{{"url":"{path}","host":"{HOST}"}}'


NULLS = "null," * (capacity(EvaluationSettings()) - 2)
OLD = f'{{"offset":40,"timestamp":{START},"observedAt":{START},"lag":50}}'
NEW = f'{{"offset":60,"timestamp":{AT},"observedAt":{SECOND},"lag":40}}'
FIRST = (
    '{"topic":"t","partition":0,"owner":"/10.0.0.1","client_id":"me","status":"OK",'
    f'"start":{OLD},"end":{NEW},"current_lag":40,"complete":0.25208333}}'
)
UNTOUCHED = (
    '{"topic":"t","partition":1,"owner":"/10.0.0.1","client_id":"me","status":"OK",'
    '"start":null,"end":null,"current_lag":0,"complete":0}'
)
NOT_FOUND = '"status":"NOTFOUND","complete":1,"partitions":[],"partition_count":0,"maxlag":null,"totallag":0}'

BODIES = [
    ("/v3/kafka", 200, '"message":"cluster list returned","clusters":["Prod"]'),
    ("/v3/kafka/Prod/topic", 200, '"message":"topic list returned","topics":["t","u"]'),
    ("/v3/kafka/Prod/topic/t", 200, '"message":"topic offsets returned","offsets":[100,100,null]'),
    ("/v3/kafka/Prod/topic/t/consumers", 200, '"message":"consumers of topic returned","consumers":["g"]'),
    ("/v3/kafka/Prod/topic/u/consumers", 200, '"message":"consumers of topic returned","consumers":[]'),
    ("/v3/kafka/Prod/topic/x/consumers", 200, '"message":"consumers of topic returned","consumers":[]'),
    ("/v3/kafka/Prod/consumer", 200, '"message":"consumer list returned","consumers":["g"]'),
    (
        "/v3/kafka/Prod/consumer/g",
        200,
        (
            '"message":"consumer detail returned","topics":{"t":['
            f'{{"offsets":[{NULLS}{OLD},{NEW}],"owner":"/10.0.0.1","client_id":"me","current-lag":40}},'
            '{"offsets":[],"owner":"/10.0.0.1","client_id":"me","current-lag":0},'
            f'{{"offsets":[{NULLS}null,{{"offset":95,"timestamp":{AT},"observedAt":{SECOND},"lag":0}}],'
            '"owner":"","client_id":"","current-lag":null}]}'
        ),
    ),
    (
        "/v3/kafka/Prod/consumer/g/lag",
        200,
        (
            '"message":"consumer status returned",'
            '"status":{"cluster":"Prod","group":"g","status":"NOTFOUND","complete":0,'
            f'"partitions":[{FIRST},{UNTOUCHED}],"partition_count":2,"maxlag":{FIRST},"totallag":40}}'
        ),
    ),
    (
        "/v3/kafka/Prod/consumer/g/status",
        200,
        (
            '"message":"consumer status returned",'
            '"status":{"cluster":"Prod","group":"g","status":"NOTFOUND","complete":0,'
            f'"partitions":[],"partition_count":2,"maxlag":{FIRST},"totallag":40}}'
        ),
    ),
    *(
        (
            f"/v3/kafka/{cluster}/consumer/{group}/{what}",
            404,
            f'"message":"consumer status returned","status":{{"cluster":"{cluster}","group":"{group}",{NOT_FOUND}',
        )
        for cluster, group in (("Prod", "nobody"), ("prod", "g"))
        for what in ("status", "lag")
    ),
]


@pytest.mark.parametrize(("path", "status", "body"), BODIES, ids=[path for path, _, _ in BODIES])
def test_an_answer_is_burrows_to_the_byte(path: str, status: int, body: str) -> None:
    answer = ask(path, two_commits())
    assert (answer.status, answer.headers["content-type"]) == (status, "application/json")
    assert answer.text == f'{{"error":false,{body},{request(path)}}}'


ERRORS = [
    ("/v3/kafka/prod", "cluster module not found"),
    ("/v3/kafka/prod/topic", "cluster not found"),
    ("/v3/kafka/prod/topic/t", "cluster or topic not found"),
    ("/v3/kafka/Prod/topic/x", "cluster or topic not found"),
    ("/v3/kafka/prod/topic/t/consumers", "cluster not found"),
    ("/v3/kafka/prod/consumer", "cluster not found"),
    ("/v3/kafka/prod/consumer/g", "cluster or consumer not found"),
    ("/v3/kafka/Prod/consumer/x", "cluster or consumer not found"),
    ("/v3/config/storage/x", "storage module not found"),
    ("/v3/config/evaluator/x", "evaluator module not found"),
    ("/v3/config/cluster/x", "cluster module not found"),
    ("/v3/config/consumer/x", "consumer module not found"),
    ("/v3/config/notifier/Prod", "notifier module not found"),
]


@pytest.mark.parametrize(("path", "message"), ERRORS)
def test_what_is_not_there_is_said_in_burrows_words(path: str, message: str) -> None:
    answer = ask(path, two_commits())
    assert (answer.status, answer.headers["content-type"]) == (404, "application/json")
    assert answer.text == f'{{"error":true,"message":"{message}",{request(path)}}}'


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/burrow/admin", 200, "GOOD"),
        ("/burrow/admin/ready", 200, "READY"),
        ("/v3/nothing", 404, '{"error":true,"message":"invalid request type","result":{}}\n'),
        ("/nothing", 404, '{"error":true,"message":"invalid request type","result":{}}\n'),
        ("/v3/kafka/%zz", 400, "400 Bad Request"),
    ],
)
def test_some_answers_are_plain_text(path: str, status: int, body: str) -> None:
    answer = ask(path)
    assert (answer.status, answer.text, answer.headers["content-type"]) == (status, body, "text/plain; charset=utf-8")


def test_status_names_only_partitions_that_are_worse_than_ok_and_lag_names_all() -> None:
    outcome = falling_behind()
    status = said("/v3/kafka/Prod/consumer/g/status", outcome)["status"]
    lag = said("/v3/kafka/Prod/consumer/g/lag", outcome)["status"]
    assert (status["status"], status["complete"], status["totallag"], status["partition_count"]) == ("WARN", 1, 120, 2)
    assert [(each["partition"], each["status"]) for each in status["partitions"]] == [(0, "WARN")]
    assert [(each["partition"], each["status"]) for each in lag["partitions"]] == [(0, "WARN"), (1, "OK")]
    assert status["maxlag"] == lag["maxlag"] == status["partitions"][0]


def test_a_partition_worse_than_a_group_can_be_makes_its_group_err() -> None:
    stuck = last(
        observation(number * STEP, {"g": group({"t": [min(number, 3)]})}, {"t": [100 + number]}, cluster="Prod")
        for number in range(9)
    )
    status = said("/v3/kafka/Prod/consumer/g/status", stuck)["status"]
    assert (status["status"], status["partitions"][0]["status"]) == ("ERR", "STALL")


def test_the_window_that_is_shown_begins_with_the_commit_that_was_judged_first() -> None:
    outcome = falling_behind()
    (partition,) = said("/v3/kafka/Prod/consumer/g/status", outcome)["status"]["partitions"]
    offsets = said("/v3/kafka/Prod/consumer/g", outcome)["topics"]["t"][0]["offsets"]
    assert partition["end"] == offsets[-1]
    assert partition["start"] in offsets
    assert partition["end"]["timestamp"] - partition["start"]["timestamp"] == 120_000


def test_of_equal_lags_the_first_partition_in_order_has_the_greatest() -> None:
    outcome = last([observation(0, {"g": group({"b": [1], "a": [3, 1]})}, {"a": [5, 5], "b": [5]}, cluster="Prod")])
    status = said("/v3/kafka/Prod/consumer/g/lag", outcome)["status"]
    assert (status["maxlag"]["topic"], status["maxlag"]["partition"]) == ("a", 1)
    assert [(each["topic"], each["partition"]) for each in status["partitions"]] == [("a", 0), ("a", 1), ("b", 0)]


def test_greatest_lag_is_named_even_when_it_is_none() -> None:
    outcome = last([observation(0, {"g": group({"t": [5]})}, {"t": [5]}, cluster="Prod")])
    status = said("/v3/kafka/Prod/consumer/g/status", outcome)["status"]
    assert status["partitions"] == []
    assert status["maxlag"]["current_lag"] == 0


def test_lists_are_in_order() -> None:
    groups = {name: group({"t": [1]}) for name in ("b", "a", "ü", "C")}
    outcome = last([observation(0, groups, {"t": [1], "Z": [1], "a": [1]}, cluster="Prod")])
    assert said("/v3/kafka/Prod/consumer", outcome)["consumers"] == ["C", "a", "b", "ü"]
    assert said("/v3/kafka/Prod/topic/t/consumers", outcome)["consumers"] == ["C", "a", "b", "ü"]
    assert said("/v3/kafka/Prod/topic", outcome)["topics"] == ["Z", "a", "t"]


def test_a_group_that_has_gone_or_has_no_commit_is_in_no_list() -> None:
    both = {"g": group({"t": [1]}), "gone": group({"t": [1]}), "new": group({})}
    outcome = last(
        [
            observation(0, both, {"t": [2]}, cluster="Prod"),
            observation(STEP, {"g": both["g"], "new": both["new"]}, {"t": [2]}, cluster="Prod"),
        ]
    )
    assert said("/v3/kafka/Prod/consumer", outcome)["consumers"] == ["g"]
    assert said("/v3/kafka/Prod/topic/t/consumers", outcome)["consumers"] == ["g"]
    for name in ("gone", "new"):
        assert ask(f"/v3/kafka/Prod/consumer/{name}", outcome).status == 404
        assert ask(f"/v3/kafka/Prod/consumer/{name}/lag", outcome).status == 404


def test_a_topic_on_which_a_group_has_no_commit_any_more_is_not_among_its_topics() -> None:
    outcome = last(
        [
            observation(0, {"g": group({"t": [1], "u": [1]})}, {"t": [2], "u": [2]}, cluster="Prod"),
            observation(STEP, {"g": group({"t": [1], "u": [-1]})}, {"t": [2], "u": [2]}, cluster="Prod"),
        ]
    )
    assert list(said("/v3/kafka/Prod/consumer/g", outcome)["topics"]) == ["t"]
    assert said("/v3/kafka/Prod/consumer/g/lag", outcome)["status"]["partition_count"] == 1


@pytest.fixture
def unread() -> Outcome:
    """Group "g" was read once; since then its coordinator is silent."""
    return last(
        [
            observation(0, {"g": group({"t": [1]}), "h": group({"t": [1]})}, {"t": [2]}, cluster="Prod"),
            observation(
                STEP,
                {"h": group({"t": [1]})},
                {"t": [2]},
                cluster="Prod",
                unread_groups=frozenset({"g"}),
                failures=(Failure("group", "g", "timeout"),),
            ),
        ]
    )


def test_a_group_that_cannot_be_read_now_is_listed_but_nothing_is_made_up_of_it(unread: Outcome) -> None:
    assert said("/v3/kafka/Prod/consumer", unread)["consumers"] == ["g", "h"]
    for path in ("g", "g/status", "g/lag"):
        answer = ask(f"/v3/kafka/Prod/consumer/{path}", unread)
        assert answer.status == 503
        assert json.loads(answer.body)["error"] is True
        assert json.loads(answer.body)["message"] == "consumer cannot be read now"


def test_a_group_is_not_ok_of_which_a_partition_cannot_be_read() -> None:
    outcome = last(
        [
            observation(0, {"g": group({"t": [1, 1]})}, {"t": [1, 1]}, cluster="Prod"),
            observation(STEP, {"g": group({"t": [1, 1]})}, {"t": [1, NOT_READ]}, cluster="Prod"),
        ]
    )
    answer = ask("/v3/kafka/Prod/consumer/g/lag", outcome)
    status = json.loads(answer.body)["status"]
    assert (answer.status, status["status"], status["partition_count"]) == (200, "NOTFOUND", 1)
    assert [partition["status"] for partition in status["partitions"]] == ["OK"]


@pytest.mark.parametrize("path", ["topic", "topic/t", "topic/t/consumers", "consumer", "consumer/g", "consumer/g/lag"])
def test_of_a_cluster_that_cannot_be_read_nothing_is_made_up(path: str) -> None:
    answer = ask(f"/v3/kafka/Prod/{path}", down("Prod", "authentication"))
    assert answer.status == 503
    assert answer.text == (
        '{"error":true,"message":"cluster cannot be read now: authentication",'
        + request(f"/v3/kafka/Prod/{path}")
        + "}"
    )


def test_what_is_configured_can_be_asked_of_a_cluster_that_cannot_be_read() -> None:
    assert ask("/v3/kafka/Prod", down("Prod")).status == 200
    assert ask("/v3/kafka", down("Prod")).status == 200


@pytest.mark.parametrize(
    "name", ["a/b", "a b", "a%2Fb", "grüße", "<script>", "100%", "..", "a+b", "a?b#c", "status", " "]
)
def test_a_name_of_any_characters_is_found_escaped_once_or_twice(name: str) -> None:
    outcome = last([observation(0, {name: group({"t": [1]}), "other": group({"t": [1]})}, {"t": [2]}, cluster="Prod")])
    once = quote(name, safe="")
    for escaped in (once, quote(once, safe="")):
        answer = ask(f"/v3/kafka/Prod/consumer/{escaped}/lag", outcome)
        assert (answer.status, json.loads(answer.body)["status"]["group"]) == (200, name)


def test_a_topic_and_a_cluster_are_found_escaped_twice_as_well() -> None:
    outcome = replace(last([observation(0, {}, {"a.b": [2]}, cluster="a/b")]), cluster="a/b")
    assert said("/v3/kafka/a%252Fb/topic/a%252Eb", outcome)["offsets"] == [2]


def test_a_negative_offset_is_never_told() -> None:
    outcome = last([observation(0, {}, {"t": np.array([-2, 3, -1])}, cluster="Prod")])
    assert said("/v3/kafka/Prod/topic/t", outcome)["offsets"] == [None, 3, None]
