"""Waiting on kafka-python's event loop: until a time, for what blocks, for the first of several."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, Final, TypeVar

from kafka.errors import KafkaTimeoutError
from kafka.future import Future
from kafka.net.selector import NetworkSelector

Result = TypeVar("Result")

FOR_EVER: Final = float("inf")


async def until(loop: NetworkSelector, future: Future, timeout_at: float) -> Any:
    """Returns the result of a future. Raises what it failed with, KafkaTimeoutError at ``timeout_at`` (monotonic)."""
    await _any_ends(loop, [future], timeout_at)
    if not future.is_done:
        raise KafkaTimeoutError("timed out")
    return await future


async def first(
    loop: NetworkSelector, attempts: Iterable[Callable[[], Coroutine[Any, Any, Result | None]]], seconds: float
) -> Result | None:
    """Returns the first result that is not None; None if no attempt has one.

    The next attempt begins ``seconds`` after the one before, or as soon as all that have begun have ended. Those that
    have not ended when the first result is there go on, but nobody waits for them.
    """
    running: list[Future] = []
    for attempt in attempts:
        running.append(loop.call_soon_with_future(attempt))
        result = await _first_result(loop, running, time.monotonic() + seconds)
        if result is not None:
            return result  # type: ignore[no-any-return]
    return await _first_result(loop, running, FOR_EVER)  # type: ignore[no-any-return]


def in_thread(loop: NetworkSelector, function: Callable[[], Any]) -> Future:
    """Runs what blocks in a thread of its own; the future is settled on the loop. Raises RuntimeError."""
    future = Future()

    def run() -> None:
        outcome: Future = Future()
        try:
            outcome.success(function())
        except Exception as error:  # it is raised where the future is awaited
            outcome.failure(error)
        with suppress(Exception):  # the loop has ended, and nobody waits any more
            loop.call_soon_threadsafe(lambda: outcome.chain(future))

    threading.Thread(target=run, name="kafka-blocking", daemon=True).start()
    return future


async def _first_result(loop: NetworkSelector, running: list[Future], timeout_at: float) -> Any:
    """The first result that is not None; None when all have ended without one, or at ``timeout_at``."""
    while True:
        for future in running:
            if future.is_done and (result := await future) is not None:
                return result
        pending = [future for future in running if not future.is_done]
        if not pending or time.monotonic() >= timeout_at:
            return None
        await _any_ends(loop, pending, timeout_at)


async def _any_ends(loop: NetworkSelector, futures: list[Future], timeout_at: float) -> None:
    """Waits until one of the futures is done, or until ``timeout_at``."""
    woken = Future()

    def wake(*_: object) -> None:
        if not woken.is_done:
            woken.success(None)

    for future in futures:
        future.add_both(wake)
    if woken.is_done:
        return
    timer = loop.call_at(timeout_at, wake) if timeout_at < FOR_EVER else None
    await woken
    if timer is not None:
        loop.cancel(timer)
