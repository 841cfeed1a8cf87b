"""Blocking work of which there may be more than can be done: one at a time, the newest first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from exporter.web.server.threads import Threads

Result = TypeVar("Result")

MAX_WAITING: Final = 32
"""Pieces of work that wait; for one more, the one that has waited longest is given up."""


class GivenUp(Exception):
    """The work was not done, because too much other work came after it."""


@dataclass(slots=True)
class _Waiting(Generic[Result]):
    work: Callable[[], Result]
    askers: list[asyncio.Future[Result]] = field(default_factory=list)

    def open(self) -> list[asyncio.Future[Result]]:
        """Those that have no answer yet, and have not gone."""
        return [asked for asked in self.askers if not asked.done()]


class NewestFirst(Generic[Result]):
    """Does work in one thread; of what waits the newest first, so that a burst delays nobody who comes after it.

    Work that nobody waits for any more is dropped, unless it has begun.
    """

    def __init__(self, threads: Threads[Result]) -> None:
        self._threads = threads
        self._waiting: dict[Hashable, _Waiting[Result]] = {}
        self._worker: asyncio.Task[None] | None = None

    async def run(self, key: Hashable, work: Callable[[], Result]) -> Result:
        """The result of the work, or its exception; done once for all who wait for the same ``key``.

        Raises `GivenUp` if too much other work came after it.
        """
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[Result] = loop.create_future()
        waiting = self._waiting.pop(key, None) or _Waiting(work)
        waiting.askers.append(asked)
        self._waiting[key] = waiting
        if len(self._waiting) > MAX_WAITING:
            for given_up in self._waiting.pop(next(iter(self._waiting))).open():
                given_up.set_exception(GivenUp())
        if self._worker is None:
            self._worker = loop.create_task(self._work())
        try:
            return await asked
        finally:
            waiting.askers.remove(asked)
            if not waiting.askers and self._waiting.get(key) is waiting:
                del self._waiting[key]

    async def _work(self) -> None:
        try:
            while self._waiting:
                _, waiting = self._waiting.popitem()
                try:
                    result = await self._threads.run(waiting.work)
                except Exception as error:  # the askers handle it
                    for asked in waiting.open():
                        asked.set_exception(error)
                else:
                    for asked in waiting.open():
                        asked.set_result(result)
        finally:
            self._worker = None
