"""The families of other exporters: names, labels and numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from exporter.core.model import NO_OFFSET, NOT_READ, Members, Observation, Owner
from exporter.core.placement import Broker, Placement, Replicas
from exporter.metrics import CATALOGUE, Pages
from exporter.metrics.compatibility import PEERS
from exporter.settings import Cluster, Compatible, Granularity, Metrics, Settings
from tests.support.observations import column, group, observation
from tests.support.outcomes import down, outcome, outcomes
from tests.unit.metrics.test_series import Read

PLACEMENT = Placement(
    cluster_id="abc",
    controller=2,
    brokers=(Broker(1, "one", 9092, "r1"), Broker(2, "two", 9093, "")),
    topics={
        "t": Replicas(
            leader=column([1, 2, -1]), preferred=column([1, 1, 2]), count=column([2, 2, 2]), in_sync=column([2, 1, 1])
        )
    },
)

ALICE, BOB = Owner("c", "/10.0.0.1", "c-a"), Owner("c", "/10.0.0.2", "c-b")
SEEN = observation(
    0,
    {
        "g": group(
            {"t": [40, NO_OFFSET, 5], "u": [NO_OFFSET]},
            members=Members(3, {"t": {0: ALICE, 1: ALICE, 2: BOB}}),
            protocol="consumer",
            coordinator=1,
        )
    },
    {"t": [100, 50, NOT_READ], "u": [7]},
    start_offsets={"t": column([60, 0, 0]), "u": column([1])},
    brokers=2,
    placement=PLACEMENT,
    stages={"metadata": 0.25},
)


def cluster(
    *peers: Compatible, name: str = "c", granularity: Granularity = "partition", exclude: tuple[str, ...] | None = None
) -> Cluster:
    return Cluster(name, ("h:1",), granularity=granularity, metrics=Metrics(compatibility=peers, exclude=exclude))


def lines(of: Cluster, *seen: Observation) -> list[str]:
    """The lines of other exporters' families on the page on the last observation."""
    *_, last = outcomes(seen or [SEEN])
    read = Read(last, pages=Pages(Settings((of,))))
    names = {family.name for peer in PEERS for family in peer.families()}
    return [line for line in read.text.splitlines() if line.split("{")[0].split(" ")[0] in names]


def test_kafka_exporter() -> None:
    assert lines(cluster("kafka_exporter")) == [
        "kafka_brokers 2.0",
        'kafka_broker_info{address="one:9092",id="1"} 1.0',
        'kafka_broker_info{address="two:9093",id="2"} 1.0',
        'kafka_topic_partitions{topic="t"} 3.0',
        'kafka_topic_partitions{topic="u"} 1.0',
        'kafka_topic_partition_current_offset{partition="0",topic="t"} 100.0',
        'kafka_topic_partition_current_offset{partition="1",topic="t"} 50.0',
        'kafka_topic_partition_current_offset{partition="0",topic="u"} 7.0',
        'kafka_topic_partition_oldest_offset{partition="0",topic="t"} 60.0',
        'kafka_topic_partition_oldest_offset{partition="1",topic="t"} 0.0',
        'kafka_topic_partition_oldest_offset{partition="2",topic="t"} 0.0',
        'kafka_topic_partition_oldest_offset{partition="0",topic="u"} 1.0',
        'kafka_topic_partition_leader{partition="0",topic="t"} 1.0',
        'kafka_topic_partition_leader{partition="1",topic="t"} 2.0',
        *(f'kafka_topic_partition_replicas{{partition="{number}",topic="t"}} 2.0' for number in range(3)),
        'kafka_topic_partition_in_sync_replica{partition="0",topic="t"} 2.0',
        'kafka_topic_partition_in_sync_replica{partition="1",topic="t"} 1.0',
        'kafka_topic_partition_in_sync_replica{partition="2",topic="t"} 1.0',
        'kafka_topic_partition_leader_is_preferred{partition="0",topic="t"} 1.0',
        'kafka_topic_partition_leader_is_preferred{partition="1",topic="t"} 0.0',
        'kafka_topic_partition_leader_is_preferred{partition="2",topic="t"} 0.0',
        'kafka_topic_partition_under_replicated_partition{partition="0",topic="t"} 0.0',
        'kafka_topic_partition_under_replicated_partition{partition="1",topic="t"} 1.0',
        'kafka_topic_partition_under_replicated_partition{partition="2",topic="t"} 1.0',
        # Without a commit it is -1, as is the lag; not on u, where the group has none.
        'kafka_consumergroup_current_offset{consumergroup="g",partition="0",topic="t"} 40.0',
        'kafka_consumergroup_current_offset{consumergroup="g",partition="1",topic="t"} -1.0',
        'kafka_consumergroup_current_offset{consumergroup="g",partition="2",topic="t"} 5.0',
        'kafka_consumergroup_current_offset_sum{consumergroup="g",topic="t"} 44.0',
        # To the end, though only 40 of these records are still there.
        'kafka_consumergroup_lag{consumergroup="g",partition="0",topic="t"} 60.0',
        'kafka_consumergroup_lag{consumergroup="g",partition="1",topic="t"} -1.0',
        'kafka_consumergroup_lag_sum{consumergroup="g",topic="t"} 60.0',
        'kafka_consumergroup_members{consumergroup="g"} 3.0',
    ]


