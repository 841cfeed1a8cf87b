"""The running exporter, and how it is rebuilt from a changed configuration."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from starlette.types import ASGIApp

from exporter import logs
from exporter.collector import Collector, HistoryStore
from exporter.config import warnings
from exporter.core.evaluation import Evaluation
from exporter.schema import ConfigError
from exporter.settings import Cluster, Settings
from exporter.sources import Source
from exporter.web.app import make_app
from exporter.web.lifecycle import Current
from exporter.web.middleware import Guard
from exporter.web.server.threads import Threads

log = logging.getLogger(__name__)

RESTART_ONLY = ("listen_address", "config_file")
"""Settings of the port that change only at a restart."""


class Running:
    """The running exporter: its settings, its collector, and the application that shows what it collects.

    ``app`` stays the same object and always answers with the settings in force.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        read_settings: Callable[[], Settings],
        open_source: Callable[[Cluster], Source],
        storage: HistoryStore | None = None,
        guard: Guard | None = None,
    ) -> None:
        self.settings = settings
        self.reload_failed = False
        self._read_settings = read_settings
        self._open_source = open_source
        self._guard = guard
        self._reloading: Threads[str | None] = Threads("reload", 1)
        sources = {cluster.name: open_source(cluster) for cluster in settings.clusters}
        self._collector = Collector(settings, sources, storage=storage)
        self.app = Current(self._make_app())

    async def reload(self) -> str | None:
        """Reload the configuration; returns None or, if the old one stays in force, the reason."""
        wrong = await self._reloading.run(self._reload)
        self.reload_failed = wrong is not None
        if wrong is None:
            self.app.app = self._make_app()
            log.info("configuration reloaded")
        return wrong

    def close(self) -> None:
        """Close the collector and its sources; idempotent."""
        self._collector.close()

    def _reload(self) -> str | None:
        try:
            settings = keeping_restart_settings(self.settings, self._read_settings())
            sources = {
                cluster.name: self._open_source(cluster) for cluster in to_connect(self.settings, settings.clusters)
            }
        except ConfigError as error:
            for mistake in error.mistakes:
                log.error("configuration not reloaded, the previous one stays in effect: %s", mistake)
            return str(error)
        except Exception:
            log.exception("configuration not reloaded, the previous one stays in effect")
            return "unexpected error; see the exporter's log"
        if settings.log != self.settings.log:
            logs.set_up(settings.log)
        self._collector = self._collector.reconfigured(settings, sources)
        self.settings = settings
        for oddity in warnings(settings):
            log.warning(oddity)
        return None

    def _make_app(self) -> ASGIApp:
        return make_app(
            self._collector,
            self.settings,
            guard=self._guard,
            reload=self.reload,
            reload_failed=lambda: self.reload_failed,
        )


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
    return replace(cluster, evaluation=Evaluation(), granularity="partition")


def _has_certificates(cluster: Cluster) -> bool:
    return cluster.tls is not None and bool(cluster.tls.ca_file or cluster.tls.cert_file)
