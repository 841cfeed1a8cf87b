"""Answers as Burrow gives them: what is said, the status it is said with, and the request it is said to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus
from typing import Final

from exporter.web.v3.gojson import Value, encode

JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to be sent."""

    body: bytes
    status: int = HTTPStatus.OK
    content_type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What every answer repeats: the path that was asked for, unescaped, and the host that was asked."""

    url: str
    host: str

    def answer(self, message: str, code: int = HTTPStatus.OK, *, error: bool = False, **said: Value) -> Answer:
        """An answer that ends in the request."""
        return Answer(encode({"error": error, "message": message, **said, "request": self._request()}), code, JSON)

    def answer_of_configuration(self, message: str, **said: Value) -> Answer:
        """An answer that has the request before what is said, as those on the configuration do."""
        return Answer(encode({"error": False, "message": message, "request": self._request(), **said}), 200, JSON)

    def refuse(self, message: str, code: int = HTTPStatus.NOT_FOUND) -> Answer:
        """An answer that says why there is none."""
        return self.answer(message, code, error=True)

    def _request(self) -> Mapping[str, Value]:
        return {"url": self.url, "host": self.host}


UNKNOWN: Final = Answer(b'{"error":true,"message":"invalid request type","result":{}}\n', HTTPStatus.NOT_FOUND)
BROKEN: Final = Answer(b"400 Bad Request", HTTPStatus.BAD_REQUEST)


def moved(location: str, method: str) -> Answer:
    """The way to where it is; only a GET may be repeated as such by those who know no 308."""
    if method != "GET":
        return Answer(b"", HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": location})
    body = f'<a href="{escape(location)}">Moved Permanently</a>.\n\n'.encode()
    return Answer(body, HTTPStatus.MOVED_PERMANENTLY, HTML, {"Location": location})


def allowed(methods: tuple[str, ...], method: str) -> Answer:
    """Which methods a path has: asked for, or because it has not this one."""
    headers = {"Allow": ", ".join(methods)}
    if method == "OPTIONS":
        return Answer(b"", headers=headers)
    return Answer(b"Method Not Allowed\n", HTTPStatus.METHOD_NOT_ALLOWED, headers=headers)
