"""Basic authentication against bcrypt hashes.

A comparison runs in one separate thread, one at a time, and its result is remembered. It takes equally long for unknown
users and known ones, whatever the costs of their hashes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import bcrypt

from exporter.web.server.newest_first import NewestFirst
from exporter.web.server.threads import Threads

MAX_REMEMBERED: Final = 1000
"""Of right and of wrong ones each, so that wrong guesses cannot push out right passwords."""

BCRYPT_BYTES: Final = 72
"""Bcrypt uses only these bytes of a password. Its Python package refuses longer ones; Go's, and htpasswd, cut them."""

DUMMY_HASH: Final = "$2b${cost}$" + "." * 53
"""A hash without a known password; with the cost of the others, comparing takes as long."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The user and password in a request."""

    user: bytes
    password: bytes


class Passwords:
    """Compares credentials with hashes."""

    def __init__(self) -> None:
        # Not a daemon: one that comes back from bcrypt while the interpreter ends aborts the process.
        self._comparing = NewestFirst[bool](Threads("bcrypt", 1, daemon=False))
        self._key = secrets.token_bytes(32)
        self._right = Remembered()
        self._wrong = Remembered()

    async def admit(self, authorization: str, users: Mapping[str, str]) -> bool:
        """True if the header holds a known user's name and password.

        Raises `GivenUp` if there are more passwords to be compared than there is time for.
        """
        given = credentials(authorization)
        if given is None:
            return False
        known = {name.encode(): hashed for name, hashed in users.items()}
        hashed = known.get(given.user)
        against = (hashed if hashed is not None else dummy_hash(known.values())).encode()
        digest = self._digest(given, against)

        def compare() -> bool:
            # A request that waited in the queue may find its answer here.
            remembered = self._remembered(digest)
            if remembered is not None:
                return remembered
            password = given.password[:BCRYPT_BYTES]
            admitted = bcrypt.checkpw(password, against) and hashed is not None
            if not admitted:
                for more in made_up(against.decode(), known.values()):
                    bcrypt.checkpw(password, more.encode())
            (self._right if admitted else self._wrong).add(digest)
            return admitted

        remembered = self._remembered(digest)
        return await self._comparing.run(digest, compare) if remembered is None else remembered

    def _remembered(self, digest: bytes) -> bool | None:
        return True if digest in self._right else False if digest in self._wrong else None

    def _digest(self, given: Credentials, against: bytes) -> bytes:
        """The key under which a comparison is remembered: no password, and nothing to guess one from."""
        digest = hashlib.blake2b(key=self._key, digest_size=32)
        for part in (given.user, against, given.password):
            digest.update(len(part).to_bytes(8) + part)
        return digest.digest()


class Remembered:
    """The newest digests, at most ``most``."""

    def __init__(self, most: int = MAX_REMEMBERED) -> None:
        self._most = most
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._digests

    def __len__(self) -> int:
        return len(self._digests)

    def add(self, digest: bytes) -> None:
        """Remembers a digest, and forgets the oldest above the limit."""
        self._digests[digest] = None
        while len(self._digests) > self._most:
            self._digests.popitem(last=False)


def credentials(authorization: str) -> Credentials | None:
    """The credentials in an Authorization header; None if its scheme is not "Basic"."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return Credentials(user, password) if colon else None


def dummy_hash(hashes: Iterable[str]) -> str:
    """A hash for an unknown user, with the highest cost among the known ones."""
    return DUMMY_HASH.format(cost=max(hashed[4:6] for hashed in hashes))


def made_up(against: str, hashes: Iterable[str]) -> list[str]:
    """Hashes that take as long as is left to the highest cost, after a comparison with ``against``.

    The time doubles with each step of the cost: 4, and then again 4, 5 and 6, are as long as 7.
    """
    costs = range(int(against[4:6]), int(dummy_hash(hashes)[4:6]))
    return [DUMMY_HASH.format(cost=f"{cost:02}") for cost in costs]
