"""Answers in Burrow's format: message, status, and the request that they repeat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus
from typing import Final

from exporter.web.v3.go_json import Value, encode

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
class Responder:
    """Makes the answers to a request, each of which repeats its unescaped path, and the host that answers."""

    url: str
    host: str

    def answer(self, message: str, code: int = HTTPStatus.OK, *, error: bool = False, **said: Value) -> Answer:
        """An answer whose fields end with the request."""
        return Answer(encode({"error": error, "message": message, **said, "request": self._request()}), code, JSON)

    def answer_of_configuration(self, message: str, **said: Value) -> Answer:
        """An answer whose fields begin with the request, as those on the configuration do."""
        return Answer(encode({"error": False, "message": message, "request": self._request(), **said}), 200, JSON)

    def refuse(self, message: str, code: int = HTTPStatus.NOT_FOUND) -> Answer:
        """An answer that is an error."""
        return self.answer(message, code, error=True)

    def _request(self) -> Mapping[str, Value]:
        return {"url": self.url, "host": self.host}


UNKNOWN: Final = Answer(b'{"error":true,"message":"invalid request type","result":{}}\n', HTTPStatus.NOT_FOUND)
BROKEN: Final = Answer(b"400 Bad Request", HTTPStatus.BAD_REQUEST)


def moved(location: str, method: str) -> Answer:
    """A redirect: 301 for GET, 307 for other methods, which clients would repeat as GET after a 301."""
    if method != "GET":
        return Answer(b"", HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": location})
    body = f'<a href="{escape(location)}">Moved Permanently</a>.\n\n'.encode()
    return Answer(body, HTTPStatus.MOVED_PERMANENTLY, HTML, {"Location": location})


def allowed(methods: tuple[str, ...], method: str) -> Answer:
    """The methods of a path: the answer to OPTIONS, or to a method that it does not have."""
    headers = {"Allow": ", ".join(methods)}
    if method == "OPTIONS":
        return Answer(b"", headers=headers)
    return Answer(b"Method Not Allowed\n", HTTPStatus.METHOD_NOT_ALLOWED, headers=headers)
