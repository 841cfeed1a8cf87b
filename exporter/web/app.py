"""The application on the exporter's port: scrapes and their discovery, health, status pages, Burrow's API."""

from __future__ import annotations

import re

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.collector import Collector
from exporter.metrics import LastReload
from exporter.settings import Settings
from exporter.web import pages, v3
from exporter.web.discovery import Discovery
from exporter.web.lifecycle import Lifecycle, Reload
from exporter.web.middleware import (
    SECURITY_HEADERS,
    AccessControl,
    Guard,
    OtherSites,
    RequestSizeLimit,
    SecurityHeaders,
)
from exporter.web.scrape import ScrapeEndpoint


async def cannot_reload() -> str:
    """The failure of a reload in an application that was created without one."""
    return "there is no configuration to reload"


def make_app(
    collector: Collector,
    settings: Settings,
    *,
    guard: Guard | None = None,
    reload: Reload = cannot_reload,
    last_reload: LastReload | None = None,
) -> Starlette:
    """The application that answers on the exporter's port.

    ``guard`` adds authentication, headers and the rate limit. ``reload`` reloads the configuration and returns None, or
    why it failed; ``last_reload`` says what became of the last one.
    """
    protection = (
        [Middleware(AccessControl, guard, open_health=settings.web.unauthenticated_health)] if guard is not None else []
    )
    routes = [
        Route(settings.web.telemetry_path, ScrapeEndpoint(collector, settings, last_reload).respond),
        Route("/sd", Discovery(settings).respond),
        Route("/-/healthy", _healthy),
        Route("/-/ready", _ready),
        Route("/-/reload", Lifecycle(reload, enabled=settings.web.enable_lifecycle)),
        *pages.routes(collector, settings),
    ]
    for route in routes:
        # Starlette's "$" matches before a line end, too: /metrics%0A would be /metrics.
        route.path_regex = re.compile(route.path_regex.pattern.removesuffix("$") + r"\Z")
    other_sites = Middleware(OtherSites, settings.web.access_control_allow_origin)
    app = Starlette(
        routes=routes,
        middleware=[Middleware(SecurityHeaders), Middleware(RequestSizeLimit), *protection, other_sites],
        # Starlette raises the error again after this answer, and the server logs it with its traceback.
        exception_handlers={Exception: _internal_error},
    )
    # Starlette would build the redirect from the Host header, which any client can set.
    app.router.redirect_slashes = False
    # Evaluated at each request: the web configuration file can change while the exporter runs.
    authenticated = (lambda: guard.config().authenticates) if guard is not None else (lambda: False)
    app.router.default = v3.Api(collector, settings, authenticated=authenticated)
    return app


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("Healthy: the process answers.\n")


async def _ready(_: Request) -> Response:
    return PlainTextResponse(
        "Ready: scrapes are answered. Whether a cluster can be read: see burrow_kafka_cluster_up.\n"
    )


async def _internal_error(_: Request, __: Exception) -> Response:
    """One plain line for an unexpected error."""
    # Made outside of the middleware that adds these headers to other answers.
    return PlainTextResponse("Internal error; see the exporter's log.\n", 500, SECURITY_HEADERS)
