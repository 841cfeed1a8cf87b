"""Answers on their way to clients that may read slowly, and the memory that they hold together."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

CHUNK_BYTES: Final = 256 * 1024
"""Handed to the connection at a time, so that a slow client holds this much and not a copy of a whole answer."""

MAX_UNSENT_BYTES: Final = 128 * 1024 * 1024
"""What unsent answers may hold together; above it, those that have been on their way longest are ended."""

ABORT: Final = "abort"
"""The entry of a request's ``state`` that ends its connection."""


class Unsent:
    """The pieces of all answers on their way; one that several answers share counts once."""

    def __init__(self) -> None:
        self._answers: dict[object, tuple[Sequence[bytes], Callable[[], None] | None]] = {}
        self._sharing: Counter[int] = Counter()
        self.held = 0

    @contextmanager
    def holding(self, pieces: Sequence[bytes], abort: Callable[[], None] | None) -> Iterator[None]:
        """Counts the pieces until they are sent. ``abort`` ends the connection; None: this cannot be done."""
        answer = object()
        self._answers[answer] = pieces, abort
        for piece in pieces:
            self.held += 0 if self._sharing[id(piece)] else len(piece)
            self._sharing[id(piece)] += 1
        self._make_room(answer)
        try:
            yield
        finally:
            self._release(answer)

    def _make_room(self, newest: object) -> None:
        for answer, (_, abort) in list(self._answers.items()):
            if self.held <= MAX_UNSENT_BYTES or answer is newest:
                return
            if abort is not None:
                # Counted no more: its pieces go with its connection, in the loop's next round.
                self._release(answer)
                abort()

    def _release(self, answer: object) -> None:
        pieces, _ = self._answers.pop(answer, ((), None))
        for piece in pieces:
            self._sharing[id(piece)] -= 1
            if not self._sharing[id(piece)]:
                del self._sharing[id(piece)]
                self.held -= len(piece)


UNSENT: Final = Unsent()
"""Those of this process."""


class LargeAnswer(Response):
    """An answer of ``length`` bytes in pieces, sent a chunk at a time, each after the previous one has gone.

    ``held``: what stays in memory until it is sent; other answers may share it.
    """

    def __init__(
        self,
        pieces: Iterable[bytes],
        length: int,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        held: Sequence[bytes] = (),
    ) -> None:
        self.status_code = status_code
        self.background = None
        self.body = b""
        self._pieces = pieces
        self._held = held
        self.init_headers({"Content-Length": str(length), **(headers or {})})

    @classmethod
    def of(cls, body: bytes, status_code: int = 200, headers: Mapping[str, str] | None = None) -> LargeAnswer:
        """An answer that is in memory as a whole."""
        return cls((body,), len(body), status_code, headers, held=(body,))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - starlette's interface
        """Sends it."""
        abort = scope.get("state", {}).get(ABORT)
        with UNSENT.holding(self._held, abort):
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            for chunk in _chunks(self._pieces):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                # The loop learns here that the client has gone; asyncio logs every write after that.
                await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _chunks(pieces: Iterable[bytes]) -> Iterator[memoryview]:
    """The same bytes in chunks of at most CHUNK_BYTES."""
    for piece in pieces:
        view = memoryview(piece)
        for start in range(0, len(view), CHUNK_BYTES):
            yield view[start : start + CHUNK_BYTES]
