"""What is running, its reload from a changed configuration, and what became of the last one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from exporter import logs
from exporter.collector import Collector
from exporter.config import warnings
from exporter.core.evaluation import EvaluationSettings
from exporter.metrics import LastReload
from exporter.schema import ConfigError
from exporter.settings import Cluster, GroupOverride, Metrics, Settings
from exporter.settings.exported_metrics import TELL_OF_REPLICAS
from exporter.sources import Source
from exporter.storage import HistoryStore

log = logging.getLogger(__name__)

RESTART_ONLY = ("listen_address", "config_file")
"""Settings of the port that change only at a restart."""


class Service:
    """The running exporter: the settings in effect, the collector that they configure, and the last reload."""

    def __init__(
        self,
        settings: Settings,
        *,
        read_settings: Callable[[], Settings],
        open_source: Callable[[Cluster], Source],
        storage: HistoryStore | None = None,
    ) -> None:
        self.settings = settings
        self.last_reload = LastReload()
        self._read_settings = read_settings
        self._open_source = open_source
        sources = {cluster.name: open_source(cluster) for cluster in settings.clusters}
        self.collector = Collector(settings, sources, storage=storage)

    def reload(self) -> str | None:
        """Reloads the configuration; returns None or, if the previous one stays in effect, the reason.

        Reads files and opens connections, so it is called by a thread of its own, and by one at a time.
        """
        try:
            settings = keeping_restart_settings(self.settings, self._read_settings())
            sources = {
                cluster.name: self._open_source(cluster) for cluster in to_connect(self.settings, settings.clusters)
            }
        except ConfigError as error:
            for mistake in error.mistakes:
                log.error("configuration not reloaded, the previous one stays in effect: %s", mistake)
            return self._failed(str(error))
        except Exception:
            log.exception("configuration not reloaded, the previous one stays in effect")
            return self._failed("unexpected error; see the exporter's log")
        if settings.log != self.settings.log:
            logs.set_up(settings.log)
        self.collector = self.collector.reconfigured(settings, sources)
        self.settings = settings
        for warning in warnings(settings):
            log.warning(warning)
        self.last_reload.succeed()
        return None

    def close(self) -> None:
        """Closes the collector and its sources; idempotent."""
        self.collector.close()

    def _failed(self, reason: str) -> str:
        self.last_reload.failed = True
        return reason


def keeping_restart_settings(before: Settings, after: Settings) -> Settings:
    """The settings after a reload: what only a restart can change keeps its old value, with a warning."""
    kept = {name: getattr(before.web, name) for name in RESTART_ONLY}
    changed = [f"web.{name}" for name in RESTART_ONLY if getattr(after.web, name) != kept[name]]
    if after.storage != before.storage:
        changed.append("storage.path")
    for name in changed:
        log.warning("%s has changed; that takes effect when the exporter is started again", name)
    return replace(after, web=replace(after.web, **kept), storage=before.storage)


def to_connect(before: Settings, clusters: tuple[Cluster, ...]) -> list[Cluster]:
    """The clusters that need a new source: new ones, and those whose connection settings have changed.

    Clusters with certificate files always do: the files may have changed.
    """
    known = {cluster.name: _as_read(cluster) for cluster in before.clusters}
    return [
        cluster for cluster in clusters if known.get(cluster.name) != _as_read(cluster) or _has_certificates(cluster)
    ]


def _as_read(cluster: Cluster) -> Cluster:
    """The cluster without the settings that do not concern its source."""
    overrides = tuple(
        GroupOverride(one.match, read_committed=one.read_committed)
        for one in cluster.groups.overrides
        if one.topics is None
    )
    if all(override.read_committed is None for override in overrides):
        overrides = ()
    groups = replace(cluster.groups, overrides=overrides)
    metrics = Metrics(compatibility=tuple(sorted(TELL_OF_REPLICAS)) if cluster.metrics.need_placement else None)
    return replace(cluster, groups=groups, evaluation=EvaluationSettings(), granularity="partition", metrics=metrics)


def _has_certificates(cluster: Cluster) -> bool:
    return cluster.tls is not None and bool(cluster.tls.ca_file or cluster.tls.cert_file)
