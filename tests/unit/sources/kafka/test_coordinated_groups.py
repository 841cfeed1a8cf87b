"""What brokers say of their groups and commits: good parts are kept, errors become failures, nothing raises."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from kafka.protocol.consumer import OffsetFetchRequest, OffsetFetchResponse

from exporter.core.model import NO_OFFSET, NOT_READ, Failure
from exporter.settings import Filter
from exporter.sources.kafka.coordinated_groups import (
    CoordinatorResponse,
    ListedGroup,
    read_coordinator,
    record_commits,
)
from exporter.sources.kafka.fetched_commits import commits_of
from exporter.sources.kafka.request_round import NoResponse
from tests.support.kafka_responses import PreparedRound, fetched, listing

EVERYTHING = Filter()
SIZES = {"t": 3}


def read(*responses: Any, admitted: Filter = EVERYTHING) -> tuple[CoordinatorResponse, PreparedRound]:
    requests = PreparedRound(*responses)
    return asyncio.run(read_coordinator(requests, 1, admitted, SIZES)), requests  # type: ignore[arg-type]


def test_commits_are_read_of_judged_groups_only() -> None:
    response, requests = read(
        listing(("a", "Stable", "Classic"), ("b", "Empty", "Consumer"), ("s", "Stable", "Share")),
        fetched(("a", 0, {"t": {0: (5, 0), 2: (7, 0)}}), ("b", 0, {})),
    )
    assert [group.group_id for group in requests.sent[1].groups] == ["a", "b"]
    assert response.commits["a"]["t"].tolist() == [5, NO_OFFSET, 7]
    assert response.commits["b"] == {}
    assert response.groups["s"].type == "share"
    assert (response.failures, response.listed) == ([], True)


def test_an_error_on_one_group_or_partition_costs_no_other() -> None:
    response, _ = read(
        listing(("a", "Stable", "classic"), ("b", "Stable", "classic"), ("c", "Stable", "classic")),
        fetched(("a", 16, {}), ("b", 0, {"t": {0: (5, 0), 1: (0, 29)}}), ("c", 69, {})),
    )
    assert response.commits["b"]["t"].tolist() == [5, NOT_READ]
    assert "a" in response.groups
    assert "a" not in response.commits
    assert "c" not in response.groups
    assert response.failures == [
        Failure("group", "a", "not_coordinator"),
        Failure("partition", "b/t/1", "topic_authorization_failed"),
    ]


def test_a_broker_that_does_not_respond_is_one_failure() -> None:
    response, requests = read(NoResponse("timeout", "broker 1: timed out"))
    assert (response.listed, response.groups, len(requests.sent)) == (False, {}, 1)
    assert response.failures == [Failure("broker", "1", "timeout")]


def test_a_broker_that_is_still_loading_has_not_listed_all_of_its_groups() -> None:
    response, _ = read(listing(("a", "Stable", "classic"), error_code=14), fetched(("a", 0, {"t": {0: (1, 0)}})))
    assert not response.listed
    assert response.commits["a"]["t"].tolist() == [1]
    assert response.failures == [Failure("broker", "1", "coordinator_load_in_progress")]


def test_groups_whose_commits_get_no_response_are_listed_and_unread() -> None:
    response, _ = read(listing(("a", "Stable", "classic")), NoResponse("timeout", "broker 1: timed out"))
    assert "a" in response.groups
    assert "a" not in response.commits
    assert response.failures == [Failure("group", "a", "timeout")]


def test_an_old_broker_is_sent_one_request_for_each_group() -> None:
    def of_one(offset: int) -> OffsetFetchResponse:
        topic_class = OffsetFetchResponse.OffsetFetchResponseTopic
        partition = topic_class.OffsetFetchResponsePartition(
            version=5, partition_index=0, committed_offset=offset, error_code=0
        )
        return OffsetFetchResponse(
            version=5, error_code=0, topics=[topic_class(version=5, name="t", partitions=[partition])]
        )

    response, requests = read(
        listing(("a", "", ""), ("b", "", "")), NoResponse("unsupported_version", "old"), of_one(3), of_one(4)
    )
    assert {name: commits["t"].tolist() for name, commits in response.commits.items()} == {"a": [3], "b": [4]}
    assert [request.group_id for request in requests.sent[2:]] == ["a", "b"]


def test_groups_that_are_filtered_out_are_not_requested() -> None:
    response, requests = read(
        listing(("keep", "Stable", "classic"), ("drop", "Stable", "classic")),
        fetched(("keep", 0, {})),
        admitted=Filter(deny=re.compile("^drop$")),
    )
    assert [group.group_id for group in requests.sent[1].groups] == ["keep"]
    assert set(response.groups) == {"keep"}


def test_many_groups_are_requested_in_several_requests() -> None:
    names = [f"g{number:03}" for number in range(250)]
    batches_of = [names[:100], names[100:200], names[200:]]
    response, requests = read(
        listing(*((name, "Empty", "classic") for name in names)),
        *(fetched(*((name, 0, {}) for name in batch)) for batch in batches_of),
    )
    requests = [request for request in requests.sent if isinstance(request, OffsetFetchRequest)]
    assert [[group.group_id for group in request.groups] for request in requests] == batches_of
    assert set(response.commits) == set(names)


def responded(node: int, *names: str, listed: bool = True) -> CoordinatorResponse:
    groups = {name: ListedGroup(name, "Stable", "classic", "consumer", node) for name in names}
    return CoordinatorResponse(node, listed=listed, groups=groups)


def test_a_group_reported_as_gone_is_forgotten() -> None:
    into = responded(1, "a")
    record_commits(commits_of(fetched(("a", 69, {}))), into, SIZES)
    assert (into.groups, into.commits, into.failures) == ({}, {}, [])


def test_commits_on_partitions_and_topics_that_do_not_exist_are_left_out() -> None:
    response, _ = read(
        listing(("a", "Stable", "classic")),
        fetched(("a", 0, {"t": {1: (5, 0), 50_000_000: (7, 0), -1: (7, 0)}, "unknown": {0: (1, 0)}})),
    )
    assert {topic: offsets.tolist() for topic, offsets in response.commits["a"].items()} == {"t": [NO_OFFSET, 5]}


def test_commits_that_were_read_are_kept_when_a_later_request_times_out() -> None:
    names = [f"g{number:03}" for number in range(150)]
    response, _ = read(
        listing(*((name, "Empty", "classic") for name in names)),
        fetched(*((name, 0, {}) for name in names[:100])),
        NoResponse("timeout", "broker 1: timed out"),
    )
    assert set(response.commits) == set(names[:100])
    assert response.failures == [Failure("group", name, "timeout") for name in names[100:]]
