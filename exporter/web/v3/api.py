"""Burrow's API as an ASGI application: finds the endpoint, and sends its answer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from exporter.collector import Collector
from exporter.settings import Settings
from exporter.web.names import sent_path, unescaped
from exporter.web.server.threads import Threads
from exporter.web.server.unsent import LargeAnswer
from exporter.web.v3 import answers
from exporter.web.v3.answers import Answer, Responder
from exporter.web.v3.endpoint import Call, Endpoint, Refusal
from exporter.web.v3.endpoints import ENDPOINTS
from exporter.web.v3.router import Found, Moved, OtherMethods, find, is_broken

READERS_AT_ONCE: Final = 16
"""Threads for requests; those that arrive during a collection wait for it together."""


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
        """Answers one request."""
        request = Request(scope, receive)
        answer = await self._answer(request)
        headers = dict(answer.headers)
        origin = self._settings.web.access_control_allow_origin
        if origin is not None:
            headers["Access-Control-Allow-Origin"] = origin
        headers["Content-Type"] = answer.content_type
        response = LargeAnswer.of(answer.body, answer.status, headers)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Answer:
        # Not `request.url.path`: there a slash inside a name looks like one between names.
        path = sent_path(request.scope)
        if is_broken(path):
            return answers.BROKEN
        match find(ENDPOINTS, request.method, path):
            case Found(endpoint, parameters):
                responder = Responder(unescaped(path), self._host)
                # `RequestSizeLimit` has refused a body that is too long.
                try:
                    body = await request.body() if endpoint.body is not None else b""
                except ClientDisconnect:  # nobody reads this answer
                    return answers.BROKEN
                authenticated = self._authenticated()
                call = Call(parameters, body, responder, self._settings, self._collector, authenticated)
                try:
                    return await self._dispatch(endpoint, call)
                except Refusal as refusal:
                    return responder.refuse(str(refusal), refusal.code)
            case Moved(elsewhere):
                query = request.scope["query_string"].decode("latin-1")
                return answers.moved(f"{elsewhere}?{query}" if query else elsewhere, request.method)
            case OtherMethods(methods):
                return answers.allowed(methods, request.method)
            case _:
                return answers.UNKNOWN

    async def _dispatch(self, endpoint: Endpoint, call: Call) -> Answer:
        if not endpoint.reads_kafka:
            return endpoint.handle(call)
        try:
            return await self._threads.run(lambda: endpoint.handle(call))
        except asyncio.CancelledError:
            # The server cancels requests that are still running at the end of the stop.
            raise Refusal("the exporter is stopping", HTTPStatus.SERVICE_UNAVAILABLE) from None
