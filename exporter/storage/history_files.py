"""The folder of histories: when they are written, and what becomes of files that cannot be used."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote

from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import History, empty, resized
from exporter.core.model import Observation
from exporter.storage.journal import Journal, observations_in
from exporter.storage.whole_history import Damaged, read_with_name, write

log = logging.getLogger(__name__)

SUFFIX: Final = ".history.npz"
JOURNAL_SUFFIX: Final = ".history.journal"

MIN_INTERVAL: Final = 25.0
"""Seconds between two writes of a cluster: just below the usual scrape interval, so that at most the last observation
is lost."""

SHARE_OF_TIME: Final = 1 / 20
"""Writing takes at most this share of the time, however large the history is."""

BYTES_PER_SECOND: Final = 4_000_000
"""The most that is written on average."""


WHOLE_SECONDS: Final = 900.0
"""So long a file is continued by its journal before it is written again. After a restart the journal's observations
have to be judged again, so it must not become too long."""


class HistoryStore(Protocol):
    """Keeps histories across restarts; `HistoryFiles` is one."""

    def load(self, cluster: str, settings: EvaluationSettings) -> History:
        """Returns the retained history of a cluster, an empty one if there is none."""

    def follow(self, cluster: str, before: History, observation: Observation, after: History) -> None:
        """Takes note that an observation has turned the history of a cluster into another."""

    def save_if_due(self, cluster: str, history: History) -> None:
        """Stores the history of a cluster, unless it was stored recently."""

    def save(self, cluster: str, history: History) -> None:
        """Stores the history of a cluster."""


@dataclass(slots=True)
class _Writing:
    """What is written of a cluster; times are by the clock of the files.

    ``tip``: the history that the file and its journal lead to once the ``pending`` observations are written too.
    ``broken``: something else than an observation has changed the history since the file was begun, so that its journal
    leads nowhere. A whole file is written when it is ``due``, or is needed, and ``not_before`` then.
    """

    journal: Journal | None = None
    tip: History | None = None
    pending: list[Observation] = field(default_factory=list)
    broken: bool = True
    next_entry: float = 0.0
    due: float = 0.0
    not_before: float = 0.0
    failure: str | None = None


class HistoryFiles:
    """The files of one folder, which is created when first used."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._clusters: defaultdict[str, _Writing] = defaultdict(_Writing)
        # A collection may take in its observation while the one before is still being written.
        self._lock = threading.Lock()

    def load(self, cluster: str, settings: EvaluationSettings) -> History:
        """Returns the retained history of a cluster, an empty one if there is none.

        A file that cannot be read is renamed, and the log says so.
        """
        path = self._path(cluster)
        try:
            history, name = read_with_name(path)
            return self._continued(cluster, resized(history, settings), name, settings)
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

    def _continued(self, cluster: str, history: History, name: bytes, settings: EvaluationSettings) -> History:
        """The history after the observations in its journal."""
        try:
            for observation in observations_in(self._path(cluster, JOURNAL_SUFFIX), name):
                history, _ = advance(history, observation, settings)
        except FileNotFoundError:
            pass
        except Exception as error:
            log.warning("journal of the history of cluster %s is read only in part: %s", cluster, error)
        return history

    def follow(self, cluster: str, before: History, observation: Observation, after: History) -> None:
        """Takes note that an observation has turned the history of a cluster into another."""
        with self._lock:
            writing = self._clusters[cluster]
            if writing.tip is before:
                writing.pending.append(observation)
            else:
                writing.broken, writing.pending = True, []
            writing.tip = after

    def save_if_due(self, cluster: str, history: History) -> None:
        """Writes what is new in the history of a cluster, unless that was done recently."""
        now = self._clock()
        with self._lock:
            writing = self._clusters[cluster]
            journal = writing.journal
            if journal is None or writing.broken or writing.tip is not history or now >= writing.due:
                whole, pending = True, []
            elif now < writing.next_entry:
                return
            else:
                whole, pending, writing.pending = False, writing.pending, []
        if journal is not None and not whole:
            writing.next_entry = now + MIN_INTERVAL
            with self._telling(writing, cluster):
                journal.append(pending)
        elif now >= writing.not_before:
            self.save(cluster, history)

    def save(self, cluster: str, history: History) -> None:
        """Writes the whole history of a cluster."""
        started, size, name = self._clock(), 0, os.urandom(16)
        with self._lock:
            writing = self._clusters[cluster]
            writing.journal, writing.tip, writing.pending, writing.broken = None, history, [], False
        with self._telling(writing, cluster):
            self._folder.mkdir(parents=True, exist_ok=True)
            size = write(self._path(cluster), history, name)
            writing.journal = Journal(self._path(cluster, JOURNAL_SUFFIX), name)
        pause = max(MIN_INTERVAL, (self._clock() - started) / SHARE_OF_TIME, size / BYTES_PER_SECOND)
        writing.next_entry = started + MIN_INTERVAL
        writing.not_before = started + pause
        writing.due = started + max(pause, WHOLE_SECONDS)

    @staticmethod
    @contextmanager
    def _telling(writing: _Writing, cluster: str) -> Iterator[None]:
        """Logs an error of what is done here, because a full disk must not stop the evaluation.

        What keeps a history from being written is logged once, and that it is written again.
        """
        try:
            yield
        except OSError as error:
            # The end of the journal may be half an entry.
            writing.journal = None
            if writing.failure != str(error):
                writing.failure = str(error)
                log.warning("history of cluster %s was not written: %s", cluster, error)
        else:
            if writing.failure is not None:
                writing.failure = None
                log.info("history of cluster %s is written again", cluster)

    def _path(self, cluster: str, suffix: str = SUFFIX) -> Path:
        return self._folder / (quote(cluster, safe="") + suffix)
