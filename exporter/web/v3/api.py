"""Burrow's API as an ASGI application: finds the endpoint, and sends its answer."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from exporter import logs
from exporter.collector import Collector
from exporter.settings import Settings
from exporter.web.names import name_in_path, sent_path, unescaped
from exporter.web.server.threads import Threads
from exporter.web.v3 import answers, log_level, openapi
from exporter.web.v3.answers import Answer, Responder
from exporter.web.v3.burrow_report import Reading
from exporter.web.v3.handlers import FROM_REPORTS, FROM_SETTINGS, Parameters, Refusal
from exporter.web.v3.router import Endpoint, Found, Moved, OtherMethods, find, is_broken

READERS_AT_ONCE: Final = 16
"""Threads for requests; those that arrive during a collection wait for it together."""

GET_LEVEL: Final = Endpoint("GET", "/v3/admin/loglevel")
SET_LEVEL: Final = Endpoint("POST", "/v3/admin/loglevel")
DESCRIPTION: Final = Endpoint("GET", "/v3/openapi.json")
FORGET: Final = (
    Endpoint("DELETE", "/v3/kafka/:cluster/consumer/:consumer"),
    Endpoint("DELETE", "/v3/kafka/:cluster/consumer/:consumer/topic/:topic"),
)
ALL: Final = (*FROM_SETTINGS, *FROM_REPORTS, GET_LEVEL, SET_LEVEL, DESCRIPTION, *FORGET)

log = logging.getLogger(__name__)


class Api:
    """Burrow's API, and its answer to every unknown path.

    ``authenticated`` tells whether the port requires authentication now; only then can a group's history be
    discarded.
    """

    def __init__(
        self, collector: Collector, settings: Settings, *, authenticated: Callable[[], bool] = lambda: False
    ) -> None:
        self._collector = collector
        self._settings = settings
        self._authenticated = authenticated
        self._host = socket.gethostname()
        self._threads: Threads[Answer] = Threads("burrow-api", READERS_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        answer = await self._answer(request)
        headers = dict(answer.headers)
        origin = self._settings.web.access_control_allow_origin
        if origin is not None:
            headers["Access-Control-Allow-Origin"] = origin
        # As a header, because Starlette would append a charset to a media type.
        headers["Content-Type"] = answer.content_type
        response = Response(answer.body, answer.status, headers)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Answer:
        # Not `request.url.path`: there a slash inside a name looks like one between names.
        path = sent_path(request.scope)
        if is_broken(path):
            return answers.BROKEN
        match find(ALL, request.method, path):
            case Found(endpoint, parameters):
                responder = Responder(unescaped(path), self._host)
                try:
                    return await self._dispatch(endpoint, parameters, responder, request)
                except Refusal as refusal:
                    return responder.refuse(str(refusal), refusal.code)
            case Moved(elsewhere):
                query = request.scope["query_string"].decode("latin-1")
                return answers.moved(f"{elsewhere}?{query}" if query else elsewhere, request.method)
            case OtherMethods(methods):
                return answers.allowed(methods, request.method)
            case _:
                return answers.UNKNOWN

    async def _dispatch(
        self, endpoint: Endpoint, parameters: Parameters, responder: Responder, request: Request
    ) -> Answer:
        if endpoint in FROM_SETTINGS:
            return FROM_SETTINGS[endpoint](responder, parameters, self._settings)
        if endpoint in FROM_REPORTS:
            return await self._in_thread(
                lambda: FROM_REPORTS[endpoint](responder, parameters, self._collector.latest())
            )
        if endpoint == GET_LEVEL:
            return responder.answer("log level returned", level=log_level.shown(logging.getLogger().level))
        if endpoint == SET_LEVEL:
            # `exporter.web.middleware.request_sizes` has refused a body that is too long.
            return self._set_level(responder, await request.body())
        if endpoint == DESCRIPTION:
            return Answer(openapi.description(), content_type=answers.JSON)
        return await self._forget(responder, parameters)

    def _set_level(self, responder: Responder, body: bytes) -> Answer:
        try:
            word = log_level.requested(body)
        except log_level.Undecodable:
            return responder.refuse("could not decode message body", HTTPStatus.BAD_REQUEST)
        level = log_level.WORDS.get(word.lower())
        if level is None:
            return responder.refuse("unknown log level")
        logs.set_level(level)
        return responder.answer("set log level")

    async def _forget(self, responder: Responder, parameters: Parameters) -> Answer:
        if not self._settings.web.api_delete:
            raise Refusal("deleting is off; web.api_delete turns it on", HTTPStatus.FORBIDDEN)
        if not self._authenticated():
            raise Refusal("deleting needs a port that requires authentication: --web.config.file", HTTPStatus.FORBIDDEN)
        return await self._in_thread(lambda: self._discard(responder, parameters))

    def _discard(self, responder: Responder, parameters: Parameters) -> Answer:
        """Discard the history of a group; as in Burrow, the answer does not tell whether there was one."""
        outcomes = {outcome.cluster: outcome for outcome in self._collector.latest()}
        cluster = name_in_path(parameters["cluster"], outcomes)
        report = outcomes[cluster].report if cluster in outcomes else None
        reading = Reading(report) if report is not None else None
        group = name_in_path(parameters["consumer"], reading or ())
        topic = (
            name_in_path(parameters["topic"], reading.end_offsets if reading else ()) if "topic" in parameters else None
        )
        self._collector.forget(cluster, group, topic)
        log.info("discarding the history of a group", extra={"cluster": cluster, "group": group, "topic": topic})
        return responder.answer("consumer group removed")

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        try:
            return await self._threads.run(work)
        except asyncio.CancelledError:
            # The server cancels requests that are still running at the end of the stop.
            raise Refusal("the exporter is stopping", HTTPStatus.SERVICE_UNAVAILABLE) from None
