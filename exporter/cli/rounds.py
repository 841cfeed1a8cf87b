"""Rounds of observing all clusters at once, until there are enough or the user interrupts."""

from __future__ import annotations

import logging
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from exporter.core.model import Observation
from exporter.settings import Settings
from exporter.sources import ClusterUnavailable, Source
from exporter.sources.opening import open_source

Responses = Mapping[str, Observation | ClusterUnavailable]
"""The response of each cluster in one round."""

Stopped = Callable[[], bool]

ATTENTION = 0.1
"""Seconds between two checks for an interrupt during a wait."""


def open_sources(settings: Settings) -> dict[str, Source]:
    """A source for each cluster, not connected yet."""
    if settings.log.level != "debug":
        # The source returns what the client library would warn about, and the command prints it on one line.
        logging.getLogger("kafka").setLevel(logging.CRITICAL)
    return {cluster.name: open_source(cluster) for cluster in settings.clusters}


@contextmanager
def interruptible() -> Iterator[Stopped]:
    """A check for Ctrl-C or SIGTERM; work in progress is finished first. A second signal ends the process."""
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def rounds(
    sources: Mapping[str, Source], *, interval: float, timeout: float, stopped: Stopped = lambda: False
) -> Iterator[Responses]:
    """The responses of all clusters, every ``interval`` seconds; ends when stopped.

    A cluster that does not answer within ``timeout`` seconds counts as unavailable; rounds do not overlap.
    """
    due = time.monotonic()
    while not stopped():
        responses = _together(sources, timeout, stopped)
        if responses is None:
            return
        yield responses
        due = max(due + interval, time.monotonic())
        while not stopped() and (left := due - time.monotonic()) > 0:
            time.sleep(min(left, ATTENTION))


def _together(sources: Mapping[str, Source], timeout: float, stopped: Stopped) -> Responses | None:
    """One round; None if it was interrupted. Its threads are daemons, so they do not keep the process alive."""
    arrived: queue.SimpleQueue[tuple[str, Observation | ClusterUnavailable]] = queue.SimpleQueue()

    def observe(name: str, source: Source) -> None:
        arrived.put((name, _observed(source, timeout)))

    for name, source in sources.items():
        threading.Thread(target=observe, args=(name, source), name=f"observe {name}", daemon=True).start()
    responses: dict[str, Observation | ClusterUnavailable] = {}
    while len(responses) < len(sources):
        if stopped():
            return None
        try:
            name, response = arrived.get(timeout=ATTENTION)
        except queue.Empty:
            continue
        responses[name] = response
    return {name: responses[name] for name in sources}


def _observed(source: Source, timeout: float) -> Observation | ClusterUnavailable:
    try:
        observation = source.observe(timeout)
        source.refresh_members(observation)
    except ClusterUnavailable as unavailable:
        return unavailable
    except Exception as error:
        # Whatever the error, the command ends with one line that states it.
        return ClusterUnavailable("internal_error", f"{type(error).__name__}: {error}")
    return observation
