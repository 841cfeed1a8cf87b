"""`/-/reload`, as in Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

METHODS: Final = ("POST", "PUT")

Reload = Callable[[], Awaitable[str | None]]
"""Reloads the configuration; returns None, or why it failed."""


class Lifecycle:
    """The endpoint that reloads the configuration, if ``enabled``."""

    def __init__(self, reload: Reload, *, enabled: bool) -> None:
        self._reload = reload
        self._enabled = enabled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        answer = await self._answer(scope["method"])
        await answer(scope, receive, send)

    async def _answer(self, method: str) -> Response:
        if method not in METHODS:
            headers = {"Allow": ", ".join(METHODS)}
            return PlainTextResponse("Only POST or PUT requests allowed.\n", HTTPStatus.METHOD_NOT_ALLOWED, headers)
        if not self._enabled:
            how = "web.enable_lifecycle, or --web.enable-lifecycle"
            return PlainTextResponse(f"Lifecycle API is not enabled: {how}.\n", HTTPStatus.FORBIDDEN)
        try:
            wrong = await self._reload()
        except asyncio.CancelledError:
            # The server cancels requests that are still running at the end of the stop.
            return PlainTextResponse("The exporter is stopping.\n", HTTPStatus.SERVICE_UNAVAILABLE)
        if wrong is None:
            return PlainTextResponse("Reloaded.\n")
        return PlainTextResponse(f"Failed to reload config:\n{wrong}\n", HTTPStatus.INTERNAL_SERVER_ERROR)
