"""Queries of published dashboards and rules for other exporters, put to a real Prometheus that scrapes this one.

One Kafka, one exporter and one Prometheus answer all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlencode

import pytest
import yaml

from exporter.metrics.compatibility import PEERS
from testbed import servers
from testbed.behaviours import Behaviour, consumer
from testbed.kafka import Kafka
from testbed.members import ConfluentMember
from testbed.processes import wait_until
from testbed.producers import fill, producer
from testbed.servers import Server, get

pytestmark = pytest.mark.real

PATIENCE = 90.0
TOPIC, GROUP = "compatible-orders", "compatible-billing"

# $-variables of dashboards are filled in as Grafana does it for "all".
ANSWERED = {
    # Grafana 7589, Kafka Exporter Overview
    "7589 produced": 'sum(rate(kafka_topic_partition_current_offset{instance=~".+", topic=~".+"}[1m])) by (topic)',
    "7589 produced a minute": 'sum(delta(kafka_topic_partition_current_offset{topic=~".+"}[5m])/5) by (topic)',
    "7589 consumed a minute": (
        'sum(delta(kafka_consumergroup_current_offset{topic=~".+"}[5m])/5) by (consumergroup, topic)'
    ),
    "7589 lag": 'sum(kafka_consumergroup_lag{instance=~".+", topic=~".+"}) by (consumergroup, topic)',
    "7589 partitions": 'sum by(topic) (kafka_topic_partitions{topic=~".+"})',
    "7589 choice of job and instance": "kafka_consumergroup_current_offset",
    # Strimzi's dashboard; namespace and strimzi_io_cluster are labels of the target
    "Strimzi topics": "count(kafka_topic_partitions)",
    "Strimzi partitions": "sum(kafka_topic_partitions)",
    "Strimzi replicas": "sum(kafka_topic_partition_replicas)",
    "Strimzi in sync": "sum(kafka_topic_partition_in_sync_replica)",
    "Strimzi under-replicated": "sum(kafka_topic_partition_under_replicated_partition)",
    "Strimzi below the minimum in sync": (
        'sum(kafka_topic_partition_in_sync_replica{topic=~".+"} < bool 1) by (partition, topic)'
    ),
    "Strimzi preferred leader": "sum(kafka_topic_partition_leader_is_preferred < bool 1)",
    "Strimzi brokers": "count(kafka_broker_info)",
    "Strimzi oldest": 'sum(kafka_topic_partition_oldest_offset{topic=~".+"}) by (partition, topic)',
    "Strimzi in": 'sum(rate(kafka_topic_partition_current_offset{topic=~".+"}[5m])) by (topic)',
    "Strimzi out": 'sum(rate(kafka_consumergroup_current_offset{topic=~".+"}[5m])) by (consumergroup, topic)',
    "Strimzi lag": 'sum(kafka_consumergroup_lag{consumergroup=~".+", topic=~".+"}) by (consumergroup, topic)',
    # Strimzi's rules, and giantswarm's copy of them
    "Strimzi UnderReplicatedPartition": "kafka_topic_partition_under_replicated_partition == 0",
    "Strimzi TooLargeConsumerGroupLag": "kafka_consumergroup_lag > 0",
    "Strimzi NoMessageForTooLong": f'changes(kafka_topic_partition_current_offset{{topic="{TOPIC}"}}[10m]) > 0',
    # awesome-prometheus-alerts
    "awesome insufficient replicas": "min(kafka_topic_partition_in_sync_replica) by (topic) < 3",
    "awesome consumer lag": 'sum(kafka_consumergroup_lag{consumergroup!=""}) by (consumergroup) > 0',
    "awesome lag by topic": "sum(delta(kafka_consumergroup_lag[5m])) by (topic, consumergroup)",
    # AWS, Theodolite, mojaloop and others
    "AWS lag": "sum(kafka_consumergroup_lag >= 0) by (consumergroup, topic)",
    "Theodolite lag": f'sum by(consumergroup) (kafka_consumergroup_lag{{consumergroup="{GROUP}"}} >= 0)',
    "Theodolite members": f'kafka_consumergroup_members{{consumergroup="{GROUP}"}}',
    "mojaloop lag": f'kafka_consumergroup_lag_sum{{consumergroup="{GROUP}"}} > 0',
    "brokers": "kafka_brokers",
    "leaders": "kafka_topic_partition_leader",
    "committed by topic": "kafka_consumergroup_current_offset_sum",
    # jsonnet-libs' kafka-observ-lib, over either name
    "observ-lib lag keeps increasing": (
        "sum without (partition) (delta(kafka_consumergroup_uncommitted_offsets[5m]) > -1e9)"
    ),
    "observ-lib lag too high": "sum without (partition) (kafka_consumergroup_uncommitted_offsets) > 0",
    "observ-lib lag too high by kafka_exporter": "sum without (partition) (kafka_consumergroup_lag) > 0",
    "observ-lib lag in time": "avg by (consumergroup, topic) (kafka_consumer_lag_millis)",
    "jsonnet-libs lag": "sum by (consumergroup, topic) (kafka_consumergroup_uncommitted_offsets_sum)",
    # Grafana 14012, kminion cluster
    "14012 cluster": "kminion_kafka_cluster_info",
    "14012 brokers": "count(kminion_kafka_broker_info)",
    "14012 produced": "sum(rate(kminion_kafka_topic_high_water_mark_sum[5m]))",
    "14012 up": "kminion_exporter_up",
    # Grafana 14013, kminion topics
    "14013 produced": 'sum(rate(kminion_kafka_topic_high_water_mark_sum{topic_name=~".+"}[5m])) by (topic_name)',
    "14013 records": (
        "sum(kminion_kafka_topic_high_water_mark_sum - kminion_kafka_topic_low_water_mark_sum) by (topic_name)"
    ),
    "14013 topics": "count(kminion_kafka_topic_info)",
    "14013 high water marks": "kminion_kafka_topic_partition_high_water_mark",
    "14013 records by partition": (
        "kminion_kafka_topic_partition_high_water_mark - kminion_kafka_topic_partition_low_water_mark"
    ),
    # Grafana 14014, kminion consumer groups
    "14014 lag": 'sum(kminion_kafka_consumer_group_topic_lag{group_id=~".+"}) by (group_id, topic_name)',
    "14014 consumed": "sum(rate(kminion_kafka_consumer_group_topic_offset_sum[5m])) by (group_id, topic_name)",
    "14014 produced beside consumed": (
        "sum(rate(kminion_kafka_topic_high_water_mark_sum[5m])) by (topic_name)"
        " and on (topic_name) kminion_kafka_consumer_group_topic_lag"
    ),
    "kminion lag by partition": "kminion_kafka_consumer_group_topic_partition_lag",
    "kminion state": 'kminion_kafka_consumer_group_info{state="Stable"} == 1',
    "kminion members": "kminion_kafka_consumer_group_members",
    "kminion members of a topic": "kminion_kafka_consumer_group_topic_members",
    "kminion assigned partitions": "kminion_kafka_consumer_group_topic_assigned_partitions",
    # vlab's rules
    "vlab lag": "kminion_kafka_consumer_group_topic_lag > 0",
    "vlab nothing consumed": "rate(kminion_kafka_consumer_group_topic_offset_sum[5m]) >= 0",
    # kafka-lag-exporter's own dashboard, jmx-monitoring-stacks, its chart's sample alert
    "KLE worst groups in time": "topk(25, max by (group) (kafka_consumergroup_group_max_lag_seconds) >= 0)",
    "KLE worst partitions in time": (
        "topk(50, max by (cluster_name, group, topic, partition) (kafka_consumergroup_group_lag_seconds))"
    ),
    "KLE worst groups": "topk(25, max by (group) (kafka_consumergroup_group_max_lag))",
    "KLE lag of a member": 'kafka_consumergroup_group_lag{client_id!="unknown", consumer_id!="", member_host=~"/.+"}',
    "KLE produced beside consumed": (
        "sum by (group, topic) (kafka_consumergroup_group_offset) and on (group) kafka_consumergroup_group_sum_lag > 0"
    ),
    "KLE end beside commit": (
        "kafka_partition_latest_offset - on (cluster_name, topic, partition)"
        " group_right () kafka_consumergroup_group_offset >= 0"
    ),
    "KLE records": "kafka_partition_latest_offset - kafka_partition_earliest_offset",
    "KLE sample alert": ("max by (cluster_name, group, topic) (kafka_consumergroup_group_lag_seconds < +Inf) >= 0"),
    "KLE lag by topic": "kafka_consumergroup_group_topic_sum_lag",
    "KLE poll time": "kafka_consumergroup_poll_time_ms",
}

NOT_ANSWERED = {
    "14012 records of the offsets topic": (
        "rate(kminion_exporter_offset_consumer_records_consumed_total[5m])",
        "kminion_exporter_offset_consumer_records_consumed_total",
    ),
    "14012 size of brokers": (
        "sum(kminion_kafka_broker_log_dir_size_total_bytes)",
        "kminion_kafka_broker_log_dir_size_total_bytes",
    ),
    "14013 size of topics": (
        "sum(kminion_kafka_topic_log_dir_size_total_bytes) by (topic_name)",
        "kminion_kafka_topic_log_dir_size_total_bytes",
    ),
    "14014 commits": (
        "sum(rate(kminion_kafka_consumer_group_offset_commits_total[5m])) by (group_id)",
        "kminion_kafka_consumer_group_offset_commits_total",
    ),
    "fork's interpolation": ("sum(kafka_consumer_lag_interpolation)", "kafka_consumer_lag_interpolation"),
    "fork's extrapolation": ("sum(kafka_consumer_lag_extrapolation)", "kafka_consumer_lag_extrapolation"),
}
"""Queries with the family that is missing; docs/compatibility.md says why it is."""


@pytest.fixture(scope="module")
def prometheus(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Scrapes an exporter of a Kafka on which a consumer falls behind."""
    kafka.create_topic(TOPIC, 2)
    fill(kafka, TOPIC, 1000)
    cluster = {
        "bootstrap_servers": list(kafka.bootstrap_servers),
        "members_refresh": "1s",
        "groups": {"allow": f"^{GROUP}$"},
        "topics": {"allow": f"^{TOPIC}$"},
        "metrics": {"include": "lean", "compatibility": [peer.name for peer in PEERS]},
    }
    config = {"clusters": {"real": cluster}, "collection": {"min_interval": "0s"}}
    with ExitStack() as stack:
        member = ConfluentMember(kafka, GROUP, TOPIC, "classic")
        stack.enter_context(producer(kafka, [TOPIC], rate=100.0, lifetime=300.0))
        stack.enter_context(consumer(member, Behaviour.SLOW, records=10, lifetime=300.0))
        exporter = stack.enter_context(servers.exporter(tmp_path_factory.mktemp("exporter"), config))
        scraped = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": [{"job_name": "kafka", "static_configs": [{"targets": [exporter.address]}]}],
        }
        folder = tmp_path_factory.mktemp("prometheus")
        yield stack.enter_context(servers.prometheus(folder, yaml.safe_dump(scraped)))


