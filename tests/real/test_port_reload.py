"""A running exporter, at a real Kafka, that is told by a signal to read its configuration again."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed import servers
from testbed.kafka import Kafka
from testbed.processes import wait_until
from testbed.producers import fill
from testbed.scrape import Page, scrape
from testbed.servers import Server

pytestmark = pytest.mark.real

PATIENCE = 60.0
SUCCESSFUL = "burrow_exporter_config_last_reload_successful"
COMPLETE = "burrow_kafka_consumer_complete_ratio"
OFFSET = "burrow_kafka_consumer_current_offset"
PROCESS = "process_start_time_seconds"
Configure = Callable[[dict[str, Any]], None]


@pytest.fixture
def config(kafka: Kafka) -> dict[str, Any]:
    evaluation = {"window": "3s", "patience": "3s", "min_distance": "500ms"}
    return {
        "clusters": {"kept": {"bootstrap_servers": list(kafka.bootstrap_servers), "evaluation": evaluation}},
        "collection": {"min_interval": "0s"},
    }


@pytest.fixture
def exporter(config: dict[str, Any], tmp_path: Path) -> Iterator[Server]:
    with servers.exporter(tmp_path, config) as exporter:
        yield exporter


@pytest.fixture
def reconfigure(exporter: Server, tmp_path: Path) -> Configure:
    """Writes another configuration, and has it read; the address stays."""
    file = tmp_path / "exporter.yml"
    web = yaml.safe_load(file.read_text())["web"]

    def reconfigure(config: dict[str, Any]) -> None:
        file.write_text(yaml.safe_dump({**config, "web": web}))
        exporter.signal(signal.SIGHUP)

    return reconfigure


def test_a_cluster_that_stays_is_judged_on_by_what_is_known_of_it(
    kafka: Kafka,
    config: dict[str, Any],
    exporter: Server,
    reconfigure: Configure,
    unique: Callable[[str], str],
) -> None:
    topic, group = kafka.create_topic(unique("topic")), unique("group")
    fill(kafka, topic, 1000)
    offsets = count(1)

    def page() -> Page:
        return scrape(f"{exporter.url}/metrics")

    def watched() -> bool:
        kafka.commit(group, {(topic, 0): next(offsets)})
        return page().value(COMPLETE, cluster="kept", consumer_group=group) == 1.0

    wait_until(watched, PATIENCE, "a window of commits", interval=0.6)
    before = page()
    kept = config["clusters"]["kept"]
    config["clusters"] = {"kept": {**kept, "client_id": "another"}, "new": {**kept, "granularity": "group"}}
    reconfigure(config)
    wait_until(lambda: any(page().select(COMPLETE, cluster="new")), PATIENCE, "the new cluster on the page")
    after = page()
    assert after.value(PROCESS) == before.value(PROCESS)
    assert after.value(SUCCESSFUL) == 1
    assert after.value(COMPLETE, cluster="kept", consumer_group=group) == 1.0
    # What is new knows nothing of before, though it is the same Kafka.
    begun = after.value(COMPLETE, cluster="new", consumer_group=group)
    assert begun is not None
    assert begun < 1.0
    assert any(after.select(OFFSET, cluster="kept", consumer_group=group))
    assert not any(after.select(OFFSET, cluster="new"))


def test_a_broken_configuration_leaves_the_running_one_and_says_so(
    config: dict[str, Any], exporter: Server, reconfigure: Configure
) -> None:
    page = f"{exporter.url}/metrics"
    assert scrape(page).value(SUCCESSFUL) == 1
    reconfigure({**config, "collections": {}})
    wait_until(lambda: scrape(page).value(SUCCESSFUL) == 0, PATIENCE, "the mistake to be told")
    assert scrape(page).value("burrow_kafka_cluster_up", cluster="kept") == 1
    assert "collections: unknown key; did you mean" in exporter.log.read_text()
    reconfigure(config)
    wait_until(lambda: scrape(page).value(SUCCESSFUL) == 1, PATIENCE, "the mended configuration")
    exporter.stop()
    assert exporter.exit_code == 0
