"""`serve`: the exporter itself."""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path

import click

from exporter.cli.failures import RunFailed
from exporter.cli.options import settings_options
from exporter.config import oddities
from exporter.quoting import quoted
from exporter.settings import Settings

log = logging.getLogger(__name__)


@click.command()
@settings_options(web=True)
def serve(settings: Settings) -> None:
    """Serve the metrics for Prometheus to scrape (the default).

    Kafka is asked when somebody scrapes; a cluster that cannot be reached keeps nothing from starting.
    """
    # Imported here, so that a mistake in the configuration is told before Kafka and numpy are loaded.
    from exporter.collector import Collector  # noqa: PLC0415
    from exporter.sources.kafka import KafkaSource  # noqa: PLC0415
    from exporter.storage import Storage  # noqa: PLC0415
    from exporter.web.app import make_app  # noqa: PLC0415
    from exporter.web.server import serve as answer  # noqa: PLC0415

    for oddity in oddities(settings):
        log.warning(oddity)
    sources = {cluster.name: KafkaSource(cluster) for cluster in settings.clusters}
    storage = Storage(Path(settings.storage.path)) if settings.storage.path else None
    with closing(Collector(settings, sources, storage=storage)) as collector:
        try:
            answer(make_app(collector, settings), settings.web)
        except OSError as error:
            where = quoted(settings.web.listen_address)
            reason = (error.strerror or str(error)).lower()
            raise RunFailed(f"cannot listen on {where}: {reason}; choose another --web.listen-address") from error
