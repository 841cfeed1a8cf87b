"""One cluster's collections, one after the other.

A scrape that finds the report too old starts one in a thread, scrapes that arrive meanwhile share it, and each waits
until its own deadline. A late collection continues: a later scrape has its report.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from exporter.core import history as histories
from exporter.core.advance import advance
from exporter.core.model import Failure, Observation
from exporter.core.report import Outcome
from exporter.settings import Cluster, Collection
from exporter.sources import ClusterUnavailable, Source
from exporter.storage import HistoryStore
from exporter.wording import failures_on_one_line

log = logging.getLogger(__name__)

LATE = "deadline"
"""The reason given for a cluster whose collection had not ended by a scraper's deadline."""

INTERNAL_ERROR = "internal_error"
"""The reason given for a collection that ended in an unexpected error; the log has its traceback."""

NO_THREAD = "resources"
"""The reason given where no thread could be started."""

MAX_CLOCK_STEP_MS = 60_000
"""A retained history may be this much ahead of the clock; beyond, silence cannot be judged by its times."""

LAST_SAVE_SECONDS = 1.0
"""How long closing waits for a write in progress; the file is complete either way."""


@dataclass(frozen=True, slots=True)
class _Finished:
    """How the last collection ended, and when by the collector's clock."""

    at: float
    outcome: Outcome


