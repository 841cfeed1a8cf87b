"""Two exporters that share the groups of a real Kafka, beside one that has them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from testbed.kafka import Kafka
from testbed.producers import fill
from testbed.scrape import Page, scrape
from testbed.servers import Server

pytestmark = pytest.mark.real

SHARDS = 2
GROUPS = 6
CHANGING = ("seconds", "margin", "complete")
"""Parts of the names of metrics whose numbers differ from one second to the next, or from one exporter to another."""


def of_groups(page: Page, mark: str) -> set[tuple[Any, ...]]:
    """The series of Kafka's groups and topics with this mark in their names, with their numbers where those stay."""
    return {
        (
            sample.name,
            *sorted(sample.labels.items()),
            None if any(part in sample.name for part in CHANGING) else sample.value,
        )
        for sample in page.samples
        if sample.name.startswith("burrow_kafka_") and any(mark in value for value in sample.labels.values())
    }


def test_two_shards_together_are_one_exporter(
    kafka: Kafka, start_exporter: Callable[..., Server], unique: Callable[[str], str]
) -> None:
    mark = unique("shards")
    topic = kafka.create_topic(f"{mark}-orders", partitions=2)
    fill(kafka, topic, records=5)
    for number in range(GROUPS):
        kafka.commit(f"{mark}-{number}", {(topic, 0): 3, (topic, 1): 5})
    cluster = {
        "bootstrap_servers": list(kafka.bootstrap_servers),
        "groups": {"allow": f"^{mark}"},
        "topics": {"allow": f"^{mark}"},
    }
    config = {"clusters": {"c": cluster}}
    count = f"--shard.count={SHARDS}"
    one = start_exporter(config)
    shards = [start_exporter(config, count, env={"KBE_SHARD_INDEX": f"pod-{index}"}) for index in range(SHARDS)]
    whole = of_groups(scrape(f"{one.url}/metrics"), mark)
    parts = [of_groups(scrape(f"{shard.url}/metrics"), mark) for shard in shards]
    assert set().union(*parts) == whole
    assert sum(map(len, parts)) == len(whole)
    assert all(parts)
