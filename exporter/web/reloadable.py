"""The application that a reload of the configuration replaces."""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.service import Service
from exporter.web.app import make_app
from exporter.web.middleware import Guard
from exporter.web.server.threads import Threads

log = logging.getLogger(__name__)


class ReloadableApp:
    """Forwards to the application of the settings in effect; a reload replaces it between two requests."""

    def __init__(self, service: Service, guard: Guard | None = None) -> None:
        self._service = service
        self._guard = guard
        self._threads: Threads[str | None] = Threads("reload", 1)
        self._app = self._make_app()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forwards one request."""
        await self._app(scope, receive, send)

    async def reload(self) -> str | None:
        """Reloads the configuration; returns None or, if the previous one stays in effect, the reason."""
        reason = await self._threads.run(self._service.reload)
        if reason is None:
            self._app = self._make_app()
            log.info("configuration reloaded")
        return reason

    def _make_app(self) -> ASGIApp:
        service = self._service
        return make_app(
            service.collector, service.settings, guard=self._guard, reload=self.reload, last_reload=service.last_reload
        )
