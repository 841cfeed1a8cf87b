"""Scrapes the exporter at an interval, and holds every page against the rules."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.loops import Loop
from testbed.processes import TestbedError
from testbed.scrape import Page, parse
from testbed.servers import Server, get
from tests.faults.ledger import Ledger
from tests.faults.looks import LATE, Breach, Look, Seen, numbers_breaches, right, seen_on, verdict_breaches

LATE_SLACK = 0.5
"""Seconds that an answer may spend between the two on a busy machine."""

GRACE = 2.0
"""Seconds for which an answer that is late is still waited for, to tell how late it is."""


class Watcher(Loop):
    """Scrapes ``server`` each ``every`` seconds with this timeout; ``window``: the groups' evaluation window."""

    def __init__(self, server: Callable[[], Server], ledger: Ledger, every: float, timeout: float, window: float):
        self.looks: list[Look] = []
        self.judging = False
        """Whether pages are held against the rules."""
        self.judged = False
        """Whether everything has been judged before: verdicts are known from then on."""
        self.values_hold = True
        """False where a fault makes other valid values of some: numbers and verdicts are as wrong as they are then."""
        self._quiet = threading.Lock()
        self.further: list[Callable[[Page, float], Iterable[Breach]]] = []
        """What a row holds pages against beside the rules; told when the page was asked for."""
        self.clock_ahead = 0.0
        self._server = server
        self._ledger = ledger
        self._every = every
        self._timeout = timeout
        self._window = window
        super().__init__("watcher", self._step, lambda: None, lifetime=4 * 3600.0)

    def _step(self) -> bool:
        began = time.monotonic()
        with self._quiet:
            self.looks.append(self.look())
        time.sleep(max(0.02, self._every - (time.monotonic() - began)))
        return True

    def look(self) -> Look:
        """One scrape, and what is wrong with it."""
        server = self._server()
        told = {"X-Prometheus-Scrape-Timeout-Seconds": f"{self._timeout:g}"}
        at, began = time.time(), time.monotonic()
        try:
            status, text = get(f"{server.url}/metrics", told, self._timeout + GRACE)
        except (OSError, http.client.HTTPException) as error:
            return self._unanswered(at, time.monotonic() - began, str(error) or type(error).__name__)
        took = time.monotonic() - began
        if status != http.HTTPStatus.OK:
            return self._unanswered(at, took, f"status {status}")
        page = parse(text)
        seen = seen_on(page)
        look = Look(at, took, seen, "", *_process(page, server))
        if self.judging:
            look.breaches.extend(self._breaches(page, look, seen))
            if took > self._timeout + LATE_SLACK:
                look.breaches.append(Breach(LATE, f"an answer took {took:.1f} s of {self._timeout:g} s"))
        self.judged |= self.judging and right(seen)
        return look

    def _breaches(self, page: Page, look: Look, seen: Seen) -> Iterator[Breach]:
        """What is wrong with a page."""
        if self.values_hold:
            # It was read that long before it was written, and that was after it had been asked for.
            read_at = look.began - (seen.age or 0.0)
            yield from numbers_breaches(seen, self._ledger, self._timeout, read_at, self.clock_ahead)
            yield from verdict_breaches(seen, self._ledger, self._window, read_at, judged=self.judged)
        for check in self.further:
            yield from check(page, look.began)

    def _unanswered(self, at: float, took: float, error: str) -> Look:
        """A scrape without an answer of use."""
        look = Look(at, took, None, error)
        if self.judging:
            look.breaches.append(Breach(LATE, f"no answer after {took:.1f} s: {error}"))
        return look

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Lets no scrape begin, once the present one has ended, while an exporter is exchanged for another."""
        with self._quiet:
            yield

    def wait(self, condition: Callable[[Seen | None], bool], seconds: float, what: str) -> int:
        """Returns how many looks that began from now on it took until one fulfilled the condition.

        Raises:
            TestbedError: none did in time.
        """
        started, deadline = time.time(), time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check()
            after = [look for look in list(self.looks) if look.began >= started]
            for count, look in enumerate(after, start=1):
                if condition(look.seen):
                    return count
            time.sleep(0.05)
        raise TestbedError(f"waited {seconds:g} s in vain for {what}: {self.last()}")

    def last(self) -> str:
        """The last page in short, for an error."""
        if not self.looks:
            return "no scrape yet"
        look = self.looks[-1]
        return look.error or str(look.seen and (look.seen.up, sorted(look.seen.failures), look.seen.statuses))


def _process(page: Page, server: Server) -> tuple[float, float, int]:
    """The memory in bytes, the open descriptors and the threads of the exporter."""
    memory = page.value("process_resident_memory_bytes") or 0.0
    descriptors = page.value("process_open_fds") or 0.0
    try:
        threads = len(list(Path(f"/proc/{server.pid}/task").iterdir()))
    except OSError:
        threads = 0
    return memory, descriptors, threads
