"""What is retained of one cluster while the exporter runs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from exporter import clock
from exporter.core import history as histories
from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.model import Observation
from exporter.core.moved_clock import moved
from exporter.core.report import Report
from exporter.storage import HistoryStore

log = logging.getLogger(__name__)


class ClusterHistory:
    """One cluster's history, which each observation advances. Only one thread at a time may change it.

    Its times are by the system's clock. Where that is set to another time, they move with it: sources measure time by a
    clock that does not jump (`exporter.clock`), so no time has passed.
    """

    def __init__(self, cluster: str, settings: EvaluationSettings, storage: HistoryStore | None) -> None:
        self._cluster = cluster
        self._storage = storage
        self._history = storage.load(cluster, settings) if storage else histories.empty(settings)
        self._step = clock.step()

    @property
    def is_stored(self) -> bool:
        """True if the history is to survive a restart."""
        return self._storage is not None

    @property
    def groups(self) -> set[str]:
        """The groups that are retained."""
        return {group for group, _ in self._history.group_topics.keys}

    @property
    def topics(self) -> Mapping[str, int]:
        """The topics that are retained, with their numbers of partitions."""
        return self._history.topics.sizes()

    def advance(self, observation: Observation, settings: EvaluationSettings) -> Report:
        """Takes in an observation, and returns the report on it; if that fails nothing is taken in."""
        self._follow_system_clock()
        observation = replace(observation, at=observation.at + round(self._step * 1000))
        self._end_by(observation.at)
        before = self._history
        self._history, report = advance(before, observation, settings)
        if self._storage is not None:
            self._storage.follow(self._cluster, before, observation, self._history)
        return report

    def forget(self, group: str, topic: str | None) -> None:
        """Discards what is retained of a group, or of it on one topic."""
        self._history = histories.forget(self._history, group, topic)

    def save_if_due(self) -> None:
        """Stores the history, unless it was stored recently."""
        if self._storage is not None:
            self._storage.save_if_due(self._cluster, self._history)

    def save(self) -> None:
        """Stores the history."""
        if self._storage is not None:
            self._storage.save(self._cluster, self._history)

    def _follow_system_clock(self) -> None:
        """Moves the history if the system's clock has been set to another time since the last observation."""
        by = clock.step() - self._step
        if abs(by) >= clock.STEP:
            self._step += by
            self._history = moved(self._history, round(by * 1000))

    def _end_by(self, at: int) -> None:
        """Moves the history if it ends later than ``at`` (ms): an earlier run may have had a clock that was ahead.

        How long ago it really ended is not known; no time at all is the guess that costs no verdict.
        """
        newest = self._history.observed_at
        if newest is None or newest <= at:
            return
        if newest - at >= clock.STEP * 1000:
            log.warning(
                "history of cluster %s is %d s ahead of the clock; it is taken to have ended just now",
                self._cluster,
                (newest - at) // 1000,
            )
        self._history = moved(self._history, at - newest)
