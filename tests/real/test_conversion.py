"""A configuration of Burrow's is converted, and the exporter runs with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from exporter.conversion import convert
from testbed.kafka import Kafka
from testbed.scrape import scrape
from testbed.servers import Server
from tests.support.repository import ROOT

pytestmark = pytest.mark.real

ARTICLE = ROOT / "tests" / "unit" / "conversion" / "data" / "article.toml"


def test_the_exporter_runs_with_what_burrow_s_configuration_became(
    kafka: Kafka, start_exporter: Callable[..., Server], unique: Callable[[str], str]
) -> None:
    topic = kafka.create_topic(unique("orders"))
    watched, denied = unique("billing"), unique("console-consumer")
    for group in (watched, denied):
        kafka.commit(group, {(topic, 0): 0})
    brokers = '"broker-1:9092", "broker-2:9092", "broker-3:9092"'
    text = ARTICLE.read_text("utf-8")
    assert brokers in text
    there = ", ".join(f'"{server}"' for server in kafka.bootstrap_servers)
    # Nothing listens on port 1: without its ZooKeeper, Kafka's groups are judged nevertheless.
    text = text.replace(brokers, there).replace('"zookeeper:2181"', '"127.0.0.1:1"')
    converted = yaml.safe_load(convert(text, Path(ARTICLE).name).exporter)
    page = scrape(f"{start_exporter(converted).url}/metrics", timeout=4)
    assert page.value("burrow_kafka_cluster_up", cluster="kafka") == 1
    assert page.value("burrow_exporter_failures", cluster="kafka", scope="zookeeper", reason="connection") == 1
    assert page.value("burrow_kafka_consumer_status", cluster="kafka", consumer_group=watched) == 1
    assert not list(page.select("burrow_kafka_consumer_status", consumer_group=denied))
