"""Whether a client is still there while its request waits for something."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

Result = TypeVar("Result")


class Presence:
    """Reads a request ahead, because only so the server says that the client has gone; what was read is kept."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ahead: deque[Message] = deque()

    async def receive(self) -> Message:
        """The next message of the request, in place of the server's own."""
        return self._ahead.popleft() if self._ahead else await self._receive()

    async def while_here(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of the work. Raises `ClientDisconnect` if the client goes before there is one."""
        working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(self._until_gone())
        try:
            await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            leaving.result()
            raise ClientDisconnect
        finally:
            for task in (working, leaving):
                task.cancel()
            await asyncio.gather(working, leaving, return_exceptions=True)

    async def _until_gone(self) -> None:
        """Returns when the client has gone; raises what reading the request raises."""
        while True:
            message = await self._receive()
            self._ahead.append(message)
            if message["type"] == "http.disconnect":
                return
