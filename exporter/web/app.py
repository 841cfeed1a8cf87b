"""The routes: scrapes, the exporter's health, status pages, Burrow's API."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.collector import Collector
from exporter.metrics import Page, Pages
from exporter.settings import Collection, Settings
from exporter.web import v3
from exporter.web.lifecycle import Lifecycle, Reload
from exporter.web.middleware import AccessControl, Guard
from exporter.web.middleware.request_sizes import Sizes
from exporter.web.pages import routes as for_people
from exporter.web.server.threads import Threads

SCRAPES_AT_ONCE: Final = 32
"""Threads for scrapes. They wait for the same collection, so further scrapes find a report that is just finished."""

SHORTEST_DEADLINE: Final = 0.05
LONGEST_DEADLINE: Final = 300.0
"""Seconds. After five minutes Prometheus treats a series as stale, so waiting longer helps nobody."""

PIECE: Final = 256 * 1024
"""Bytes sent at a time, so that a slow scraper takes this much memory and not a whole page."""

SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


async def cannot_reload() -> str:
    """The failure of a reload in an application that was created without one."""
    return "there is no configuration to reload"


def make_app(
    collector: Collector,
    settings: Settings,
    *,
    guard: Guard | None = None,
    reload: Reload = cannot_reload,
    reload_failed: Callable[[], bool] = lambda: False,
) -> Starlette:
    """The application that answers on the exporter's port.

    ``guard`` adds authentication, headers and the rate limit. ``reload`` reloads the configuration and returns None, or
    why it failed; ``reload_failed`` tells whether the last reload failed.
    """
    pages = Pages(settings)
    threads: Threads[Page] = Threads("scrape", SCRAPES_AT_ONCE)

    async def scrape(request: Request) -> Response:
        loop = asyncio.get_running_loop()
        timeout = deadline(request.headers, settings.collection)
        until = loop.time() + timeout

        def make_page() -> Page:
            # Waiting for a thread counts too: the scraper's timeout runs since its request.
            left = max(until - loop.time(), SHORTEST_DEADLINE)
            return pages.page(
                collector.collect(left),
                deadline=timeout,
                accept=request.headers.get("accept", ""),
                accept_encoding=request.headers.get("accept-encoding", ""),
                names=frozenset(request.query_params.getlist("name[]")),
                reload_failed=reload_failed(),
            )

        try:
            page = await threads.run(make_page)
        except asyncio.CancelledError:
            # The server cancels requests that are still running at the end of the stop.
            return PlainTextResponse("The exporter is stopping.\n", status_code=503)
        headers = {"Content-Length": str(sum(map(len, page.pieces)))}
        if page.encoding is not None:
            headers["Content-Encoding"] = page.encoding
        # As a header, because Starlette would append a charset to a media type.
        headers["Content-Type"] = page.content_type
        return StreamingResponse(in_pieces(page.pieces), headers=headers)

    async def healthy(_: Request) -> Response:
        return PlainTextResponse("Healthy: the process answers.\n")

    async def ready(_: Request) -> Response:
        return PlainTextResponse(
            "Ready: scrapes are answered. Whether a cluster can be read: see burrow_kafka_cluster_up.\n"
        )

    locked = (
        [Middleware(AccessControl, guard, open_health=settings.web.unauthenticated_health)] if guard is not None else []
    )
    app = Starlette(
        routes=[
            Route(settings.web.telemetry_path, scrape),
            Route("/-/healthy", healthy),
            Route("/-/ready", ready),
            Route("/-/reload", Lifecycle(reload, enabled=settings.web.enable_lifecycle)),
            *for_people(collector, settings),
        ],
        middleware=[Middleware(SecurityHeaders), Middleware(Sizes), *locked],
        # Starlette raises the error again after this answer, and the server logs it with its traceback.
        exception_handlers={Exception: internal_error},
    )
    # Starlette would build the redirect from the Host header, which any client can set.
    app.router.redirect_slashes = False
    # Evaluated at each request: the web configuration file can change while the exporter runs.
    authenticated = (lambda: guard.config().authenticates) if guard is not None else (lambda: False)
    app.router.default = v3.Api(collector, settings, authenticated=authenticated)
    return app


def deadline(headers: Headers, collection: Collection) -> float:
    """Seconds that a scrape gives the collection: the scraper's timeout, or else the default, less the margin."""
    try:
        asked = float(headers.get("x-prometheus-scrape-timeout-seconds", ""))
    except ValueError:
        asked = math.nan
    timeout = asked if 0 < asked < math.inf else collection.scrape_timeout
    return min(max(timeout - collection.timeout_offset, SHORTEST_DEADLINE), LONGEST_DEADLINE)


async def in_pieces(parts: Iterable[bytes]) -> AsyncIterator[memoryview]:
    """The same bytes in pieces of at most PIECE."""
    for part in parts:
        view = memoryview(part)
        for start in range(0, len(view), PIECE):
            yield view[start : start + PIECE]


async def internal_error(_: Request, __: Exception) -> Response:
    """One plain line for an unexpected error."""
    # Made outside of the middleware that adds these headers to other answers.
    return PlainTextResponse("Internal error; see the exporter's log.\n", 500, SECURITY_HEADERS)


class SecurityHeaders:
    """Adds SECURITY_HEADERS to every answer that does not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers to its answer."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
