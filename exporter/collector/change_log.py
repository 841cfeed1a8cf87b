"""What is logged of a cluster's collections: one line for each change of its state, not one for each scrape."""

from __future__ import annotations

import logging
from collections.abc import Set as AbstractSet

from exporter.core.report import Outcome
from exporter.wording import failures_on_one_line

log = logging.getLogger(__name__)


class ChangeLog:
    """The log of one cluster. What was logged last is remembered, so that only what differs from it is logged."""

    def __init__(self, cluster: str) -> None:
        self._cluster = cluster
        self._failing: AbstractSet[tuple[str, str]] = frozenset()
        self._away: AbstractSet[tuple[str, str]] = frozenset()
        self._late = False
        self._follow_up = ""

    def ended(self, outcome: Outcome, message: str = "") -> None:
        """A collection has ended; ``message`` says why nothing could be read.

        Of a cluster that stays away each reason is told once: one scrape may meet a timeout and the next a refusal.
        """
        failing = {(failure.scope, failure.reason) for failure in outcome.failures}
        known, self._away = self._away, frozenset() if outcome.up else self._away | failing
        if failing == self._failing:
            return
        self._failing = failing
        if not failing:
            log.info("all of cluster %s can be read again", self._cluster)
        elif not outcome.up:
            if not failing <= known:
                log.warning("cluster %s cannot be read: %s", self._cluster, message)
        else:
            log.warning(
                "cluster %s was read in part; missing: %s", self._cluster, failures_on_one_line(outcome.failures)
            )

    def broke_off(self, outcome: Outcome, error: Exception) -> None:
        """A collection has ended in an unexpected error, which is logged with its traceback."""
        failing = {(failure.scope, failure.reason) for failure in outcome.failures} | {("error", repr(error))}
        if failing != self._failing:
            self._failing = failing
            log.error("collection of cluster %s failed", self._cluster, exc_info=error)

    def late(self, seconds: float) -> None:
        """A collection has not ended after so many seconds, which is as long as a scrape waits for it."""
        if not self._late:
            self._late = True
            log.warning("the collection of cluster %s has not ended after %.3g s; it continues", self._cluster, seconds)

    def in_time(self) -> None:
        """A collection has ended before a scrape would have given it up."""
        if self._late:
            self._late = False
            log.info("collections of cluster %s end in time again", self._cluster)

    def followed_up(self, error: Exception | None) -> None:
        """The work after a collection has ended, with an unexpected error or without one."""
        if error is None:
            self._follow_up = ""
        elif repr(error) != self._follow_up:
            self._follow_up = repr(error)
            log.error("describing groups or saving the history of cluster %s failed", self._cluster, exc_info=error)