class ClusterCollector:
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
        self._history = storage.load(cluster.name, cluster.judging) if storage else histories.empty(cluster.judging)
        self._changed = threading.Condition()
        self._collecting = self._outdated = self._closed = False
        self._finished: _Finished | None = None
        self._last_read: int | None = None
        self._follow_up_lock = threading.Lock()
        self._logged: AbstractSet[tuple[str, str]] = frozenset()
        self._to_forget: list[tuple[str, str | None]] = []
        self._told: Source | None = None

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self._cluster.name

    def start(self, timeout: float) -> None:
        """Starts a collection unless one is running, or the last one is younger than ``min_interval``."""
        with self._changed:
            fresh = self._age() < self._collection.min_interval and not self._outdated
            if self._collecting or self._closed or fresh:
                return
            self._collecting, self._outdated = True, False
            arguments = (self._cluster, self._source, timeout)
        name = f"collect-{self._cluster.name}"
        try:
            threading.Thread(target=self._collect, args=arguments, name=name, daemon=True).start()
        except RuntimeError as error:  # no more threads: the next scrape tries again
            outcome = self._down(NO_THREAD)
            self._log_change(outcome, str(error))
            self._publish(outcome)

    def outcome(self, deadline: float) -> Outcome:
        """Waits until ``deadline`` for the running collection, and returns the outcome for the cluster.

        After it the previous report is returned, if not older than ``max_report_age``: where collections take longer
        than scrapers wait, each scrape shows the report that the one before has started.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._collecting or self._closed, timeout=deadline - self._clock())
            late = self._collecting
            finished = self._finished
            if finished is not None and (not late or self._age() <= self._collection.max_report_age):
                return finished.outcome
        return self._down(LATE)

    def forget(self, group: str, topic: str | None) -> None:
        """Asks the collecting thread, which owns the history, to discard a group, or it on one topic."""
        with self._changed:
            self._to_forget.append((group, topic))

    def reconfigure(self, cluster: Cluster, collection: Collection, source: Source | None) -> None:
        """Uses other settings and, unless it is None, another source from the next collection on."""
        with self._changed:
            before, in_use = self._source, self._collecting
            self._collection = collection
            self._source = source or before
            self._outdated |= cluster != self._cluster
            self._cluster = cluster
        # A running collection closes its own source.
        if self._source is not before and not in_use:
            before.close()

    def close(self) -> None:
        """Wakes the waiting scrapes, closes the source, and saves the history."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._source.close()
        if self._storage is not None and self._follow_up_lock.acquire(timeout=LAST_SAVE_SECONDS):
            try:
                self._storage.save(self._cluster.name, self._history)
            finally:
                self._follow_up_lock.release()

    def _age(self) -> float:
        """Seconds since the last collection ended, infinite before the first."""
        return self._clock() - self._finished.at if self._finished is not None else float("inf")

    def _collect(self, cluster: Cluster, source: Source, timeout: float) -> None:
        """Runs one collection and publishes its outcome; then does the work that no scrape waits for."""
        try:
            observation, outcome = self._observe(cluster, source, timeout)
        except ClusterUnavailable as unavailable:
            observation, outcome = None, self._down(unavailable.reason)
            self._log_change(outcome, str(unavailable))
        except Exception:
            observation, outcome = None, self._down(INTERNAL_ERROR)
            if not self._closed:  # errors of a closed connection are expected
                log.exception("collection of cluster %s failed", self._cluster.name)
        else:
            self._log_change(outcome, "")
        self._publish(outcome)
        if observation is not None:
            self._follow_up(source, observation)
        if source is not self._source:
            source.close()

    def _publish(self, outcome: Outcome) -> None:
        """Ends the collection with an outcome, and wakes who waits for it."""
        with self._changed:
            self._finished, self._collecting = _Finished(self._clock(), outcome), False
            self._changed.notify_all()

    def _observe(self, cluster: Cluster, source: Source, timeout: float) -> tuple[Observation, Outcome]:
        """Observes and judges; the history advances only if both succeed."""
        started = time.perf_counter()
        if source is not self._told:
            # A new source has seen nothing yet: what it cannot list at first must not count as deleted.
            source.expect({group for group, _ in self._history.group_topics.keys}, self._history.topics.sizes())
            self._told = source
        observation = source.observe(timeout)
        observed = time.perf_counter()
        self._forget()
        self._check_clock(observation.at)
        self._history, report = advance(self._history, observation, cluster.judging)
        self._last_read = observation.at
        ended = time.perf_counter()
        report = replace(report, stages={**observation.stages, "judge": ended - observed, "total": ended - started})
        return observation, Outcome(self._cluster.name, report, report.failures, up=True, last_read=observation.at)

    def _forget(self) -> None:
        """Discards what was requested since the last collection."""
        with self._changed:
            to_forget, self._to_forget = self._to_forget, []
        for group, topic in to_forget:
            self._history = histories.forget(self._history, group, topic)

    def _check_clock(self, at: int) -> None:
        """Discards a history that was kept by a clock ahead of this one."""
        times = self._history.timeline.times
        if times and times[-1] > at + MAX_CLOCK_STEP_MS:
            ahead = (times[-1] - at) // 1000
            log.warning("history of cluster %s starts empty: it is %d s ahead of the clock", self._cluster.name, ahead)
            self._history = histories.empty(self._cluster.judging)

    def _down(self, reason: str) -> Outcome:
        why = Failure("cluster", self._cluster.name, reason)
        return Outcome(self._cluster.name, None, (why,), up=False, last_read=self._last_read)

    def _follow_up(self, source: Source, observation: Observation) -> None:
        """Lets the source describe its groups, and saves the history, unless an earlier call still runs."""
        if not self._follow_up_lock.acquire(blocking=False):
            return
        try:
            source.refresh_members(observation)
            if self._storage is not None:
                self._storage.save_if_due(self._cluster.name, self._history)
        except Exception:
            if not self._closed and source is self._source:
                log.exception("describing groups or saving the history of cluster %s failed", self._cluster.name)
        finally:
            self._follow_up_lock.release()

    def _log_change(self, outcome: Outcome, message: str) -> None:
        """Logs a failure once, and its end, instead of the same lines at every scrape."""
        failing = {(failure.scope, failure.reason) for failure in outcome.failures}
        if failing == self._logged:
            return
        self._logged = failing
        if not failing:
            log.info("all of cluster %s can be read again", self._cluster.name)
        elif not outcome.up:
            log.warning("cluster %s cannot be read: %s", self._cluster.name, message)
        else:
            log.warning(
                "cluster %s was read in part; missing: %s", self._cluster.name, failures_on_one_line(outcome.failures)
            )
