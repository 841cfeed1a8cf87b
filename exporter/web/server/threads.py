"""Blocking work outside of the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class Threads(Generic[Result]):
    """Runs blocking work in at most ``limit`` threads at a time; further work waits.

    The threads are daemons, unlike those of `concurrent.futures` and anyio: work that hangs in Kafka must not keep
    the process from stopping. Work that cannot hang may have threads that are none: the process ends after it.
    """

    def __init__(self, name: str, limit: int, *, daemon: bool = True) -> None:
        self._name = name
        self._daemon = daemon
        self._places = asyncio.Semaphore(limit)

    async def run(self, work: Callable[[], Result]) -> Result:
        """The result of the work, or its exception."""
        async with self._places:
            loop = asyncio.get_running_loop()
            done: asyncio.Future[Result] = loop.create_future()

            def settle(how: Callable[[Any], None], value: object) -> None:
                if not done.done():
                    how(value)

            def body() -> None:
                how: Callable[[Any], None]
                value: object
                try:
                    how, value = done.set_result, work()
                except BaseException as error:  # the caller handles it
                    how, value = done.set_exception, error
                with suppress(RuntimeError):  # the loop has been closed meanwhile, and with it the waiting caller
                    loop.call_soon_threadsafe(settle, how, value)

            threading.Thread(target=body, name=self._name, daemon=self._daemon).start()
            return await done