def asked(prometheus: Server, expr: str) -> list[dict]:
    """What Prometheus answers."""
    status, text = get(f"{prometheus.url}/api/v1/query?{urlencode({'query': expr})}", timeout=10.0)
    assert status == 200, text
    return json.loads(text)["data"]["result"]


@pytest.mark.parametrize("expr", ANSWERED.values(), ids=ANSWERED)
def test_a_query_that_is_made_of_another_exporter_gives_data(prometheus: Server, expr: str) -> None:
    wait_until(lambda: bool(asked(prometheus, expr)), PATIENCE, f"data of {expr}", interval=0.25)


@pytest.mark.parametrize(("expr", "family"), NOT_ANSWERED.values(), ids=NOT_ANSWERED)
def test_a_query_that_gives_no_data_is_listed_with_the_reason(prometheus: Server, expr: str, family: str) -> None:
    assert asked(prometheus, expr) == []
    assert any(family in peer.not_given for peer in PEERS)


def test_an_alert_on_absence_is_silent(prometheus: Server) -> None:
    wait_until(lambda: bool(asked(prometheus, "kminion_kafka_consumer_group_topic_lag")), PATIENCE, "the group's lag")
    assert asked(prometheus, "absent(kminion_kafka_consumer_group_topic_lag)") == []


