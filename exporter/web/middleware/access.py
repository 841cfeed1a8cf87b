"""The web configuration applied to each request, in the exporter-toolkit's order: rate limit, headers, password."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.web.middleware.guard import Guard
from exporter.web.middleware.presence import Presence
from exporter.web.server.newest_first import GivenUp

HEALTH: Final = frozenset({b"/-/healthy", b"/-/ready", b"/burrow/admin", b"/burrow/admin/ready"})
"""Paths that need no password if the configuration says so; compared as sent, before any unescaping."""


class AccessControl:
    """Passes a request on, or refuses it. ``open_health``: the paths in HEALTH need no password."""

    def __init__(self, app: ASGIApp, guard: Guard, *, open_health: bool = False) -> None:
        self._app = app
        self._guard = guard
        self._open = HEALTH if open_health else frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes one request on, or refuses it."""
        config = self._guard.config()
        if not self._guard.within_rate(config):
            await _refusal(HTTPStatus.TOO_MANY_REQUESTS)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in config.headers.items():
                    headers[name] = value
            await send(message)

        if config.users and not (scope["raw_path"] in self._open and scope["method"] in {"GET", "HEAD"}):
            authorization = Headers(scope=scope).get("authorization", "")
            presence = Presence(receive)
            receive = presence.receive
            try:
                admitted = await presence.while_here(self._guard.passwords.admit(authorization, config.users))
            except ClientDisconnect:  # nobody reads an answer
                return
            except GivenUp:
                # There are more wrong passwords than can be compared.
                await _refusal(HTTPStatus.SERVICE_UNAVAILABLE, **{"Retry-After": "1"})(
                    scope, receive, send_with_headers
                )
                return
            except asyncio.CancelledError:
                # The server cancels requests that are still running at the end of the stop.
                await _refusal(HTTPStatus.SERVICE_UNAVAILABLE)(scope, receive, send_with_headers)
                return
            if not admitted:
                await _refusal(HTTPStatus.UNAUTHORIZED, **{"WWW-Authenticate": "Basic"})(
                    scope, receive, send_with_headers
                )
                return
        await self._app(scope, receive, send_with_headers)


def _refusal(status: HTTPStatus, **headers: str) -> PlainTextResponse:
    return PlainTextResponse(f"{status.phrase}\n", status, headers)
