"""Names of clusters, groups and topics in addresses.

They come from Kafka and may hold any character, even a slash: a path is split before its parts are unescaped.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final
from urllib.parse import quote, unquote

from starlette.types import Scope

CLUSTER: Final = "cluster"
"""The parameter of a scrape's query that names the one cluster to show."""

_DOTS: Final = re.compile(r"\.{1,2}")


def sent_path(scope: Scope) -> str:
    """The path of a request as it was sent, escaped."""
    raw = scope.get("raw_path")
    return raw.decode("latin-1") if raw else quote(scope.get("path", ""))


def unescaped(text: str) -> str:
    """The text without its escapes; a byte that is not UTF-8 becomes half of a surrogate pair.

    One that `escaped` wrote stays what it was.
    """
    try:
        return unquote(text, errors="surrogatepass")
    except UnicodeDecodeError:
        return unquote(text, errors="surrogateescape")


def escaped(name: str) -> str:
    """The name as a part of a path, such that `name_in_path` finds it.

    Browsers take a part ``..`` for the way up, however it is escaped, so that name is escaped twice.
    """
    if _DOTS.fullmatch(name):
        return name.replace(".", "%252E")
    return quote(name, safe="", errors="surrogatepass")


def name_in_path(part: str, known: Container[str]) -> str:
    """The name that a part of a path stands for: unescaped once or, where only that is known, twice.

    Some clients (telegraf) escape every name twice: ``a%252Fb`` is the group "a/b" if there is one, and no group
    "a%2Fb".
    """
    once = unescaped(part)
    twice = unescaped(once)
    return twice if once not in known and twice in known else once
