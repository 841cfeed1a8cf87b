"""Looking at clusters again and again, all of them at once, until enough is seen or the user has."""

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
from exporter.sources.kafka import KafkaSource

Seen = Mapping[str, Observation | ClusterUnavailable]
"""What a round saw of each cluster."""

Stopped = Callable[[], bool]

ATTENTION = 0.1
"""So often (s) a wait looks whether it was interrupted."""


def open_sources(settings: Settings) -> dict[str, Source]:
    """A source for each cluster; nothing is connected to yet."""
    if settings.log.level != "debug":
        # What the client library would warn of comes back as a value, and is told in one line.
        logging.getLogger("kafka").setLevel(logging.CRITICAL)
    return {cluster.name: KafkaSource(cluster) for cluster in settings.clusters}


@contextmanager
def interruptible() -> Iterator[Stopped]:
    """Tells whether Ctrl-C or SIGTERM came; what is being done is finished first. A second one ends the process."""
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
) -> Iterator[Seen]:
    """What the clusters look like, every ``interval`` seconds; ends when stopped.

    A cluster that does not answer is given up after ``timeout`` seconds; rounds do not overlap.
    """
    due = time.monotonic()
    while not stopped():
        seen = _together(sources, timeout, stopped)
        if seen is None:
            return
        yield seen
        due = max(due + interval, time.monotonic())
        while not stopped() and (left := due - time.monotonic()) > 0:
            time.sleep(min(left, ATTENTION))


def _together(sources: Mapping[str, Source], timeout: float, stopped: Stopped) -> Seen | None:
    """One round; None if it was interrupted. Its threads are daemons: an interrupted one keeps nothing alive."""
    answers: queue.SimpleQueue[tuple[str, Observation | ClusterUnavailable]] = queue.SimpleQueue()

    def ask(name: str, source: Source) -> None:
        answers.put((name, _observed(source, timeout)))

    for name, source in sources.items():
        threading.Thread(target=ask, args=(name, source), name=f"observe {name}", daemon=True).start()
    seen: dict[str, Observation | ClusterUnavailable] = {}
    while len(seen) < len(sources):
        if stopped():
            return None
        try:
            name, answer = answers.get(timeout=ATTENTION)
        except queue.Empty:
            continue
        seen[name] = answer
    return {name: seen[name] for name in sources}


def _observed(source: Source, timeout: float) -> Observation | ClusterUnavailable:
    try:
        seen = source.observe(timeout)
        source.refresh_members(seen)
    except ClusterUnavailable as unavailable:
        return unavailable
    except Exception as error:
        # A command ends with a line that says what happened, whatever it was.
        return ClusterUnavailable("internal_error", f"{type(error).__name__}: {error}")
    return seen
