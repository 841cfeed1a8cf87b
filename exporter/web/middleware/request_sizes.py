"""Limits on the size of requests."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_HEAD_BYTES: Final = 16 * 1024
"""Of path, query and headers together. h11 limits only an incomplete head: it accepts any that arrives in one piece."""

MAX_BODY_BYTES: Final = 64 * 1024
"""The longest useful body is one word in JSON."""

_CLOSE: Final = {"Connection": "close"}


class RequestSizeLimit:
    """Refuses a request that is too large: its head; its body by the announced length, or as it arrives.

    Also one that gives its length in two ways: a proxy in front might believe the other one, and take what follows for
    a part of another client's request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes one request on, or refuses it."""
        refusal = _refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise HTTPException(413, "The body is too large.", _CLOSE)
            return message

        await self._app(scope, receive_within_limit, send)


def _refusal(scope: Scope) -> PlainTextResponse | None:
    headers = Headers(scope=scope)
    address = len(scope["raw_path"]) + len(scope["query_string"])
    if address + sum(len(name) + len(value) for name, value in headers.raw) > MAX_HEAD_BYTES:
        return PlainTextResponse("Address and headers are too large.\n", 431, _CLOSE)
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
        return PlainTextResponse("The body is too large.\n", 413, _CLOSE)
    if "content-length" in headers and "transfer-encoding" in headers:
        return PlainTextResponse("Content-Length or Transfer-Encoding, but not both.\n", 400, _CLOSE)
    return None
