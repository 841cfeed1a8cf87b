"""The addresses of the pages, relative to the root, so that they also work below a prefix that a proxy removes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from starlette.routing import Match, Route
from starlette.types import Scope

from exporter.web.names import escaped, sent_path

Handler = Callable[..., Any]


def overview(**query: str | int) -> str:
    """The query of the list of groups, which is at the root; empty parameters are left out."""
    return _query(query)


def cluster(name: str, **query: str | int) -> str:
    """The page of a cluster and its topics."""
    return f"clusters/{escaped(name)}{_query(query)}"


def group(of_cluster: str, name: str, **query: str | int) -> str:
    """The page of a consumer group."""
    return f"clusters/{escaped(of_cluster)}/groups/{escaped(name)}{_query(query)}"


def topic(of_cluster: str, name: str, **query: str | int) -> str:
    """The page of a topic."""
    return f"clusters/{escaped(of_cluster)}/topics/{escaped(name)}{_query(query)}"


def root(path: str) -> str:
    """The relative path from a page at an escaped path to the root: ``/clusters/a%2Fb`` → ``../``."""
    return "../" * (path.count("/") - 1) or "./"


class NamedRoute(Route):
    """A route whose parameters are the escaped parts of the path, which may be empty."""

    def __init__(self, path: str, endpoint: Handler) -> None:
        super().__init__(path, endpoint)
        parameters = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]*)", re.escape(path))
        self.path_regex = re.compile(f"^{parameters}$")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the escaped path matches this route."""
        return super().matches({**scope, "path": sent_path(scope)})


def _query(query: dict[str, Any]) -> str:
    given = {key: value for key, value in query.items() if value not in {"", None}}
    return f"?{urlencode(given, errors='surrogatepass')}" if given else ""
