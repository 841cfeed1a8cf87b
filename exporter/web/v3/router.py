"""Which endpoint a path means, by the rules of Burrow's router, julienschmidt/httprouter 1.3.

Paths are split before they are unescaped, so that a name may hold a slash: ``/v3/kafka/c/consumer/a%2Fb``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from exporter.web.names import unescaped
from exporter.web.v3.endpoint import Endpoint

_BROKEN: Final = re.compile("%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Found:
    """The requested endpoint, and its escaped parameters."""

    endpoint: Endpoint
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class Moved:
    """There is nothing at the requested path, but at ``path``, its corrected form."""

    path: str


@dataclass(frozen=True, slots=True)
class OtherMethods:
    """The path exists, but not with this method; ``allowed`` are its methods and OPTIONS, in order."""

    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """There is no such path."""


def find(endpoints: Iterable[Endpoint], method: str, path: str) -> Found | Moved | OtherMethods | Unknown:
    """What a request for an escaped path means."""
    known = tuple(endpoints)
    of_method = [endpoint for endpoint in known if endpoint.method == method]
    for endpoint in of_method:
        parameters = _match(endpoint, path)
        if parameters is not None:
            return Found(endpoint, parameters)
    trimmed, clean = path.removesuffix("/"), _clean(path)
    moved = [trimmed for endpoint in of_method if _match(endpoint, trimmed) is not None]
    moved += [same for endpoint in of_method if (same := _in_its_own_case(endpoint, clean)) is not None]
    if moved:
        return Moved(moved[0])
    methods = {endpoint.method for endpoint in known if _match(endpoint, path) is not None}
    return OtherMethods(tuple(sorted({*methods, "OPTIONS"}))) if methods else Unknown()


def is_broken(path: str) -> bool:
    """True if the path has an invalid escape ("%zz")."""
    return _BROKEN.search(path) is not None


def _match(endpoint: Endpoint, path: str) -> dict[str, str] | None:
    """The parameters if the path matches the endpoint; as in httprouter, only the last may not be empty."""
    parts, asked = endpoint.parts, path.split("/")[1:]
    if len(parts) != len(asked) or not asked[-1]:
        return None
    parameters = {}
    for part, given in zip(parts, asked, strict=True):
        if part.startswith(":"):
            parameters[part[1:]] = given
        elif part != unescaped(given):
            return None
    return parameters


def _in_its_own_case(endpoint: Endpoint, path: str) -> str | None:
    """The path with the endpoint's fixed parts in their own case; None if it does not match."""
    lowered = [
        part if unescaped(given).lower() == part else given
        for part, given in zip(endpoint.parts, path.split("/")[1:], strict=False)
    ]
    own = "/".join(["", *lowered])
    return own if path.count("/") == len(endpoint.parts) and _match(endpoint, own) is not None else None


def _clean(path: str) -> str:
    """The path without empty parts, ``.`` and ``..``, as Go's ``path.Clean`` makes it."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in {"", "."}:
            kept.append(part)
    return "/" + "/".join(kept)
