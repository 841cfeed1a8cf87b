"""Burrow's API as an ASGI application: finds what is asked for, and sends what is answered."""

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
from exporter.web.threads import Threads
from exporter.web.v3 import answers, loglevel, openapi
from exporter.web.v3.addresses import Endpoint, Found, Moved, OtherMethods, find, is_broken, name, unescaped
from exporter.web.v3.answers import Answer, Asked
from exporter.web.v3.endpoints import FROM_REPORTS, FROM_SETTINGS, Parameters, Refusal
from exporter.web.v3.readings import Reading

READERS_AT_ONCE: Final = 16
"""Threads for reading; those who come while a collection runs wait for it together."""

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
    """Burrow's API, and its answer to every path that is none.

    ``authenticated`` tells whether, as things are now, whoever gets here had to show who he is; only then can a group
    be made forgotten.
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
        # As a header and not as the media type, which Starlette would complete by itself.
        headers["Content-Type"] = answer.content_type
        response = Response(answer.body, answer.status, headers)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Answer:
        # Not `request.url.path`: there a slash inside a name can no longer be told from one between names.
        path = request.scope["raw_path"].decode("latin-1")
        if is_broken(path):
            return answers.BROKEN
        match find(ALL, request.method, path):
            case Found(endpoint, parameters):
                asked = Asked(unescaped(path), self._host)
                try:
                    return await self._of(endpoint, parameters, asked, request)
                except Refusal as refusal:
                    return asked.refuse(str(refusal), refusal.code)
            case Moved(elsewhere):
                query = request.scope["query_string"].decode("latin-1")
                return answers.moved(f"{elsewhere}?{query}" if query else elsewhere, request.method)
            case OtherMethods(methods):
                return answers.allowed(methods, request.method)
            case _:
                return answers.UNKNOWN

    async def _of(self, endpoint: Endpoint, parameters: Parameters, asked: Asked, request: Request) -> Answer:
        if endpoint in FROM_SETTINGS:
            return FROM_SETTINGS[endpoint](asked, parameters, self._settings)
        if endpoint in FROM_REPORTS:
            return await self._in_thread(lambda: FROM_REPORTS[endpoint](asked, parameters, self._collector.latest()))
        if endpoint == GET_LEVEL:
            return asked.answer("log level returned", level=loglevel.shown(logging.getLogger().level))
        if endpoint == SET_LEVEL:
            # What is too long has been refused by `exporter.web.port.sizes`.
            return self._set_level(asked, await request.body())
        if endpoint == DESCRIPTION:
            return Answer(openapi.description(), content_type=answers.JSON)
        return await self._forget(asked, parameters)

    def _set_level(self, asked: Asked, body: bytes) -> Answer:
        try:
            word = loglevel.asked(body)
        except loglevel.Undecodable:
            return asked.refuse("could not decode message body", HTTPStatus.BAD_REQUEST)
        level = loglevel.WORDS.get(word.lower())
        if level is None:
            return asked.refuse("unknown log level")
        logs.set_level(level)
        return asked.answer("set log level")

    async def _forget(self, asked: Asked, parameters: Parameters) -> Answer:
        if not self._settings.web.api_delete:
            raise Refusal("deleting is off; web.api_delete turns it on", HTTPStatus.FORBIDDEN)
        if not self._authenticated():
            raise Refusal("deleting is only for a port that asks who is there: --web.config.file", HTTPStatus.FORBIDDEN)
        return await self._in_thread(lambda: self._forgotten(asked, parameters))

    def _forgotten(self, asked: Asked, parameters: Parameters) -> Answer:
        """Forget a group; as in Burrow, nobody is told whether there was one."""
        outcomes = {outcome.cluster: outcome for outcome in self._collector.latest()}
        cluster = name(parameters["cluster"], outcomes)
        report = outcomes[cluster].report if cluster in outcomes else None
        reading = Reading(report) if report is not None else None
        group = name(parameters["consumer"], reading or ())
        topic = name(parameters["topic"], reading.end_offsets if reading else ()) if "topic" in parameters else None
        self._collector.forget(cluster, group, topic)
        log.info("forgetting what was retained of a group", extra={"cluster": cluster, "group": group, "topic": topic})
        return asked.answer("consumer group removed")

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        try:
            return await self._threads.run(work)
        except asyncio.CancelledError:
            # The server ends what has not ended by itself in time.
            raise Refusal("the exporter is stopping", HTTPStatus.SERVICE_UNAVAILABLE) from None
