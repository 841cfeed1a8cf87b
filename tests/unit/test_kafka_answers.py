"""What Kafka's answers say: good parts are kept, errors become failures, nothing raises."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.protocol.admin import DescribeGroupsResponse, ListGroupsResponse
from kafka.protocol.consumer import ListOffsetsResponse, OffsetFetchRequest, OffsetFetchResponse
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment
from kafka.protocol.metadata import MetadataResponse

from exporter.core.model import NO_OFFSET, NOT_READ, Failure, Owner
from exporter.settings import Filter
from exporter.sources.kafka.connection import NoAnswer, reason_of_code
from exporter.sources.kafka.groups import CoordinatorAnswer, ListedGroup, Roster, note_commits, read_coordinator
from exporter.sources.kafka.members import classic_group
from exporter.sources.kafka.metadata import metadata_of
from exporter.sources.kafka.offsets import batches, by_leader, note_offsets

EVERYTHING = Filter()


class Answers:
    """A round of questions that are answered from a list; an exception in it is raised."""

    def __init__(self, *answers: Any) -> None:
        self.asked: list[Any] = []
        self._answers = list(answers)
        self.connection = self

    async def ask(self, node: object, request: Any) -> Any:
        self.asked.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def together(self, questions: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
        return [await question for question in questions]


def listing(*groups: tuple[str, str, str], error_code: int = 0) -> ListGroupsResponse:
    listed = [
        ListGroupsResponse.ListedGroup(
            version=5, group_id=name, protocol_type="consumer", group_state=state, group_type=type_
        )
        for name, state, type_ in groups
    ]
    return ListGroupsResponse(version=5, error_code=error_code, groups=listed)


def fetched(*groups: tuple[str, int, dict[str, dict[int, tuple[int, int]]]], version: int = 9) -> OffsetFetchResponse:
    """Per group its error code, and topic → partition → (offset, error code)."""
    group_class = OffsetFetchResponse.OffsetFetchResponseGroup
    topic_class = group_class.OffsetFetchResponseTopics
    partition_class = topic_class.OffsetFetchResponsePartitions
    return OffsetFetchResponse(
        version=version,
        groups=[
            group_class(
                version=version,
                group_id=name,
                error_code=code,
                topics=[
                    topic_class(
                        version=version,
                        name=topic,
                        partitions=[
                            partition_class(
                                version=version, partition_index=number, committed_offset=offset, error_code=error
                            )
                            for number, (offset, error) in partitions.items()
                        ],
                    )
                    for topic, partitions in topics.items()
                ],
            )
            for name, code, topics in groups
        ],
    )


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
    import re  # noqa: PLC0415

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


def test_metadata_tells_leaders_and_what_cannot_be_read() -> None:
    topic_class = MetadataResponse.MetadataResponseTopic
    partition_class = topic_class.MetadataResponsePartition

    def topic(name: str, leaders: dict[int, int], error_code: int = 0, id_: int = 7) -> Any:
        return topic_class(
            version=12,
            name=name,
            error_code=error_code,
            topic_id=UUID(int=id_),
            partitions=[
                partition_class(version=12, partition_index=number, leader_id=leader, error_code=0)
                for number, leader in leaders.items()
            ],
        )

    brokers = [MetadataResponse.MetadataResponseBroker(version=12, node_id=n, host="h", port=1) for n in (1, 2)]
    found = metadata_of(
        MetadataResponse(
            version=12,
            brokers=brokers,
            topics=[
                topic("t", {1: 2, 0: 1}),
                topic("u", {0: -1}),
                topic("without an id yet", {0: 1}, id_=0),
                topic("gone", {}, 3),
                topic("secret", {}, 29),
            ],
        ),
        EVERYTHING,
    )
    assert found.brokers == (1, 2)
    assert found.leaders == {"t": [1, 2], "u": [-1], "without an id yet": [1]}
    assert set(found.topic_ids) == {"t", "u"}
    assert found.unreadable == {"secret"}
    assert found.failures == (
        Failure("partition", "u/0", "no_leader"),
        Failure("topic", "secret", "topic_authorization_failed"),
    )


def test_offsets_that_a_leader_refuses_stay_unread() -> None:
    topic_class = ListOffsetsResponse.ListOffsetsTopicResponse
    partition_class = topic_class.ListOffsetsPartitionResponse
    rows = [(0, 0, 42), (1, 6, -1)]
    partitions = [partition_class(version=5, partition_index=n, error_code=c, offset=o) for n, c, o in rows]
    into = {"t": [NOT_READ, NOT_READ, NOT_READ]}
    failures = note_offsets(
        ListOffsetsResponse(version=5, topics=[topic_class(version=5, name="t", partitions=partitions)]), into
    )
    assert into == {"t": [42, NOT_READ, NOT_READ]}
    assert failures == [Failure("partition", "t/1", "not_leader_for_partition")]


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.lists(st.integers(-1, 4), max_size=30)), st.integers(1, 9))
def test_every_led_partition_is_asked_for_once_in_batches_of_bounded_size(
    leaders: dict[str, list[int]], size: int
) -> None:
    asked = [
        (node, topic, partition)
        for node, topics in by_leader(leaders).items()
        for batch in batches(topics, size)
        for topic, partitions in batch.items()
        for partition in partitions
    ]
    led = [(node, t, p) for t, nodes in leaders.items() for p, node in enumerate(nodes) if node >= 0]
    assert sorted(asked) == sorted(led)
    for topics in by_leader(leaders).values():
        assert all(0 < sum(map(len, batch.values())) <= size for batch in batches(topics, size))


def described(assignment: bytes, protocol: str = "consumer") -> Any:
    member_class = DescribeGroupsResponse.DescribedGroup.DescribedGroupMember
    member = member_class(
        version=5, member_id="m", client_id="me", client_host="/h", member_metadata=b"", member_assignment=assignment
    )
    return DescribeGroupsResponse.DescribedGroup(
        version=5, error_code=0, group_id="g", group_state="Stable", protocol_type=protocol, members=[member]
    )


def test_a_classic_groups_assignments_are_read() -> None:
    part = ConsumerProtocolAssignment.TopicPartition
    assignment = ConsumerProtocolAssignment(
        version=1, assigned_partitions=[part(version=1, topic="t", partitions=[0, 2])], user_data=None
    )
    state, members = classic_group(described(bytes(assignment.encode())))
    assert (state, members.count) == ("Stable", 1)
    assert members.owners == {"t": {0: Owner("me", "/h"), 2: Owner("me", "/h")}}


@given(st.binary(min_size=1, max_size=60))
def test_an_assignment_that_nobody_can_read_costs_no_more_than_itself(garbage: bytes) -> None:
    state, members = classic_group(described(garbage))
    assert (state, members.count) == ("Stable", 1)


def test_a_protocol_of_its_own_is_not_read_at_all() -> None:
    _, members = classic_group(described(b"\x00\x01whatever", protocol="connect"))
    assert (members.count, members.owners) == (1, None)


@pytest.mark.parametrize(
    ("code", "reason"),
    [(0, None), (15, "coordinator_not_available"), (30, "group_authorization_failed"), (999, "error_999")],
)
def test_codes_are_told_by_kafkas_names(code: int, reason: str | None) -> None:
    assert reason_of_code(code) == reason


def test_a_group_answered_as_gone_is_forgotten() -> None:
    into = answered(1, "a")
    (group,) = fetched(("a", 69, {})).groups
    note_commits("a", group, into)
    assert (into.groups, into.commits, into.failures) == ({}, {}, [])
