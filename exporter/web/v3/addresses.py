"""Which endpoint a path means, as julienschmidt/httprouter 1.3 decides it for Burrow.

Paths are taken apart before they are unescaped, so that a name may hold a slash: ``/v3/kafka/c/consumer/a%2Fb``.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

_BROKEN: Final = re.compile("%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What can be asked: ``path`` has a parameter where a part begins with a colon (``/v3/kafka/:cluster``)."""

    method: str
    path: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the path."""
        return tuple(self.path.split("/")[1:])


@dataclass(frozen=True, slots=True)
class Found:
    """The endpoint that is meant, and its parameters as they stand in the path."""

    endpoint: Endpoint
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class Moved:
    """There is nothing at this path, but there is at ``path``, which is the same less what is amiss in it."""

    path: str


@dataclass(frozen=True, slots=True)
class OtherMethods:
    """The path exists, but not with this method; ``allowed`` are those it has, with OPTIONS, in order."""

    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """There is nothing like it."""


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
    """True if an escape in the path is none ("%zz")."""
    return _BROKEN.search(path) is not None


def unescaped(text: str) -> str:
    """The text without its escapes; a byte that is no UTF-8 becomes half of a surrogate pair."""
    return unquote(text, errors="surrogateescape")


def name(part: str, known: Container[str]) -> str:
    """The name that a part of a path stands for.

    Some clients (telegraf) escape twice: ``a%252Fb`` is the group "a/b" if there is one, and no group "a%2Fb".
    """
    once = unescaped(part)
    twice = unescaped(once)
    return twice if once not in known and twice in known else once


def _match(endpoint: Endpoint, path: str) -> dict[str, str] | None:
    """The parameters, if the path is the endpoint's; as with httprouter, none but the last may be empty."""
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
    """The path with the endpoint's fixed parts as they are written there; None if it means something else."""
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
