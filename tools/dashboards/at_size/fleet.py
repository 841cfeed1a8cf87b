"""A large made-up fleet as OpenMetrics text: what a Prometheus would have scraped from the exporter in an hour."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

CLUSTER = "east"
SCRAPE = 30
"""Seconds between two scrapes."""

READERS = 5
"""Groups that read each topic."""

EXPORTER = {"job": "kafka-burrow-exporter", "instance": "exporter:8000"}
GROUP_LEVELS = (1, 1, 1, 2, 3)
"""Statuses in turn: of five groups one is in ERR, which is as many alerts."""

STOP = 4

# Name → value in the first scrape.
_EXPORTER = {
    "up": 1,
    "burrow_exporter_build_info": 1,
    "scrape_duration_seconds": 3,
    "scrape_samples_scraped": 200_000,
    "process_resident_memory_bytes": 500_000_000,
}
_GROUP = {
    "burrow_kafka_consumer_status": 1,
    "burrow_kafka_consumer_complete_ratio": 1,
    "burrow_kafka_consumer_lag_total": 1_000,
    "burrow_kafka_consumer_max_lag_seconds": 5,
    "burrow_kafka_consumer_lag_seconds_is_lower_bound": 0,
    "burrow_kafka_consumer_catch_up_seconds": 60,
    "burrow_kafka_consumer_retention_margin_ratio": 1,
    "burrow_kafka_consumer_members": 3,
    "burrow_kafka_consumer_partitions": 4,
    "burrow_kafka_consumer_info": 1,
}
# Name → value in the first scrape, growth per second.
_PARTITION = {
    "burrow_kafka_topic_partition_status": (1, 0),
    "burrow_kafka_consumer_partition_lag": (250, 0),
    "burrow_kafka_consumer_partition_lag_seconds": (5, 0),
    "burrow_kafka_consumer_partition_lost_records": (0, 0),
    "burrow_kafka_consumer_current_offset": (90_000, 10),
}

Series = tuple[str, dict[str, str], int, int]
"""Name, labels, value in the first scrape, growth per second."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """How large it is, and the seconds of its first and last scrape (Unix time)."""

    groups: int
    partitions: int
    start: int
    end: int

    @property
    def group_partitions(self) -> int:
        """Every partition of every group."""
        return self.groups * self.partitions

    def text(self) -> Iterator[str]:
        """The lines, a series after the other."""
        times = range(self.start, self.end + 1, SCRAPE)
        for name, labels, value, slope in self._series():
            head = f"{name}{{{','.join(f'{key}={json.dumps(text)}' for key, text in labels.items())}}} "
            yield "".join([f"{head}{value + slope * (at - self.start)} {at}\n" for at in times])
        yield "# EOF\n"

    def _series(self) -> Iterator[Series]:
        """Each series, metric after metric."""
        for name, value in _EXPORTER.items():
            yield name, EXPORTER, value, 0
        yield "burrow_kafka_cluster_up", {**EXPORTER, "cluster": CLUSTER}, 1, 0
        for name, value in _GROUP.items():
            yield from (self._of_group(name, value, group) for group in range(self.groups))
        for name, slope in (("offset", 10), ("start_offset", 0)):
            for row in self._ends():
                yield f"burrow_kafka_topic_partition_{name}", row, 100_000, slope
        for name, (value, slope) in _PARTITION.items():
            for group in range(self.groups):
                yield from self._of_partitions(name, value, slope, group)
        for group in range(self.groups):
            yield "burrow_kafka_consumer_topic_subscribed", self._reads(group), 1, 0
        yield from self._alerts()

    def _alerts(self) -> Iterator[Series]:
        for name, more in (("ALERTS", {"alertstate": "firing"}), ("ALERTS_FOR_STATE", {})):
            for group in filter(self._bad, range(self.groups)):
                labels = {"severity": "critical", "cluster": CLUSTER, "consumer_group": f"group-{group}"}
                value = 1 if more else self.start
                yield name, {"alertname": "KafkaConsumerGroupStopped", **labels, **more}, value, 0

    def _of_partitions(self, name: str, value: int, slope: int, group: int) -> Iterator[Series]:
        status = STOP if name.endswith("_status") and self._bad(group) else value
        for partition in range(self.partitions):
            row = {**self._reads(group), "partition": str(partition)}
            yield name, row, status, 0 if self._bad(group) else slope

    def _bad(self, group: int) -> bool:
        return GROUP_LEVELS[group % READERS] == GROUP_LEVELS[-1]

    def _of_group(self, name: str, value: int, group: int) -> Series:
        if name == "burrow_kafka_consumer_status":
            return name, self._group(group), GROUP_LEVELS[group % READERS], 0
        if name == "burrow_kafka_consumer_info":
            return name, {**self._group(group), "state": "Stable"}, value, 0
        # No two groups alike: what is sorted has to be.
        return name, self._group(group), value + group, int(self._bad(group) and "lag" in name)

    def _ends(self) -> Iterator[dict[str, str]]:
        for topic in range(-(-self.groups // READERS)):
            for partition in range(self.partitions):
                yield {**EXPORTER, "cluster": CLUSTER, "topic": f"topic-{topic}", "partition": str(partition)}

    def _group(self, group: int) -> dict[str, str]:
        return {**EXPORTER, "cluster": CLUSTER, "consumer_group": f"group-{group}"}

    def _reads(self, group: int) -> dict[str, str]:
        return {**self._group(group), "topic": f"topic-{group // READERS}"}
