"""A scrape's turn: who collects, who waits, until when, and what is published.

The only place with threads and locks. Each cluster has its own turn: a scrape that finds its report too old
starts a collection in a thread, scrapes that come meanwhile share it, and each waits until its own deadline.
A collection that is late goes on, so that a later scrape has it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from exporter.core import history as histories
from exporter.core.history import History
from exporter.core.model import Failure, Observation
from exporter.core.report import Outcome, report
from exporter.settings import Cluster, Collection, Settings
from exporter.sources import ClusterUnavailable, Source

log = logging.getLogger(__name__)

LATE = "deadline"
"""The reason given for a cluster whose collection had not ended by a scraper's deadline."""

UNFORESEEN = "internal_error"
"""The reason given for a collection that ended in an error nobody foresaw; the log has its traceback."""


class Collector:
    """Turns scrapes into collections, one at a time for each cluster, all clusters at once."""

    def __init__(
        self, settings: Settings, sources: Mapping[str, Source], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._collection = settings.collection
        self._clock = clock
        self._turns = tuple(
            Turn(cluster, settings.collection, sources[cluster.name], clock) for cluster in settings.clusters
        )

    def collect(self, timeout: float) -> tuple[Outcome, ...]:
        """Return what is known of each cluster, in the order of the settings, within ``timeout`` seconds.

        A report younger than ``min_interval`` is served again; otherwise a collection is started, or joined.
        """
        deadline = self._clock() + timeout
        for turn in self._turns:
            turn.start(timeout)
        return tuple(turn.outcome(deadline) for turn in self._turns)

    def latest(self) -> tuple[Outcome, ...]:
        """Return what is known of each cluster; Kafka is asked only if a report is older than ``min_interval``."""
        return self.collect(self._collection.scrape_timeout - self._collection.timeout_offset)

    def close(self) -> None:
        """Let go of all sources; a collection that is running is not waited for."""
        for turn in self._turns:
            turn.close()


@dataclass(frozen=True, slots=True)
class _Finished:
    """How the last collection ended, and when by the collector's clock."""

    at: float
    outcome: Outcome


class Turn:
    """One cluster's collections, one after the other."""

    def __init__(self, cluster: Cluster, collection: Collection, source: Source, clock: Callable[[], float]) -> None:
        self._cluster = cluster
        self._collection = collection
        self._source = source
        self._clock = clock
        self._history: History = histories.empty(cluster.evaluation)
        self._changed = threading.Condition()
        self._collecting = False
        self._closed = False
        self._finished: _Finished | None = None
        self._refreshing = threading.Lock()
        self._told: AbstractSet[tuple[str, str]] = frozenset()

    def start(self, timeout: float) -> None:
        """Start a collection unless one is running, or the last one is younger than ``min_interval``."""
        with self._changed:
            if self._collecting or self._closed or self._age() < self._collection.min_interval:
                return
            self._collecting = True
        name = f"collect-{self._cluster.name}"
        threading.Thread(target=self._collect, args=(timeout,), name=name, daemon=True).start()

    def outcome(self, deadline: float) -> Outcome:
        """Wait for the collection that is running, until ``deadline``, and return what can be said of the cluster.

        After the deadline the report of an earlier collection stands in, up to ``max_report_age``: of a cluster
        that takes longer than its scrapers wait, each scrape shows what the one before has started.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._collecting or self._closed, timeout=deadline - self._clock())
            late = self._collecting
            finished = self._finished
            if finished is not None and (not late or self._age() <= self._collection.max_report_age):
                return finished.outcome
        return Outcome(self._cluster.name, None, (Failure("cluster", self._cluster.name, LATE),), up=False)

    def close(self) -> None:
        """Let the source go, and wake those who wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._source.close()

    def _age(self) -> float:
        """Seconds since the last collection ended, infinite before the first."""
        return self._clock() - self._finished.at if self._finished is not None else float("inf")

    def _collect(self, timeout: float) -> None:
        """Make one collection and publish how it ended; then ask for what no scrape waits for."""
        try:
            seen, outcome = self._observe(timeout)
        except ClusterUnavailable as unavailable:
            seen, outcome = None, self._down(unavailable.reason)
            self._tell(outcome, str(unavailable))
        except Exception:
            seen, outcome = None, self._down(UNFORESEEN)
            if not self._closed:  # what a closed connection answers is no news
                log.exception("collection of cluster %s failed", self._cluster.name)
        else:
            self._tell(outcome, "")
        with self._changed:
            self._finished = _Finished(self._clock(), outcome)
            self._collecting = False
            self._changed.notify_all()
        if seen is not None:
            self._refresh_members(seen)

    def _observe(self, timeout: float) -> tuple[Observation, Outcome]:
        """Observe, fold and judge; the history moves on only if all of it went well."""
        started = time.perf_counter()
        seen = self._source.observe(timeout)
        observed = time.perf_counter()
        history = histories.fold(self._history, seen, self._cluster.evaluation)
        judged = report(history, seen, self._cluster.evaluation)
        self._history = history
        ended = time.perf_counter()
        judged = replace(judged, stages={**seen.stages, "judge": ended - observed, "total": ended - started})
        return seen, Outcome(self._cluster.name, judged, judged.failures, up=True)

    def _down(self, reason: str) -> Outcome:
        return Outcome(self._cluster.name, None, (Failure("cluster", self._cluster.name, reason),), up=False)

    def _refresh_members(self, seen: Observation) -> None:
        """Let the source describe its groups, unless it still does so for an earlier collection."""
        if not self._refreshing.acquire(blocking=False):
            return
        try:
            self._source.refresh_members(seen)
        except Exception:
            if not self._closed:
                log.exception("describing the groups of cluster %s failed", self._cluster.name)
        finally:
            self._refreshing.release()

    def _tell(self, outcome: Outcome, message: str) -> None:
        """Log what fails, once, and that it is well again: not the same lines at every scrape."""
        failing = Counter((failure.scope, failure.reason) for failure in outcome.failures)
        if failing.keys() == self._told:
            return
        self._told = failing.keys()
        if not failing:
            log.info("cluster %s answers in full", self._cluster.name)
        elif not outcome.up:
            log.warning("cluster %s cannot be read: %s", self._cluster.name, message)
        else:
            parts = ", ".join(f"{count} {scope} {reason}" for (scope, reason), count in sorted(failing.items()))
            log.warning("cluster %s answers in part; missing: %s", self._cluster.name, parts)
