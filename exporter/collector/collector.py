"""All clusters: a scrape becomes a collection of each, in parallel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from exporter import clock as clocks
from exporter.collector.cluster_collector import ClusterCollector
from exporter.core.report import Outcome
from exporter.settings import Settings
from exporter.sources import Source
from exporter.storage import HistoryStore

GRACE: Final = 1.0
"""Seconds. A cluster that did not answer in time last time is waited for so long, so that it does not make every scrape
of the others slow; once it answers again, the scrape after that has it."""


class Collector:
    """Turns scrapes into collections: one at a time for each cluster, all clusters in parallel."""

    def __init__(
        self,
        settings: Settings,
        sources: Mapping[str, Source],
        clock: Callable[[], float] = clocks.running,
        storage: HistoryStore | None = None,
        staying: Mapping[str, ClusterCollector] | None = None,
    ) -> None:
        self._collection = settings.collection
        self._clock = clock
        self._storage = storage
        collectors = staying or {}
        self._collectors = tuple(
            collectors.get(cluster.name)
            or ClusterCollector(cluster, settings.collection, sources[cluster.name], clock, storage)
            for cluster in settings.clusters
        )

    def collect(self, timeout: float, cluster: str | None = None) -> tuple[Outcome, ...]:
        """Returns what is known of each cluster, in the order of the settings, within ``timeout`` seconds.

        A report younger than ``min_interval`` is served again; otherwise a collection is started, or joined. With the
        name of a ``cluster`` the others are left alone.
        """
        started = self._clock()
        deadline = started + timeout
        collectors = [collector for collector in self._collectors if cluster in (None, collector.name)]
        for collector in collectors:
            collector.start(timeout)
        # A cluster that was asked for alone delays no other.
        prompt = [collector for collector in collectors if collector.prompt or cluster is not None]
        outcomes = {collector: collector.outcome(deadline) for collector in prompt}
        # The others have at least as long as these have taken.
        enough = min(max(started + GRACE, self._clock()), deadline)
        return tuple(outcomes.get(collector) or collector.outcome(enough) for collector in collectors)

    def latest(self) -> tuple[Outcome, ...]:
        """Returns what is known of each cluster; only clusters with a report older than ``min_interval`` are read."""
        return self.collect(self._collection.scrape_timeout - self._collection.timeout_offset)

    def forget(self, cluster: str, group: str, topic: str | None = None) -> None:
        """Discards what is retained of a group, or of it on one topic, before the next collection.

        Unknown names are ignored.
        """
        for collector in self._collectors:
            if collector.name == cluster:
                collector.forget(group, topic)

    def reconfigured(self, settings: Settings, sources: Mapping[str, Source]) -> Collector:
        """Returns a collector with other settings that keeps the histories of the remaining clusters, by name.

        ``sources`` has those of new clusters and those that replace another. This collector must not be closed.
        """
        collectors = {collector.name: collector for collector in self._collectors}
        after = Collector(settings, sources, self._clock, self._storage, staying=collectors)
        for cluster in settings.clusters:
            if (collector := collectors.pop(cluster.name, None)) is not None:
                collector.reconfigure(cluster, settings.collection, sources.get(cluster.name))
        for gone in collectors.values():
            gone.close()
        return after

    def close(self) -> None:
        """Closes all sources; a running collection is not waited for."""
        for collector in self._collectors:
            collector.close()
