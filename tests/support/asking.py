"""Asks an ASGI application without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Headers
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(
    app: ASGIApp, target: str, method: str = "GET", headers: Mapping[str, str | bytes] | None = None, body: bytes = b""
) -> Answer:
    """The answer to one request; an error that the application raises after having answered is the server's."""
    path, _, query = target.partition("?")
    sent = [
        (name.lower().encode(), value if isinstance(value, bytes) else value.encode())
        for name, value in (headers or {}).items()
    ]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": sent if any(name == b"host" for name, _ in sent) else [(b"host", b"localhost"), *sent],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    messages: list[Message] = []

    async def run() -> None:
        asked = False

        async def receive() -> Message:
            nonlocal asked
            if asked:
                await asyncio.Event().wait()
            asked = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        with suppress(Exception):
            await app(scope, receive, send)

    asyncio.run(run())
    start, *pieces = messages
    assert pieces
    assert not pieces[-1].get("more_body")
    return Answer(start["status"], Headers(raw=start["headers"]), b"".join(piece.get("body", b"") for piece in pieces))