def test_kminion() -> None:
    shown = lines(cluster("kminion"))
    assert shown[0].startswith('kminion_exporter_up{version="')
    group_of_topic = 'group_id="g",topic_name="t"'
    of_group = 'coordinator_id="1",group_id="g",protocol="",protocol_type="consumer",state="Stable"'
    assert shown[1:] == [
        'kminion_kafka_cluster_info{broker_count="2",cluster_id="abc",cluster_version="unknown",controller_id="2"} 1.0',
        'kminion_kafka_broker_info{address="one",broker_id="1",is_controller="false",port="9092",rack_id="r1"} 1.0',
        'kminion_kafka_broker_info{address="two",broker_id="2",is_controller="true",port="9093",rack_id=""} 1.0',
        'kminion_kafka_topic_info{partition_count="3",replication_factor="2",topic_name="t"} 1.0',
        'kminion_kafka_topic_partition_low_water_mark{partition_id="0",topic_name="t"} 60.0',
        'kminion_kafka_topic_partition_low_water_mark{partition_id="1",topic_name="t"} 0.0',
        'kminion_kafka_topic_partition_low_water_mark{partition_id="2",topic_name="t"} 0.0',
        'kminion_kafka_topic_partition_low_water_mark{partition_id="0",topic_name="u"} 1.0',
        'kminion_kafka_topic_partition_high_water_mark{partition_id="0",topic_name="t"} 100.0',
        'kminion_kafka_topic_partition_high_water_mark{partition_id="1",topic_name="t"} 50.0',
        'kminion_kafka_topic_partition_high_water_mark{partition_id="0",topic_name="u"} 7.0',
        'kminion_kafka_topic_low_water_mark_sum{topic_name="t"} 60.0',
        'kminion_kafka_topic_low_water_mark_sum{topic_name="u"} 1.0',
        'kminion_kafka_topic_high_water_mark_sum{topic_name="t"} 150.0',
        'kminion_kafka_topic_high_water_mark_sum{topic_name="u"} 7.0',
        f"kminion_kafka_consumer_group_info{{{of_group}}} 1.0",
        'kminion_kafka_consumer_group_members{group_id="g"} 3.0',
        'kminion_kafka_consumer_group_empty_members{group_id="g"} 1.0',
        f"kminion_kafka_consumer_group_topic_members{{{group_of_topic}}} 2.0",
        f"kminion_kafka_consumer_group_topic_assigned_partitions{{{group_of_topic}}} 3.0",
        f"kminion_kafka_consumer_group_topic_offset_sum{{{group_of_topic}}} 40.0",
        'kminion_kafka_consumer_group_topic_partition_lag{group_id="g",partition_id="0",topic_name="t"} 60.0',
        f"kminion_kafka_consumer_group_topic_lag{{{group_of_topic}}} 60.0",
    ]


