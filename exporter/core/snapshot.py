"""What one observation says of each row of commits: where the group stands, and how far behind it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exporter.core.layout import Layout
from exporter.core.model import NO_OFFSET, NOT_READ, Bools, Int64s, Observation
from exporter.core.windows import ASSIGNED, UNASSIGNED, UNKNOWN, Assigned

GroupTopic = tuple[str, str]

_AS_BEFORE = -1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One entry per row of commits; nothing is known of rows that are not ``shown``.

    ``committed``: committed offset, NO_OFFSET or NOT_READ. ``start`` and ``end``: log start offset and end offset,
    NOT_READ where unread; for readers of committed records ``end`` is the last stable offset. ``lag`` and ``lost``
    are in records, ≥ 0.
    """

    committed: Int64s
    start: Int64s
    end: Int64s
    shown: Bools
    lag: Int64s
    lost: Int64s


def snapshot(group_topics: Layout[GroupTopic], topics: Layout[str], end_row: Int64s, seen: Observation) -> Snapshot:
    """What an observation says of each row; ``end_row`` is each row's row in the layout of topics.

    Lag counts the records that are there to be read: end 30, log start 10, commit 20: lag 10, lost 0; commit 4:
    lag 20, lost 6. Commits are read before end offsets, so a commit beyond the end can only come from a log that
    was truncated or recreated, in which nothing is left to read: lag 0.
    """
    committed = _by_group(group_topics, {name: group.commits for name, group in seen.groups.items()}, NO_OFFSET)
    committed[_rows_of_groups(group_topics, seen.unread_groups)] = NOT_READ
    end = topics.column(seen.end_offsets, missing=NOT_READ)[end_row]
    if seen.committed_readers:
        stable = topics.column(seen.stable_offsets, missing=NOT_READ)[end_row]
        end = np.where(_rows_of_groups(group_topics, seen.committed_readers), stable, end)
    start = topics.column(seen.start_offsets, missing=NOT_READ)[end_row]
    shown = (committed >= 0) & (end >= 0)
    return Snapshot(
        committed=committed,
        start=start,
        end=end,
        shown=shown,
        lag=np.where(shown, np.maximum(end - np.maximum(committed, start), 0), 0),
        lost=np.where(shown & (start >= 0), np.maximum(start - committed, 0), 0),
    )


def own_commit_times(group_topics: Layout[GroupTopic], seen: Observation) -> Int64s:
    """When each commit was made (ms), -1 where the source does not know."""
    return _by_group(group_topics, {name: group.commit_times for name, group in seen.groups.items()}, -1)


def assignments(group_topics: Layout[GroupTopic], seen: Observation, before: Assigned) -> tuple[Assigned, Bools]:
    """Whether each row is assigned to a member, and whether a live consumer is on it.

    Of an alive group whose members have not been described yet, what was known ``before`` holds, and what was never
    known counts as assigned: after a restart an abandoned topic does not count as consumed until the members are
    known again.
    """
    # Lists by block, made into columns at the end: a numpy call for each block would cost more than everything else.
    of_block: list[int] = []
    alive: list[bool] = []
    owned: list[int] = []
    starts = group_topics.starts.tolist()
    for (name, topic), start, stop in zip(group_topics.keys, starts[:-1], starts[1:], strict=True):
        group = seen.groups.get(name)
        alive.append(group is not None and group.alive)
        if group is not None and not group.alive:
            of_block.append(UNKNOWN)
        elif group is None or group.members is None or group.members.owners is None:
            of_block.append(_AS_BEFORE)
        else:
            of_block.append(UNASSIGNED)
            owned.extend([start + id_ for id_ in group.members.owners.get(topic, ()) if start + id_ < stop])
    sizes = np.diff(group_topics.starts)
    assigned = np.repeat(np.array(of_block, dtype=np.int8), sizes)
    assigned = np.where(assigned == _AS_BEFORE, before, assigned)
    assigned[owned] = ASSIGNED
    return assigned, np.repeat(np.array(alive, dtype=np.bool_), sizes) & (assigned != UNASSIGNED)


def _by_group(layout: Layout[GroupTopic], values: Mapping[str, Mapping[str, Int64s]], missing: int) -> Int64s:
    pairs = {(name, topic): array for name, topics in values.items() for topic, array in topics.items()}
    return layout.column(pairs, missing)


def _rows_of_groups(layout: Layout[GroupTopic], names: frozenset[str]) -> Bools:
    rows = np.zeros(layout.rows, dtype=np.bool_)
    if names:
        for key in layout.keys:
            if key[0] in names and (block := layout.block(key)) is not None:
                rows[block] = True
    return rows
