"""Where partitions are, as a Metadata response tells it."""

from __future__ import annotations

from dataclasses import asdict

from kafka.protocol.metadata import MetadataResponse

from exporter.core.placement import Broker
from exporter.settings import Cluster, Metrics
from exporter.sources.kafka.replicas import placement_of

Topic = MetadataResponse.MetadataResponseTopic
Partition = Topic.MetadataResponsePartition
KBroker = MetadataResponse.MetadataResponseBroker


def partition(number: int, leader: int, replicas: list[int], in_sync: list[int]) -> object:
    return Partition(
        error_code=0,
        partition_index=number,
        leader_id=leader,
        leader_epoch=0,
        replica_nodes=replicas,
        isr_nodes=in_sync,
        offline_replicas=[],
    )


def response(*topics: object) -> MetadataResponse:
    brokers = [
        KBroker(node_id=2, host="two", port=9093, rack=None),
        KBroker(node_id=1, host="one", port=9092, rack="r"),
    ]
    return MetadataResponse(
        version=8, throttle_time_ms=0, brokers=brokers, cluster_id="abc", controller_id=2, topics=list(topics)
    )


def test_brokers_and_replicas_of_the_topics_that_are_watched() -> None:
    parts = [partition(2, -1, [3, 1], []), partition(0, 1, [1, 2], [1, 2])]
    watched = Topic(error_code=0, name="t", is_internal=False, partitions=parts)
    other = Topic(error_code=0, name="other", is_internal=False, partitions=parts)
    placement = placement_of(response(watched, other), {"t"})
    assert (placement.cluster_id, placement.controller) == ("abc", 2)
    assert placement.brokers == (Broker(1, "one", 9092, "r"), Broker(2, "two", 9093, ""))
    assert set(placement.topics) == {"t"}
    assert {name: column.tolist() for name, column in asdict(placement.topics["t"]).items()} == {
        "leader": [1, -1, -1],
        "preferred": [1, -1, 3],
        "count": [2, 0, 2],
        "in_sync": [2, 0, 0],
    }


def test_a_topic_without_partitions_is_no_error() -> None:
    empty = Topic(error_code=0, name="t", is_internal=False, partitions=[])
    assert placement_of(response(empty), {"t"}).topics["t"].count.tolist() == []


def test_replicas_are_read_only_for_exporters_that_tell_of_them() -> None:
    def needs(metrics: Metrics) -> bool:
        return Cluster("c", ("h:1",), metrics=metrics).metrics.need_placement

    assert not needs(Metrics())
    assert not needs(Metrics(compatibility=("grafana", "kafka_lag_exporter")))
    assert needs(Metrics(compatibility=("kminion",)))
    assert needs(Metrics(compatibility=("grafana", "kafka_exporter")))
