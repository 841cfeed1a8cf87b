"""A limit on what a request may bring with it."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY: Final = 64 * 1024
"""Bytes. The longest body that means something here is one word in JSON."""


class Bodies:
    """Refuses a body that is too large: by the length that it is said to have, or once so much of it has come."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let it through."""
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            refusal = PlainTextResponse("The body is too large.\n", 413, {"Connection": "close"})
            await refusal(scope, receive, send)
            return
        come = 0

        async def receive_within_limit() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > LARGEST_BODY:
                raise HTTPException(413, "The body is too large.", {"Connection": "close"})
            return message

        await self._app(scope, receive_within_limit, send)