def test_exporters_agree_where_they_say_the_same(prometheus: Server) -> None:
    by_topic = "sum by (topic) ({})"
    pairs = {
        "kafka_consumergroup_lag": "kafka_consumergroup_group_lag",
        "kafka_consumergroup_lag_sum": "kafka_consumergroup_uncommitted_offsets_sum",
        "kafka_topic_partition_current_offset": "kafka_partition_latest_offset",
        "kafka_consumergroup_current_offset": "kafka_consumergroup_group_offset",
    }
    for one, other in pairs.items():
        difference = f"{by_topic.format(one)} - {by_topic.format(other)}"
        wait_until(lambda expr=difference: bool(asked(prometheus, expr)), PATIENCE, difference)
        assert {sample["value"][1] for sample in asked(prometheus, difference)} == {"0"}, difference


def test_nothing_more_is_asked_of_kafka_than_without(prometheus: Server) -> None:
    kinds = "burrow_exporter_kafka_requests"
    wait_until(lambda: bool(asked(prometheus, kinds)), PATIENCE, kinds)
    assert {sample["metric"]["kind"] for sample in asked(prometheus, kinds)} <= {
        "Metadata",
        "ListGroups",
        "OffsetFetch",
        "ListOffsets",
        "DescribeGroups",
    }
