"""The routes of the pages: each asks the collector, makes a view, and renders it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.collector import Collector
from exporter.core.report import Outcome
from exporter.settings import Settings
from exporter.web.names import name_in_path, sent_path
from exporter.web.pages import cluster, consumer_group, missing, overview, state, topic
from exporter.web.pages.links import NamedRoute, root
from exporter.web.pages.missing import MissingPage
from exporter.web.pages.rendering import ASSETS, environment
from exporter.web.server.threads import Threads
from exporter.web.server.unsent import LargeAnswer

PAGES_AT_ONCE: Final = 16
"""Threads for pages, apart from those for scrapes, so that people do not delay a scraper."""

REFRESH_SECONDS: Final = 15
"""How often a visible page refreshes itself."""

HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
}
FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One request for a page: the escaped names in its path, its query, and its time (ms)."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    now: int


@dataclass(frozen=True, slots=True)
class FilledTemplate:
    """A template and the page that it shows."""

    template: str
    page: Any
    status: HTTPStatus = HTTPStatus.OK


class StatusPages:
    """Views of the collector's reports."""

    def __init__(self, collector: Collector, settings: Settings) -> None:
        self._collector = collector
        self._settings = settings
        self._clusters = {cluster.name: cluster for cluster in settings.clusters}

    def overview(self, request: PageRequest) -> FilledTemplate:
        """The groups, worst first."""
        wanted = overview.GroupFilter.of(request.query)
        shown = overview.overview(self._collector.latest(), wanted, request.now, self._settings.shard)
        return FilledTemplate("overview.html", shown)

    def cluster(self, request: PageRequest) -> FilledTemplate:
        """A cluster and its topics."""
        _, of, _ = self._cluster(request)
        if of is None:
            return self._no_cluster(request)
        return FilledTemplate("cluster.html", cluster.cluster_page(of, request.query, request.now))

    def group(self, request: PageRequest) -> FilledTemplate:
        """A group and its partitions."""
        name, of, outcomes = self._cluster(request)
        if of is None:
            return self._no_cluster(request)
        found = of.report
        group_name = name_in_path(request.path["group"], found.groups if found is not None else ())
        if found is None:
            return _missing(missing.unreadable(of, group_name))
        group = found.groups.get(group_name)
        if group is None:
            return _missing(missing.no_group(found, group_name, self._clusters[name], outcomes))
        wanted = consumer_group.PartitionFilter.of(request.query)
        return FilledTemplate("group.html", consumer_group.group_page(found, group, wanted, request.now))

    def topic(self, request: PageRequest) -> FilledTemplate:
        """A topic, its partitions and its consumers."""
        name, of, _ = self._cluster(request)
        if of is None:
            return self._no_cluster(request)
        found = of.report
        topic_name = name_in_path(request.path["topic"], found.end_offsets if found is not None else ())
        if found is None:
            return _missing(missing.unreadable(of, topic_name))
        if topic_name not in found.end_offsets:
            return _missing(missing.no_topic(found, topic_name, self._clusters[name]))
        return FilledTemplate("topic.html", topic.topic_page(found, topic_name, request.query, request.now))

    def state(self, request: PageRequest) -> FilledTemplate:
        """The exporter itself."""
        return FilledTemplate("state.html", state.state_page(self._collector.latest(), self._settings, request.now))

    def _cluster(self, request: PageRequest) -> tuple[str, Outcome | None, Sequence[Outcome]]:
        """The cluster's name in the path, its outcome (None: there is no such cluster), and all outcomes."""
        name = name_in_path(request.path["cluster"], self._clusters)
        outcomes = self._collector.latest() if name in self._clusters else ()
        return name, next((of for of in outcomes if of.cluster == name), None), outcomes

    def _no_cluster(self, request: PageRequest) -> FilledTemplate:
        return _missing(missing.no_cluster(name_in_path(request.path["cluster"], ()), self._clusters))


def _missing(page: MissingPage) -> FilledTemplate:
    return FilledTemplate("missing.html", page, page.status)


def routes(collector: Collector, settings: Settings) -> list[Route]:
    """The pages and their static files."""
    pages, templates = StatusPages(collector, settings), environment()
    templates.globals.update(
        telemetry=quote(settings.web.telemetry_path.removeprefix("/")),
        refresh=REFRESH_SECONDS,
    )
    threads: Threads[Response] = Threads("page", PAGES_AT_ONCE)

    def shown_by(view_of: Callable[[PageRequest], FilledTemplate]) -> Callable[[Request], Any]:
        async def show(request: Request) -> Response:
            page_request = PageRequest(request.path_params, request.query_params, int(time.time() * 1000))

            def render() -> Response:
                view = view_of(page_request)
                text = templates.get_template(view.template).render(
                    page=view.page, root=root(sent_path(request.scope)), now=page_request.now
                )
                # A name may hold half of a surrogate pair, which cannot be encoded.
                return LargeAnswer.of(text.encode("utf-8", "replace"), view.status, HEADERS)

            try:
                return await threads.run(render)
            except asyncio.CancelledError:
                # The server cancels requests that are still running at the end of the stop.
                return PlainTextResponse("The exporter is stopping.\n", status_code=503)

        return show

    async def asset(request: Request) -> Response:
        found = ASSETS.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        return Response(found.content, media_type=found.media_type, headers=FOR_EVER)

    return [
        Route("/", shown_by(pages.overview)),
        Route("/clusters", shown_by(pages.overview)),
        NamedRoute("/clusters/{cluster}", shown_by(pages.cluster)),
        NamedRoute("/clusters/{cluster}/groups/{group}", shown_by(pages.group)),
        NamedRoute("/clusters/{cluster}/topics/{topic}", shown_by(pages.topic)),
        Route("/state", shown_by(pages.state)),
        Route("/assets/{name}", asset),
    ]
