"""Which groups are measured against the last stable offset."""

from __future__ import annotations

import re

import pytest

from exporter.settings import Cluster, GroupOverride, Groups
from exporter.sources.kafka import KafkaSource
from tests.support.kafka_responses import OneBroker
from tests.unit.sources.kafka.test_corrupt_responses import GOOD

YES = GroupOverride(re.compile("h"), read_committed=True)
NO = GroupOverride(re.compile("g"), read_committed=False)


@pytest.mark.parametrize(
    ("overrides", "of_cluster", "readers"),
    [
        ((), None, set()),
        ((), "g", {"g"}),
        ((YES,), None, {"h"}),
        ((YES, NO), ".", {"h"}),
        ((GroupOverride(re.compile("h"), window=60.0), YES), None, set()),
        ((GroupOverride(re.compile("h"), topics=re.compile(""), window=60.0), YES), None, {"h"}),
    ],
)
def test_an_override_says_it_for_its_groups_and_the_cluster_for_the_rest(
    overrides: tuple[GroupOverride, ...], of_cluster: str | None, readers: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = OneBroker(**GOOD)
    monkeypatch.setattr("exporter.sources.kafka.source.BrokerConnections", lambda _: broker)
    pattern = None if of_cluster is None else re.compile(of_cluster)
    source = KafkaSource(Cluster("c", ("k:1",), groups=Groups(overrides=overrides), read_committed=pattern))
    observed = source.observe(10.0)
    assert observed.groups.keys() >= {"g", "h"}
    assert observed.committed_readers == readers
    assert bool(observed.stable_offsets) == bool(readers)
