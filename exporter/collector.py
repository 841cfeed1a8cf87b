"""A scrape's turn: who collects, who waits, until when, and what is published.

The only place with threads and locks. Each cluster has its own turn: a scrape that finds its report too old
starts a collection in a thread, scrapes that come meanwhile share it, and each waits until its own deadline.
A collection that is late goes on, so that a later scrape has it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Protocol

from exporter.core import history as histories
from exporter.core.evaluation import Evaluation
from exporter.core.history import History
from exporter.core.model import Failure, Observation
from exporter.core.report import Outcome, in_words, report
from exporter.settings import Cluster, Collection, Settings
from exporter.sources import ClusterUnavailable, Source

log = logging.getLogger(__name__)

LATE = "deadline"
"""The reason given for a cluster whose collection had not ended by a scraper's deadline."""

UNFORESEEN = "internal_error"
"""The reason given for a collection that ended in an error nobody foresaw; the log has its traceback."""

LARGEST_CLOCK_STEP_MS = 60_000
"""A retained history may lie this much ahead of the clock; beyond, its times are of no use for judging silence."""

LAST_SAVE_SECONDS = 1.0
"""How long the end waits for a write that is under way; the file is a whole one either way."""


class HistoryStore(Protocol):
    """Keeps histories across restarts; `exporter.storage.Storage` is one."""

    def load(self, cluster: str, settings: Evaluation) -> History:
        """Return the retained history of a cluster, an empty one if there is none."""

    def save_if_due(self, cluster: str, history: History) -> None:
        """Keep the history of a cluster, unless it has been kept lately."""

    def save(self, cluster: str, history: History) -> None:
        """Keep the history of a cluster."""


