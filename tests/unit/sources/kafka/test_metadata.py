"""What Kafka says of brokers and topics, and when that is nothing to go by."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest
from kafka.protocol.consumer import ListOffsetsResponse

from exporter.core.model import NOT_READ, Failure, Observation
from exporter.settings import Cluster, Filter
from exporter.sources import ClusterUnavailable
from exporter.sources.kafka.metadata import Metadata, metadata_of, with_forbidden
from exporter.sources.kafka.request_round import NoResponse
from exporter.sources.kafka.source import KafkaSource
from tests.support.kafka_responses import Brokers, PreparedRound, absent, fetched, listing, metadata, topic

FORBIDDEN = 29
NOT_FOUND = 69
UNKNOWN = 3
LEADERLESS = 5


def test_metadata_tells_leaders_and_what_cannot_be_read() -> None:
    read = metadata_of(
        metadata(
            1,
            2,
            topics=[
                topic("t", {1: 2, 0: 1}),
                topic("u", {0: -1}),
                topic("without an id yet", {0: 1}, id_=0),
                topic("gone", {}, 3),
                topic("secret", {}, 29),
            ],
        ),
        Filter(),
    )
    assert read.brokers == (1, 2)
    assert read.leaders == {"t": [1, 2], "u": [-1], "without an id yet": [1]}
    assert set(read.topic_ids) == {"t", "u"}
    assert read.unreadable == {"secret"}
    assert read.failures == (
        Failure("partition", "u/0", "no_leader"),
        Failure("topic", "secret", "topic_authorization_failed"),
    )


@pytest.fixture
def brokers(monkeypatch: pytest.MonkeyPatch) -> Brokers:
    """Two brokers without groups; the metadata of each is still to be set."""
    brokers = Brokers(
        {
            node: {
                "ListGroups": listing(),
                "OffsetFetch": fetched(),
                "DescribeGroups": absent(NOT_FOUND),
                "ListOffsets": ListOffsetsResponse(version=5, topics=[]),
            }
            for node in (1, 2)
        }
    )
    monkeypatch.setattr("exporter.sources.kafka.source.BrokerConnections", lambda _: brokers)
    return brokers


def observe(source: KafkaSource | None = None) -> Observation:
    return (source or KafkaSource(Cluster("c", ("k:1",)))).observe(10.0)


def test_a_broker_that_knows_of_no_broker_yet_is_passed_over(brokers: Brokers) -> None:
    brokers.of_node[1]["Metadata"] = metadata()
    brokers.of_node[2]["Metadata"] = metadata(1, 2, topics=[topic("t", {0: 1})])
    assert set(observe().end_offsets) == {"t"}
    brokers.of_node[2]["Metadata"] = metadata()
    with pytest.raises(ClusterUnavailable, match="lists no brokers") as unavailable:
        observe()
    assert unavailable.value.reason == "broker_not_available"


def test_a_user_without_any_right_does_not_pass_for_an_empty_cluster(brokers: Brokers) -> None:
    responses = [metadata(1, 2), metadata(1, 2, topics=[topic("__consumer_offsets", {}, FORBIDDEN)])]
    brokers.of_node[1]["Metadata"] = lambda request: responses[request.topics is not None]
    with pytest.raises(ClusterUnavailable, match="permission Describe on topics") as unavailable:
        observe()
    assert unavailable.value.reason == "topic_authorization_failed"
    responses[1] = metadata(1, 2, topics=[topic("__consumer_offsets", {}, 3)])
    assert observe().end_offsets == {}


@pytest.mark.parametrize("partition", [50_000_000, -1])
def test_an_impossible_partition_is_refused_and_reserves_no_memory(brokers: Brokers, partition: int) -> None:
    brokers.of_node[1]["Metadata"] = metadata(1, 2, topics=[topic("t", {0: 1, partition: 1})])
    brokers.of_node[2]["Metadata"] = metadata(1, 2, topics=[topic("t", {0: 1})])
    tracemalloc.start()
    try:
        assert len(observe().end_offsets["t"]) == 1
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert brokers.disconnected == [1]


def test_a_topic_of_a_retained_history_that_cannot_be_described_is_unread(brokers: Brokers) -> None:
    brokers.of_node[1]["Metadata"] = metadata(1, 2, topics=[topic("t", {}, FORBIDDEN), topic("u", {0: 1})])
    source = KafkaSource(Cluster("c", ("k:1",)))
    source.expect([], {"t": 2, "gone": 1})
    observation = observe(source)
    assert {name: offsets.tolist() for name, offsets in observation.end_offsets.items()} == {
        "t": [NOT_READ, NOT_READ],
        "u": [NOT_READ],
    }


def test_an_observation_is_dated_when_offsets_are_read_and_not_when_it_begins(brokers: Brokers) -> None:
    now = [1000.0]

    def wait(_: object) -> object:
        now[0] += 153.0
        return metadata(1, 2, topics=[topic("t", {0: 1})])

    brokers.of_node[1]["Metadata"] = wait
    assert observe(KafkaSource(Cluster("c", ("k:1",)), clock=lambda: now[0])).at == 1_153_000


def test_a_known_topic_that_is_only_forbidden_now_is_a_failure_of_itself_and_not_gone() -> None:
    answered = metadata(
        1, topics=[topic("forbidden", {}, FORBIDDEN), topic("deleted", {}, UNKNOWN), topic("wait", {}, LEADERLESS)]
    )
    requests = PreparedRound(answered)
    read = Metadata((1,), {"t": [1]}, {}, frozenset(), ())
    known = asyncio.run(with_forbidden(requests, read, ["t", "forbidden", "deleted", "wait"]))
    assert known.unreadable == {"forbidden", "wait"}
    assert known.failures == (
        Failure("topic", "forbidden", "topic_authorization_failed"),
        Failure("topic", "wait", "leader_not_available"),
    )
    (sent,) = requests.sent
    assert [asked.name for asked in sent.topics] == ["deleted", "forbidden", "wait"]


def test_a_known_topic_is_not_gone_while_no_broker_says_so() -> None:
    read = Metadata((1,), {}, {}, frozenset(), ())
    known = asyncio.run(with_forbidden(PreparedRound(NoResponse("timeout", "")), read, ["t"]))
    assert (known.unreadable, known.failures) == ({"t"}, (Failure("topic", "t", "timeout"),))


def test_nothing_more_is_requested_while_no_topic_is_missing() -> None:
    read = Metadata((1,), {"t": [1]}, {}, frozenset({"u"}), ())
    assert asyncio.run(with_forbidden(PreparedRound(), read, ["t", "u"])) is read
