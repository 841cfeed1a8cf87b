"""How a cluster is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIN_COMMITS: Final = 4
"""A window in time holds at least this many commits; with fewer a single pause would look like a stop."""

MIN_CAPACITY: Final = 12
"""Room for so many commits is kept in any case: a trend needs more than the window's own."""

MAX_ENTRIES: Final = 128
"""A window never holds more entries than this, whatever the settings ask for."""


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """Settings of the judging core. Times in seconds, lag in records.

    ``window``: a partition is bad only after it has been silent, or fallen behind, for this long. ``patience``: how
    long one may be silent whose rhythm is not known yet. ``min_distance``: observations closer than this to the newest
    retained one do not extend the window. ``intervals``: how many commits Burrow's own rule uses, where commits have
    their own times. ``allowed_lag``: up to this lag a partition is OK. ``minimum_complete``: below this completeness a
    partition is OK.
    """

    window: float = 120.0
    patience: float = 3600.0
    min_distance: float = 27.0
    intervals: int = 10
    allowed_lag: int = 0
    minimum_complete: float = 0.0