class Collector:
    """Turns scrapes into collections, one at a time for each cluster, all clusters at once."""

    def __init__(
        self,
        settings: Settings,
        sources: Mapping[str, Source],
        clock: Callable[[], float] = time.monotonic,
        storage: HistoryStore | None = None,
        staying: Mapping[str, Turn] | None = None,
    ) -> None:
        self._collection = settings.collection
        self._clock = clock
        self._storage = storage
        turns = staying or {}
        self._turns = tuple(
            turns.get(cluster.name) or Turn(cluster, settings.collection, sources[cluster.name], clock, storage)
            for cluster in settings.clusters
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

    def forget(self, cluster: str, group: str, topic: str | None = None) -> None:
        """Forget what is retained of a group, or of it on one topic; the next collection begins it anew.

        A name that is not known is forgotten already.
        """
        for turn in self._turns:
            if turn.name == cluster:
                turn.forget(group, topic)

    def reconfigured(self, settings: Settings, sources: Mapping[str, Source]) -> Collector:
        """Return a collector with other settings, which goes on with the histories of clusters that stay, by name.

        ``sources`` has those of new clusters and those that take another's place. This collector is not to be closed.
        """
        turns = {turn.name: turn for turn in self._turns}
        after = Collector(settings, sources, self._clock, self._storage, staying=turns)
        for cluster in settings.clusters:
            if (turn := turns.pop(cluster.name, None)) is not None:
                turn.reconfigure(cluster, settings.collection, sources.get(cluster.name))
        for gone in turns.values():
            gone.close()
        return after

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

    def __init__(
        self,
        cluster: Cluster,
        collection: Collection,
        source: Source,
        clock: Callable[[], float],
        storage: HistoryStore | None,
    ) -> None:
        self._cluster = cluster
        self._collection = collection
        self._source = source
        self._clock = clock
        self._storage = storage
        self._history = (
            storage.load(cluster.name, cluster.evaluation) if storage else histories.empty(cluster.evaluation)
        )
        self._changed = threading.Condition()
        self._collecting = self._outdated = self._closed = False
        self._finished: _Finished | None = None
        self._last_read: int | None = None
        self._aftermath = threading.Lock()
        self._told: AbstractSet[tuple[str, str]] = frozenset()
        self._to_forget: list[tuple[str, str | None]] = []

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self._cluster.name

    def start(self, timeout: float) -> None:
        """Start a collection unless one is running, or the last one is younger than ``min_interval``."""
        with self._changed:
            fresh = self._age() < self._collection.min_interval and not self._outdated
            if self._collecting or self._closed or fresh:
                return
            self._collecting, self._outdated = True, False
            arguments = (self._cluster, self._source, timeout)
        name = f"collect-{self._cluster.name}"
        threading.Thread(target=self._collect, args=arguments, name=name, daemon=True).start()

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
        return self._down(LATE)

    def forget(self, group: str, topic: str | None) -> None:
        """Forget a group, or it on one topic, before the next observation is folded in.

        The history belongs to the thread that collects; so it is told, and does it.
        """
        with self._changed:
            self._to_forget.append((group, topic))

    def reconfigure(self, cluster: Cluster, collection: Collection, source: Source | None) -> None:
        """Go on with other settings and, unless it is None, another source, from the next collection on."""
        with self._changed:
            before, in_use = self._source, self._collecting
            self._collection = collection
            self._source = source or before
            self._outdated |= cluster != self._cluster
            self._cluster = cluster
        # A collection that is running lets its source go by itself.
        if self._source is not before and not in_use:
            before.close()

    def close(self) -> None:
        """Wake those who wait, let the source go, and keep the history."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._source.close()
        if self._storage is not None and self._aftermath.acquire(timeout=LAST_SAVE_SECONDS):
            try:
                self._storage.save(self._cluster.name, self._history)
            finally:
                self._aftermath.release()

    def _age(self) -> float:
        """Seconds since the last collection ended, infinite before the first."""
        return self._clock() - self._finished.at if self._finished is not None else float("inf")

    def _collect(self, cluster: Cluster, source: Source, timeout: float) -> None:
        """Make one collection and publish how it ended; then ask for what no scrape waits for."""
        try:
            seen, outcome = self._observe(cluster, source, timeout)
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
            self._after(source, seen)
        if source is not self._source:
            source.close()

    def _observe(self, cluster: Cluster, source: Source, timeout: float) -> tuple[Observation, Outcome]:
        """Observe, fold and judge; the history moves on only if all of it went well."""
        started = time.perf_counter()
        seen = source.observe(timeout)
        observed = time.perf_counter()
        self._forget()
        self._check_clock(seen.at)
        history = histories.fold(histories.resized(self._history, cluster.evaluation), seen, cluster.evaluation)
        judged = report(history, seen, cluster.evaluation)
        self._history, self._last_read = history, seen.at
        ended = time.perf_counter()
        judged = replace(judged, stages={**seen.stages, "judge": ended - observed, "total": ended - started})
        return seen, Outcome(self._cluster.name, judged, judged.failures, up=True, last_read=seen.at)

    def _forget(self) -> None:
        """Forget what was asked to be forgotten since the last collection."""
        with self._changed:
            to_forget, self._to_forget = self._to_forget, []
        for group, topic in to_forget:
            self._history = histories.forget(self._history, group, topic)

    def _check_clock(self, at: int) -> None:
        """Begin anew with a history that was kept by a clock which was ahead of this one."""
        times = self._history.timeline.times
        if times and times[-1] > at + LARGEST_CLOCK_STEP_MS:
            ahead = (times[-1] - at) // 1000
            log.warning("history of cluster %s starts afresh: it is %d s ahead of the clock", self._cluster.name, ahead)
            self._history = histories.empty(self._cluster.evaluation)

    def _down(self, reason: str) -> Outcome:
        why = Failure("cluster", self._cluster.name, reason)
        return Outcome(self._cluster.name, None, (why,), up=False, last_read=self._last_read)

    def _after(self, source: Source, seen: Observation) -> None:
        """Let the source describe its groups, and keep the history, unless that still goes on for an earlier one."""
        if not self._aftermath.acquire(blocking=False):
            return
        try:
            source.refresh_members(seen)
            if self._storage is not None:
                self._storage.save_if_due(self._cluster.name, self._history)
        except Exception:
            if not self._closed and source is self._source:
                log.exception("what follows a collection of cluster %s failed", self._cluster.name)
        finally:
            self._aftermath.release()

    def _tell(self, outcome: Outcome, message: str) -> None:
        """Log what fails, once, and that it is well again: not the same lines at every scrape."""
        failing = {(failure.scope, failure.reason) for failure in outcome.failures}
        if failing == self._told:
            return
        self._told = failing
        if not failing:
            log.info("cluster %s answers in full", self._cluster.name)
        elif not outcome.up:
            log.warning("cluster %s cannot be read: %s", self._cluster.name, message)
        else:
            log.warning("cluster %s answers in part; missing: %s", self._cluster.name, in_words(outcome.failures))
