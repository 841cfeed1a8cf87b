"""What brokers say of their groups and commits: good parts are kept, errors become failures, nothing raises."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from kafka.protocol.consumer import OffsetFetchRequest, OffsetFetchResponse

from exporter.core.model import NO_OFFSET, NOT_READ, Failure
from exporter.settings import Filter
from exporter.sources.kafka.connection import NoAnswer
from exporter.sources.kafka.groups import CoordinatorAnswer, ListedGroup, Roster, note_commits, read_coordinator
from tests.support.kafka_answers import Answers, fetched, listing

EVERYTHING = Filter()


def read(*answers: Any, admitted: Filter = EVERYTHING) -> tuple[CoordinatorAnswer, Answers]:
    questions = Answers(*answers)
    return asyncio.run(read_coordinator(questions, 1, admitted)), questions  # type: ignore[arg-type]


def test_commits_are_read_of_judged_groups_only() -> None:
    answer, questions = read(
        listing(("a", "Stable", "Classic"), ("b", "Empty", "Consumer"), ("s", "Stable", "Share")),
        fetched(("a", 0, {"t": {0: (5, 0), 2: (7, 0)}}), ("b", 0, {})),
    )
    assert [group.group_id for group in questions.asked[1].groups] == ["a", "b"]
    assert answer.commits["a"]["t"].tolist() == [5, NO_OFFSET, 7]
    assert answer.commits["b"] == {}
    assert answer.groups["s"].type == "share"
    assert (answer.failures, answer.listed) == ([], True)


def test_an_error_on_one_group_or_partition_costs_no_other() -> None:
    answer, _ = read(
        listing(("a", "Stable", "classic"), ("b", "Stable", "classic"), ("c", "Stable", "classic")),
        fetched(("a", 16, {}), ("b", 0, {"t": {0: (5, 0), 1: (0, 29)}}), ("c", 69, {})),
    )
    assert answer.commits["b"]["t"].tolist() == [5, NOT_READ]
    assert "a" in answer.groups
    assert "a" not in answer.commits
    assert "c" not in answer.groups
    assert answer.failures == [
        Failure("group", "a", "not_coordinator"),
        Failure("partition", "b/t/1", "topic_authorization_failed"),
    ]


def test_a_broker_that_does_not_answer_is_one_failure() -> None:
    answer, questions = read(NoAnswer("timeout", "broker 1: silent"))
    assert (answer.listed, answer.groups, len(questions.asked)) == (False, {}, 1)
    assert answer.failures == [Failure("broker", "1", "timeout")]


def test_a_broker_that_is_still_loading_has_not_listed_all_of_its_groups() -> None:
    answer, _ = read(listing(("a", "Stable", "classic"), error_code=14), fetched(("a", 0, {"t": {0: (1, 0)}})))
    assert not answer.listed
    assert answer.commits["a"]["t"].tolist() == [1]
    assert answer.failures == [Failure("broker", "1", "coordinator_load_in_progress")]


def test_groups_whose_commits_are_not_answered_are_listed_and_unread() -> None:
    answer, _ = read(listing(("a", "Stable", "classic")), NoAnswer("timeout", "broker 1: silent"))
    assert "a" in answer.groups
    assert "a" not in answer.commits
    assert answer.failures == [Failure("group", "a", "timeout")]


def test_an_old_broker_is_asked_for_one_group_at_a_time() -> None:
    def of_one(offset: int) -> OffsetFetchResponse:
        topic_class = OffsetFetchResponse.OffsetFetchResponseTopic
        partition = topic_class.OffsetFetchResponsePartition(
            version=5, partition_index=0, committed_offset=offset, error_code=0
        )
        return OffsetFetchResponse(
            version=5, error_code=0, topics=[topic_class(version=5, name="t", partitions=[partition])]
        )

    answer, questions = read(
        listing(("a", "", ""), ("b", "", "")), NoAnswer("unsupported_version", "old"), of_one(3), of_one(4)
    )
    assert {name: commits["t"].tolist() for name, commits in answer.commits.items()} == {"a": [3], "b": [4]}
    assert [request.group_id for request in questions.asked[2:]] == ["a", "b"]


def test_groups_that_are_filtered_out_are_not_asked_for() -> None:
    answer, questions = read(
        listing(("keep", "Stable", "classic"), ("drop", "Stable", "classic")),
        fetched(("keep", 0, {})),
        admitted=Filter(deny=re.compile("^drop$")),
    )
    assert [group.group_id for group in questions.asked[1].groups] == ["keep"]
    assert set(answer.groups) == {"keep"}


def test_many_groups_are_asked_for_in_several_requests() -> None:
    names = [f"g{number:03}" for number in range(250)]
    batches_of = [names[:100], names[100:200], names[200:]]
    answer, questions = read(
        listing(*((name, "Empty", "classic") for name in names)),
        *(fetched(*((name, 0, {}) for name in batch)) for batch in batches_of),
    )
    requests = [request for request in questions.asked if isinstance(request, OffsetFetchRequest)]
    assert [[group.group_id for group in request.groups] for request in requests] == batches_of
    assert set(answer.commits) == set(names)


def answered(node: int, *names: str, listed: bool = True) -> CoordinatorAnswer:
    groups = {name: ListedGroup(name, "Stable", "classic", "consumer", node) for name in names}
    return CoordinatorAnswer(node, listed=listed, groups=groups)


def test_a_group_answered_as_gone_is_forgotten() -> None:
    into = answered(1, "a")
    (group,) = fetched(("a", 69, {})).groups
    note_commits("a", group, into)
    assert (into.groups, into.commits, into.failures) == ({}, {}, [])


def test_a_group_is_gone_when_all_brokers_are_there_and_none_lists_it() -> None:
    roster = Roster()
    assert roster.unseen([answered(1, "a"), answered(2, "b")]) == {}
    assert roster.unseen([answered(1, "a"), answered(2)]) == {}


def test_a_group_of_a_silent_broker_is_unseen_until_it_is_listed_again() -> None:
    roster = Roster()
    roster.unseen([answered(1, "a"), answered(2, "b")])
    for _ in range(3):
        assert set(roster.unseen([answered(1, "a"), answered(2, listed=False)])) == {"b"}
    assert roster.unseen([answered(1, "a", "b"), answered(2)]) == {}


def test_a_group_is_unseen_while_brokers_come_and_go() -> None:
    roster = Roster()
    roster.unseen([answered(1, "a"), answered(2, "b")])
    assert set(roster.unseen([answered(1, "a")])) == {"b"}
    assert roster.unseen([answered(1, "a")]) == {}  # the brokers are those of the round before: it has gone
