"""What a browser sends on behalf of a page of another site changes nothing."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods that change nothing."""


class OtherSites:
    """Refuses what would change something, if it comes from a page of another site than ``allowed``.

    Browsers say so themselves, and send passwords and certificates along; other clients say nothing.
    """

    def __init__(self, app: ASGIApp, allowed: str | None) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes one request on, or refuses it."""
        app = self._app
        if scope["type"] == "http" and scope["method"] not in SAFE and self._is_foreign(Headers(scope=scope)):
            app = PlainTextResponse("Requests from pages of other sites are refused.\n", HTTPStatus.FORBIDDEN)
        await app(scope, receive, send)

    def _is_foreign(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is not None and origin == self._allowed:
            return False
        if headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
            return True
        # Over plain HTTP, browsers send the origin alone.
        return origin is not None and urlsplit(origin).netloc != headers.get("host", "")
