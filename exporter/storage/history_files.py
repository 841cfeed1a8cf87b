"""The folder of histories: when they are written, and what becomes of files that cannot be used."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote

from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import History, empty, resized
from exporter.storage.whole_history import Damaged, read, write

log = logging.getLogger(__name__)

SUFFIX: Final = ".history.npz"

MIN_INTERVAL: Final = 25.0
"""Seconds between two writes of a cluster: just below the usual scrape interval, so that at most the last observation
is lost."""

SHARE_OF_TIME: Final = 1 / 20
"""Writing takes at most this share of the time, however large the history is."""

BYTES_PER_SECOND: Final = 4_000_000
"""The most that is written on average."""


class HistoryStore(Protocol):
    """Keeps histories across restarts; `HistoryFiles` is one."""

    def load(self, cluster: str, settings: EvaluationSettings) -> History:
        """Returns the retained history of a cluster, an empty one if there is none."""

    def save_if_due(self, cluster: str, history: History) -> None:
        """Stores the history of a cluster, unless it was stored recently."""

    def save(self, cluster: str, history: History) -> None:
        """Stores the history of a cluster."""


class HistoryFiles:
    """The files of one folder, which is created when first used."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._next_write: dict[str, float] = {}
        self._not_written: dict[str, str] = {}

    def load(self, cluster: str, settings: EvaluationSettings) -> History:
        """Returns the retained history of a cluster, an empty one if there is none.

        A file that cannot be read is renamed, and the log says so.
        """
        path = self._path(cluster)
        try:
            return resized(read(path), settings)
        except FileNotFoundError:
            return empty(settings)
        except (Damaged, OSError) as reason:
            aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
            try:
                path.replace(aside)
            except OSError as error:
                log.warning("history of cluster %s cannot be used, and is not renamed: %s; %s", cluster, reason, error)
            else:
                log.warning("history of cluster %s starts empty; file renamed to %s: %s", cluster, aside, reason)
            return empty(settings)

    def save_if_due(self, cluster: str, history: History) -> None:
        """Writes the history of a cluster, unless it was written recently."""
        if self._clock() >= self._next_write.get(cluster, 0.0):
            self.save(cluster, history)

    def save(self, cluster: str, history: History) -> None:
        """Writes the history of a cluster; errors are only logged, because a full disk must not stop the evaluation.

        What keeps it from being written is logged once, and that it is written again.
        """
        started, size = self._clock(), 0
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            size = write(self._path(cluster), history)
        except OSError as error:
            if self._not_written.get(cluster) != str(error):
                self._not_written[cluster] = str(error)
                log.warning("history of cluster %s was not written: %s", cluster, error)
        else:
            if self._not_written.pop(cluster, None) is not None:
                log.info("history of cluster %s is written again", cluster)
        took = self._clock() - started
        pause = max(MIN_INTERVAL, took / SHARE_OF_TIME, size / BYTES_PER_SECOND)
        self._next_write[cluster] = started + pause

    def _path(self, cluster: str) -> Path:
        return self._folder / (quote(cluster, safe="") + SUFFIX)
