"""Scraping a metrics page as Prometheus does, and reading it."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from testbed.processes import TestbedError
from testbed.servers import get

PARTITION_STATUS = {1: "OK", 2: "WARN", 3: "ERR", 4: "STOP", 5: "STALL", 6: "REWIND"}
"""The names of the numbers of a status."""


@dataclass(frozen=True, slots=True)
class Page:
    """The samples of one scrape, as prometheus_client's own parser reads them."""

    text: str
    samples: tuple[Sample, ...]

    def select(self, name: str, **labels: str) -> Iterator[Sample]:
        """The samples of this name that have at least these labels."""
        for sample in self.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                yield sample

    def value(self, name: str, **labels: str) -> float | None:
        """The value of the only such sample; None if there is none."""
        found = list(self.select(name, **labels))
        if len(found) > 1:
            raise TestbedError(f"{len(found)} samples are {name}{labels}")
        return found[0].value if found else None

    def worst_status(self, group: str) -> str | None:
        """The status of the group's worst partition, by name; None if it has none."""
        found = self.select("burrow_kafka_topic_partition_status", consumer_group=group)
        worst = max((int(sample.value) for sample in found), default=None)
        return None if worst is None else PARTITION_STATUS[worst]


def scrape(url: str, timeout: float = 10.0) -> Page:
    """One scrape of the page at ``url`` that leaves the exporter ``timeout`` seconds."""
    try:
        status, text = get(url, {"X-Prometheus-Scrape-Timeout-Seconds": f"{timeout:g}"}, timeout)
    except (OSError, http.client.HTTPException) as error:
        raise TestbedError(f"{url} was not scraped: {error}") from error
    if status != http.HTTPStatus.OK:
        raise TestbedError(f"{url} was answered with status {status}: {text[:200]}")
    return parse(text)


def parse(text: str) -> Page:
    """The page with this text, in Prometheus' own format."""
    samples = tuple(sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return Page(text, samples)
