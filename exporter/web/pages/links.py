"""The addresses of the pages, and which page a path means.

Names come from Kafka and may hold any character, even a slash: a path is split before it is unescaped.
Addresses are relative to the root, so that the pages also work below a prefix that a proxy removes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode

from starlette.routing import Match, Route
from starlette.types import Scope

Handler = Callable[..., Any]

_DOTS: Final = re.compile(r"\.{1,2}")


def overview(**query: str | int) -> str:
    """The query of the list of groups, which is at the root; empty parameters are left out."""
    return _query(query)


def cluster(name: str, **query: str | int) -> str:
    """The page of a cluster and its topics."""
    return f"clusters/{_part(name)}{_query(query)}"


def group(of_cluster: str, name: str, **query: str | int) -> str:
    """The page of a consumer group."""
    return f"clusters/{_part(of_cluster)}/groups/{_part(name)}{_query(query)}"


def topic(of_cluster: str, name: str, **query: str | int) -> str:
    """The page of a topic."""
    return f"clusters/{_part(of_cluster)}/topics/{_part(name)}{_query(query)}"


def root(path: str) -> str:
    """The relative path from a page at an escaped path to the root: ``/clusters/a%2Fb`` → ``../``."""
    return "../" * (path.count("/") - 1) or "./"


def named(part: str, known: Container[str]) -> str:
    """The name that a part of a path stands for: unescaped once or, where that is not known, twice.

    Browsers take a part ``..`` for the way up, however it is escaped; so the group ".." is linked to, and some
    clients link to every name, as ``%252E%252E``. `exporter.web.v3.router.named` does the same with Burrow's
    treatment of bytes that are not UTF-8; here an unpaired surrogate stays what the pages' own links made of it.
    """
    once = _unescaped(part)
    twice = _unescaped(once)
    return twice if once not in known and twice in known else once


class NamedRoute(Route):
    """A route whose parameters are the escaped parts of the path, which may be empty."""

    def __init__(self, path: str, endpoint: Handler) -> None:
        super().__init__(path, endpoint)
        parameters = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]*)", re.escape(path))
        self.path_regex = re.compile(f"^{parameters}$")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the escaped path matches this route."""
        return super().matches({**scope, "path": sent_path(scope)})


def sent_path(scope: Scope) -> str:
    """The path of a request as it was sent."""
    raw = scope.get("raw_path")
    return raw.decode("latin-1") if raw else quote(scope.get("path", ""))


def _part(name: str) -> str:
    if _DOTS.fullmatch(name):
        return name.replace(".", "%252E")
    return quote(name, safe="", errors="surrogatepass")


def _unescaped(part: str) -> str:
    try:
        return unquote(part, errors="surrogatepass")
    except UnicodeDecodeError:  # no name that anything could have
        return unquote(part, errors="replace")


def _query(query: dict[str, Any]) -> str:
    given = {key: value for key, value in query.items() if value not in {"", None}}
    return f"?{urlencode(given, errors='surrogatepass')}" if given else ""
