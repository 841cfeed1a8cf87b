"""`serve`: the exporter itself."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import click

from exporter.cli.command_failures import BadConfiguration, RunFailed
from exporter.cli.shared_flags import settings_options
from exporter.config import warnings
from exporter.quoting import quoted
from exporter.schema import ConfigError
from exporter.settings import Settings

log = logging.getLogger(__name__)


@click.command()
@settings_options(web=True, again=True)
def serve(settings: Settings, again: Callable[[], Settings]) -> None:
    """Serve the metrics for Prometheus to scrape (the default).

    Kafka is read when Prometheus scrapes; an unreachable cluster does not keep the exporter from starting.
    """
    # SIGHUP would end the process, so it is blocked until the server can handle it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    # Imported here, so that mistakes in the configuration are reported before Kafka and numpy are loaded.
    from exporter.service import Service  # noqa: PLC0415
    from exporter.sources.opening import open_source  # noqa: PLC0415
    from exporter.storage import FolderInUse, HistoryFiles, lock  # noqa: PLC0415
    from exporter.web.middleware import Guard  # noqa: PLC0415
    from exporter.web.reloadable import ReloadableApp  # noqa: PLC0415
    from exporter.web.server import serve as answer  # noqa: PLC0415

    for oddity in warnings(settings):
        log.warning(oddity)
    try:
        guard = Guard(settings.web.config_file) if settings.web.config_file is not None else None
    except ConfigError as error:
        raise BadConfiguration(error) from None
    with ExitStack() as stack:
        storage = None
        if settings.storage.path:
            folder = Path(settings.storage.path)
            try:
                stack.enter_context(lock(folder))
            except FolderInUse as taken:
                raise RunFailed(f"{taken}; give each exporter a --storage.path of its own") from None
            storage = HistoryFiles(folder)
        service = Service(settings, read_settings=again, open_source=open_source, storage=storage)
        stack.enter_context(closing(service))
        app = ReloadableApp(service, guard)
        try:
            tls = guard.tls() if guard is not None else None
            answer(app, settings.web, tls=tls, reload=app.reload)
        except OSError as error:
            where = quoted(settings.web.listen_address)
            # Python appends the address to the system's message.
            reason = (error.strerror or str(error)).partition(" (while attempting")[0].lower()
            raise RunFailed(f"cannot listen on {where}: {reason}; choose another --web.listen-address") from error