def test_kafka_lag_exporter() -> None:
    later = replace(SEEN, at=SEEN.at + 30_000, end_offsets=SEEN.end_offsets | {"t": column([130, 50, NOT_READ])})
    row = '{client_id="c",cluster_name="c",consumer_id="c-a",group="g",member_host="/10.0.0.1",partition="0",topic="t"}'
    shown = lines(cluster("kafka_lag_exporter"), SEEN, later)
    assert [line for line in shown if "partition_" not in line] == [
        f"kafka_consumergroup_group_offset{row} 40.0",
        f"kafka_consumergroup_group_lag{row} 90.0",
        f"kafka_consumergroup_group_lag_seconds{row} 30.0",
        'kafka_consumergroup_group_max_lag{cluster_name="c",group="g"} 90.0',
        'kafka_consumergroup_group_max_lag_seconds{cluster_name="c",group="g"} 30.0',
        'kafka_consumergroup_group_sum_lag{cluster_name="c",group="g"} 90.0',
        'kafka_consumergroup_group_topic_sum_lag{cluster_name="c",group="g",topic="t"} 90.0',
    ]
    assert [line for line in shown if "partition_" in line] == [
        'kafka_partition_latest_offset{cluster_name="c",partition="0",topic="t"} 130.0',
        'kafka_partition_latest_offset{cluster_name="c",partition="1",topic="t"} 50.0',
        'kafka_partition_latest_offset{cluster_name="c",partition="0",topic="u"} 7.0',
        'kafka_partition_earliest_offset{cluster_name="c",partition="0",topic="t"} 60.0',
        'kafka_partition_earliest_offset{cluster_name="c",partition="1",topic="t"} 0.0',
        'kafka_partition_earliest_offset{cluster_name="c",partition="2",topic="t"} 0.0',
        'kafka_partition_earliest_offset{cluster_name="c",partition="0",topic="u"} 1.0',
    ]
    (outcome_,) = outcomes([SEEN])
    assert outcome_.report is not None
    timed = replace(outcome_, report=replace(outcome_.report, stages={"total": 0.25}))
    read = Read(timed, pages=Pages(Settings((cluster("kafka_lag_exporter"),))))
    assert read.value("kafka_consumergroup_poll_time_ms", cluster_name="c") == 250


def test_a_partition_without_a_member_and_one_that_moves_are_told_by_the_labels_of_kafka_lag_exporter() -> None:
    def with_owner(seconds: int, owners: dict[int, Owner]) -> Observation:
        return observation(seconds, {"g": group({"t": [1]}, members=Members(1, {"t": owners}))}, {"t": [2]})

    pages = Pages(Settings((cluster("kafka_lag_exporter"),)))
    found = []
    for each in outcomes([with_owner(0, {}), with_owner(30, {0: ALICE}), with_owner(60, {0: BOB})]):
        (labels,) = Read(each, pages=pages).series("kafka_consumergroup_group_lag")
        found.append(dict(labels))
    assert [labels["consumer_id"] for labels in found] == ["unknown", "c-a", "c-b"]
    assert [labels["member_host"] for labels in found] == ["unknown", "/10.0.0.1", "/10.0.0.2"]
    assert found[0]["client_id"] == "unknown"


