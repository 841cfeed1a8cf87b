"""How many records each group is seen to have lost: those that were deleted before it committed past them.

A group that is slower than retention jumps ahead each time that it loses some, so that at any moment it may seem to
have lost nothing. What was deleted and passed over between two observations is not counted: it may have been read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from exporter.core.commits import UNASSIGNED, Assigned
from exporter.core.layout import Layout
from exporter.core.model import NOT_READ, Int64s, Observation
from exporter.core.snapshot import GroupTopic, Snapshot
from exporter.core.windows import take_rows

LogStarts = Int64s
"""The log start offset of each row when last read, NOT_READ before."""


def count_lost(
    known: Mapping[str, int],
    observation: Observation,
    *,
    before: LogStarts,
    now: Snapshot,
    layout: Layout[GroupTopic],
    assigned: Assigned,
) -> Mapping[str, int]:
    """The records (≥ 0) that each group has lost since it was first seen; groups that have lost none are left out.

    What a group left behind on a topic that it no longer consumes is not lost to it (``assigned``: as in `Commits`).
    """
    kept = {
        name: count for name, count in known.items() if name in observation.groups or name in observation.unread_groups
    }
    seen = now.readable & (now.start >= 0) & (before >= 0) & (assigned != UNASSIGNED)
    lost = np.where(seen, np.maximum(now.start - np.maximum(now.committed, before), 0), 0)
    if not (rows := np.flatnonzero(lost)).size:
        return kept
    counts = Counter(kept)
    blocks = np.searchsorted(layout.starts, rows, side="right") - 1
    for block, records in zip(blocks.tolist(), lost[rows].tolist(), strict=True):
        counts[layout.keys[block][0]] += records
    return dict(counts)


def log_starts(before: LogStarts, now: Snapshot) -> LogStarts:
    """The log start of each row after an observation."""
    return np.where(now.start >= 0, now.start, before)


def unread(rows: int) -> LogStarts:
    """The log starts of rows of which none was read."""
    return np.full(rows, NOT_READ, dtype=np.int64)


def of_rows(starts: LogStarts, rows: Int64s) -> LogStarts:
    """The log starts of the given rows, in that order; those of rows that are new (-1) were not read."""
    return np.where(rows >= 0, take_rows(starts, rows), NOT_READ)
