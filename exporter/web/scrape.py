"""The endpoint that Prometheus scrapes."""

from __future__ import annotations

import asyncio
import math
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from exporter.collector import Collector
from exporter.metrics import LastReload, Page, Pages
from exporter.quoting import quoted
from exporter.settings import Collection, Settings
from exporter.web.names import CLUSTER
from exporter.web.server.threads import Threads
from exporter.web.server.unsent import LargeAnswer

SCRAPES_AT_ONCE: Final = 32
"""Threads for scrapes. They wait for the same collection, so further scrapes find a report that is just finished."""

MIN_DEADLINE: Final = 0.05
MAX_DEADLINE: Final = 300.0
"""Seconds. After five minutes Prometheus treats a series as stale, so waiting longer helps nobody."""

MAX_SHARE_OF_PAGE: Final = 1 / 2
"""Of the time that a scrape has, so much may be kept for making the page: one that took long once, on a busy machine,
must not leave the collection without any."""


class ScrapeEndpoint:
    """Answers scrapes with the page of metrics."""

    def __init__(self, collector: Collector, settings: Settings, last_reload: LastReload | None = None) -> None:
        self._collector = collector
        self._collection = settings.collection
        # Each has its own, so that scrapes of different clusters do not make each other's pages anew.
        chosen: tuple[str | None, ...] = (None, *(cluster.name for cluster in settings.clusters))
        self._pages = {name: Pages(settings, last_reload) for name in chosen}
        self._threads: Threads[Page] = Threads("scrape", SCRAPES_AT_ONCE)

    async def respond(self, request: Request) -> Response:
        """The page, collected within the scraper's own timeout; `?cluster=NAME` limits both to one cluster."""
        cluster = request.query_params.get(CLUSTER)
        pages = self._pages.get(cluster)
        if pages is None:
            return PlainTextResponse(f"No cluster {quoted(cluster or '')} is configured.\n", HTTPStatus.NOT_FOUND)
        loop = asyncio.get_running_loop()
        timeout = deadline(request.headers, self._collection)
        # What comes after the collection must end in time as well, and takes about as long as it last did.
        timeout = max(timeout - min(pages.seconds_to_make, timeout * MAX_SHARE_OF_PAGE), MIN_DEADLINE)
        until = loop.time() + timeout
        chosen = () if cluster is None else (cluster,)

        def make_page() -> Page:
            # Waiting for a thread counts too: the scraper's timeout runs since its request.
            left = max(until - loop.time(), MIN_DEADLINE)
            return pages.page(
                self._collector.collect(left, *chosen),
                deadline=timeout,
                accept=request.headers.get("accept", ""),
                accept_encoding=request.headers.get("accept-encoding", ""),
                names=frozenset(request.query_params.getlist("name[]")),
            )

        try:
            page = await self._threads.run(make_page)
        except asyncio.CancelledError:
            # The server cancels requests that are still running at the end of the stop.
            return PlainTextResponse("The exporter is stopping.\n", status_code=503)
        headers = {"Content-Type": page.content_type}
        if page.encoding is not None:
            headers["Content-Encoding"] = page.encoding
        return LargeAnswer(page.pieces, page.length, headers=headers, held=page.held)


def deadline(headers: Headers, collection: Collection) -> float:
    """Seconds that a scrape gives collection and page: the scraper's timeout, or else the default, less the margin."""
    try:
        asked = float(headers.get("x-prometheus-scrape-timeout-seconds", ""))
    except ValueError:
        asked = math.nan
    timeout = asked if 0 < asked < math.inf else collection.scrape_timeout
    return min(max(timeout - collection.timeout_offset, MIN_DEADLINE), MAX_DEADLINE)