def test_grafana() -> None:
    later = replace(SEEN, at=SEEN.at + 30_000, end_offsets=SEEN.end_offsets | {"t": column([130, 50, NOT_READ])})
    assert lines(cluster("grafana"), SEEN, later) == [
        'kafka_consumergroup_uncommitted_offsets{consumergroup="g",partition="0",topic="t"} 90.0',
        'kafka_consumergroup_uncommitted_offsets{consumergroup="g",partition="1",topic="t"} -1.0',
        'kafka_consumergroup_uncommitted_offsets_sum{consumergroup="g",topic="t"} 90.0',
        'kafka_consumer_lag_millis{consumergroup="g",partition="0",topic="t"} 30000.0',
    ]


def test_a_commit_beyond_the_end_is_no_negative_lag() -> None:
    beyond = observation(0, {"g": group({"t": [9]})}, {"t": [5]})
    shown = lines(cluster("kafka_exporter", "kminion"), beyond)
    assert 'kafka_consumergroup_lag{consumergroup="g",partition="0",topic="t"} 0.0' in shown
    assert 'kminion_kafka_consumer_group_topic_lag{group_id="g",topic_name="t"} 0.0' in shown


def test_they_are_given_only_to_who_asks_and_what_is_excluded_is_not() -> None:
    assert lines(cluster()) == []
    whole = lines(cluster("grafana", "kafka_exporter"))
    without = lines(cluster("grafana", "kafka_exporter", exclude=("kafka_consumergroup_lag", "kafka_brokers")))
    assert {line.split("{")[0].split(" ")[0] for line in set(whole) - set(without)} == {
        "kafka_consumergroup_lag",
        "kafka_brokers",
    }


@pytest.mark.parametrize(("granularity", "without"), [("topic", "partition"), ("group", "topic")])
def test_they_follow_the_granularity(granularity: Granularity, without: str) -> None:
    shown = lines(cluster(*(peer.name for peer in PEERS), granularity=granularity))
    assert 'kafka_consumergroup_group_max_lag{cluster_name="c",group="g"} 60.0' in shown
    assert not [line for line in shown if f'{without}="' in line or f'{without}_id="' in line]
    assert any(line.startswith("kafka_consumergroup_lag_sum") for line in shown) == (granularity == "topic")


def test_no_two_exporters_use_one_name() -> None:
    families = [*CATALOGUE, *(family for peer in PEERS for family in peer.families())]
    assert [name for name, count in Counter(family.name for family in families).items() if count > 1] == []
    assert all(list(family.labels) == sorted(family.labels) for family in families)
    assert all(not set(family.help) & set('"\\\n') for family in families)


def test_of_several_clusters_each_series_says_of_which_it_is() -> None:
    first, second = cluster("kafka_exporter", "grafana"), cluster("kafka_exporter", "kafka_lag_exporter", name="d")
    other = outcome(replace(SEEN, cluster="d"))
    read = Read(outcome(SEEN), other, pages=Pages(Settings((first, second))))
    assert read.value("kafka_brokers", cluster="c") == 2
    assert read.value("kafka_brokers", cluster="d") == 2
    lag = read.series("kafka_consumergroup_lag")
    assert len(lag) == 4
    assert {dict(labels)["cluster"] for labels in lag} == {"c", "d"}
    # Only one cluster asks for these, and these have always said it.
    assert all("cluster" not in dict(labels) for labels in read.series("kafka_consumer_lag_millis"))
    assert all("cluster" not in dict(labels) for labels in read.series("kafka_consumergroup_group_lag"))
    names = [line.rsplit(" ", 1)[0] for line in read.text.splitlines() if not line.startswith("#")]
    assert len(names) == len(set(names))


def test_of_a_cluster_that_is_down_there_is_only_that_kminion_would_say_so() -> None:
    read = Read(down("c"), pages=Pages(Settings((cluster(*(peer.name for peer in PEERS)),))))
    shown = [line for line in read.text.splitlines() if line.startswith(("kafka_", "kminion_"))]
    assert len(shown) == 1
    assert shown[0].startswith("kminion_exporter_up{")
    assert shown[0].endswith("} 0.0")
