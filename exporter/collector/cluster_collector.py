"""One cluster's collections, one after the other.

A scrape that finds the report too old starts one in a thread, scrapes that arrive meanwhile share it, and each waits
until its own deadline. A late collection continues: a later scrape has its report.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from exporter.collector.change_log import ChangeLog
from exporter.collector.cluster_history import ClusterHistory
from exporter.core.model import Failure, Observation
from exporter.core.report import Outcome
from exporter.settings import Cluster, Collection
from exporter.sources import ClusterUnavailable, Source
from exporter.storage import HistoryStore

LATE = "deadline"
"""The reason given for a cluster whose collection had not ended by a scraper's deadline."""

INTERNAL_ERROR = "internal_error"
"""The reason given for a collection that ended in an unexpected error; the log has its traceback."""

NO_THREAD = "resources"
"""The reason given where no thread could be started."""

LAST_SAVE_SECONDS = 1.0
"""How long closing waits for a write in progress; the file is complete either way."""


@dataclass(frozen=True, slots=True)
class _Finished:
    """How the last collection ended, and when by the collector's clock.

    ``prompt``: it read the cluster, within the time that its scrape had. ``late``: what is shown of it while the next
    one has not ended in time.
    """

    at: float
    outcome: Outcome
    prompt: bool
    late: Outcome


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
        self._history = ClusterHistory(cluster.name, cluster.judging, storage)
        self._changed = threading.Condition()
        self._collecting = self._outdated = self._closed = self._given_up = False
        self._finished: _Finished | None = None
        self._last_read: int | None = None
        self._follow_up_lock = threading.Lock()
        self._log = ChangeLog(cluster.name)
        self._to_forget: list[tuple[str, str | None]] = []
        self._told: Source | None = None

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self._cluster.name

    @property
    def prompt(self) -> bool:
        """False if the last collection did not read the cluster in time, or the one that runs is late already."""
        with self._changed:
            return not self._given_up and (self._finished is None or self._finished.prompt)

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
            self._log.ended(outcome, str(error))
            self._publish(outcome, prompt=False)

    def outcome(self, deadline: float) -> Outcome:
        """Waits until ``deadline`` for the running collection, and returns the outcome for the cluster.

        After it the previous report is returned, if not older than ``max_report_age``, as one that is not up to date:
        where collections take longer than scrapers wait, each scrape shows the report that the one before has started.
        """
        with self._changed:
            patience = deadline - self._clock()
            self._changed.wait_for(lambda: not self._collecting or self._closed, timeout=patience)
            finished = self._finished
            if finished is not None and not self._collecting:
                return finished.outcome
            self._given_up = True
            if not self._closed and (finished is None or finished.outcome.up):
                self._log.late(max(patience, 0.0))
            if finished is not None and self._age() <= self._collection.max_report_age:
                return finished.late
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
            if cluster != self._cluster:
                self._outdated = True
                # With other settings it may answer.
                self._finished = replace(self._finished, prompt=True) if self._finished else None
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
        if self._history.is_stored and self._follow_up_lock.acquire(timeout=LAST_SAVE_SECONDS):
            try:
                self._history.save()
            finally:
                self._follow_up_lock.release()

    def _age(self) -> float:
        """Seconds since the last collection ended, infinite before the first."""
        return self._clock() - self._finished.at if self._finished is not None else float("inf")

    def _collect(self, cluster: Cluster, source: Source, timeout: float) -> None:
        """Runs one collection and publishes its outcome; then does the work that no scrape waits for."""
        started, observation = self._clock(), None
        try:
            observation, outcome = self._observe(cluster, source, timeout)
        except ClusterUnavailable as unavailable:
            outcome = self._down(unavailable.reason)
            self._log.ended(outcome, str(unavailable))
        except Exception as error:
            outcome = self._down(INTERNAL_ERROR)
            if not self._closed:  # errors of a closed connection are expected
                self._log.broke_off(outcome, error)
        else:
            self._log.ended(outcome)
        self._publish(outcome, prompt=outcome.up and self._clock() - started <= timeout)
        if observation is not None:
            self._follow_up(source, observation)
        if source is not self._source:
            source.close()

    def _publish(self, outcome: Outcome, *, prompt: bool) -> None:
        """Ends the collection with an outcome, and wakes who waits for it."""
        late = outcome
        if outcome.up:
            late = replace(outcome, up=False, failures=(*outcome.failures, self._failure(LATE)))
        with self._changed:
            self._finished = _Finished(self._clock(), outcome, prompt, late)
            self._collecting = self._given_up = False
            if prompt:
                self._log.in_time()
            self._changed.notify_all()

    def _observe(self, cluster: Cluster, source: Source, timeout: float) -> tuple[Observation, Outcome]:
        """Observes and judges; the history advances only if both succeed."""
        started = time.perf_counter()
        if source is not self._told:
            # A new source has seen nothing yet: what it cannot list at first must not count as deleted.
            source.expect(self._history.groups, self._history.topics)
            self._told = source
        observation = source.observe(timeout)
        observed = time.perf_counter()
        self._forget()
        report = self._history.advance(observation, cluster.judging)
        # Commits are read first, in the stage that ends when the observation is dated.
        self._last_read = observation.at - int(observation.stages.get("commits", 0.0) * 1000)
        ended = time.perf_counter()
        report = replace(report, stages={**observation.stages, "judge": ended - observed, "total": ended - started})
        return observation, Outcome(self.name, report, report.failures, up=True, last_read=self._last_read)

    def _forget(self) -> None:
        """Discards what was requested since the last collection."""
        with self._changed:
            to_forget, self._to_forget = self._to_forget, []
        for group, topic in to_forget:
            self._history.forget(group, topic)

    def _down(self, reason: str) -> Outcome:
        return Outcome(self.name, None, (self._failure(reason),), up=False, last_read=self._last_read)

    def _failure(self, reason: str) -> Failure:
        return Failure("cluster", self.name, reason)

    def _follow_up(self, source: Source, observation: Observation) -> None:
        """Lets the source describe its groups, and saves the history, unless an earlier call still runs."""
        if not self._follow_up_lock.acquire(blocking=False):
            return
        try:
            source.refresh_members(observation)
            self._history.save_if_due()
        except Exception as error:
            if not self._closed and source is self._source:
                self._log.followed_up(error)
        else:
            self._log.followed_up(None)
        finally:
            self._follow_up_lock.release()
