"""What one observation says of each row: the only place in which an observation becomes columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from exporter.core.commits import ASSIGNED, UNASSIGNED, UNKNOWN, Assigned
from exporter.core.layout import Layout
from exporter.core.model import MEMBERLESS_STATES, NO_OFFSET, NOT_READ, Bools, GroupObservation, Int64s, Observation

GroupTopic = tuple[str, str]

NO_TIME = -1
"""Stands for the time of a commit whose source does not tell it."""

AS_BEFORE = -1
"""Stands for an assignment of which this observation says nothing: the one known before holds."""


@dataclass(frozen=True, slots=True)
class TopicOffsets:
    """The offsets of each row of the layout of topics, NOT_READ where unread."""

    start: Int64s
    stable: Int64s
    end: Int64s


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an observation at ``at`` (ms) says of each row of commits; nothing is known of rows not ``readable``.

    ``committed``: committed offset, NO_OFFSET or NOT_READ; ``commit_time``: when it was made (ms), or NO_TIME.
    ``position``: the first offset that is left to consume: the committed one or, where that has been deleted, the log
    start. ``assigned``: whether a member is assigned, as in `Commits`, or AS_BEFORE; ``alive``: whether the group is;
    ``without_members``: it is known to have none. ``of_consumers``: it is a group that has members when it consumes.
    ``start``: log start offset; ``log_end``: end offset; ``end``: that or, for readers of committed records, the last
    stable offset; all NOT_READ where unread. ``unreadable``: the group has a commit there, but it or the end offset
    could not be read. ``lag`` and ``lost`` are in records, ≥ 0. ``topics``: the offsets by row of the topics.
    """

    at: int
    committed: Int64s
    commit_time: Int64s
    position: Int64s
    assigned: Assigned
    alive: Bools
    without_members: Bools
    of_consumers: Bools
    start: Int64s
    log_end: Int64s
    end: Int64s
    readable: Bools
    unreadable: Bools
    lag: Int64s
    lost: Int64s
    topics: TopicOffsets


def snapshot(
    group_topics: Layout[GroupTopic], topics: Layout[str], end_row: Int64s, observation: Observation
) -> Snapshot:
    """What an observation says of each row; ``end_row`` is each row's row in the layout of topics.

    Lag counts the records that are there to be read: end 30, log start 10, commit 20: lag 10, lost 0; commit 4:
    lag 20, lost 6. Commits are read before end offsets, so a commit beyond the end can only come from a log that
    was truncated or recreated, in which nothing is left to read: lag 0.
    """
    blocks = _of_groups(group_topics, observation)
    offsets = TopicOffsets(
        start=topics.column(observation.start_offsets, missing=NOT_READ),
        stable=topics.column(observation.stable_offsets, missing=NOT_READ),
        end=topics.column(observation.end_offsets, missing=NOT_READ),
    )
    committed, start, log_end = blocks.committed, offsets.start[end_row], offsets.end[end_row]
    reads_committed = blocks.reads_committed
    end = np.where(reads_committed, offsets.stable[end_row], log_end) if reads_committed.any() else log_end
    readable = (committed >= 0) & (end >= 0)
    return Snapshot(
        at=observation.at,
        committed=committed,
        commit_time=blocks.commit_time,
        position=np.maximum(committed, start),
        assigned=blocks.assigned,
        alive=blocks.alive,
        without_members=blocks.without_members,
        of_consumers=blocks.of_consumers,
        start=start,
        log_end=log_end,
        end=end,
        readable=readable,
        unreadable=~readable & (committed != NO_OFFSET),
        lag=np.where(readable, np.maximum(end - np.maximum(committed, start), 0), 0),
        lost=np.where(readable & (start >= 0), np.maximum(start - committed, 0), 0),
        topics=offsets,
    )


@dataclass(frozen=True, slots=True)
class _OfGroups:
    """The columns of a snapshot that come from its groups, and which rows belong to readers of committed records."""

    committed: Int64s
    commit_time: Int64s
    assigned: Assigned
    alive: Bools
    without_members: Bools
    of_consumers: Bools
    reads_committed: Bools


def _of_groups(layout: Layout[GroupTopic], observation: Observation) -> _OfGroups:
    """One pass over the blocks.

    What is the same for a whole block goes into lists, made into columns at the end: a numpy call for each block would
    cost more than everything else.
    """
    committed = np.full(layout.rows, NO_OFFSET, dtype=np.int64)
    commit_time = np.full(layout.rows, NO_TIME, dtype=np.int64)
    assigned: list[int] = []
    alive: list[bool] = []
    without_members: list[bool] = []
    of_consumers: list[bool] = []
    reads_committed: list[bool] = []
    owned: list[int] = []
    starts = layout.starts.tolist()
    for (name, topic), start, stop in zip(layout.keys, starts[:-1], starts[1:], strict=True):
        group = observation.groups.get(name)
        if name in observation.unread_groups:
            committed[start:stop] = NOT_READ
        elif group is not None:
            _fill(committed, start, stop, group.commits.get(topic))
            _fill(commit_time, start, stop, group.commit_times.get(topic))
        assigned.append(_assigned(group))
        if assigned[-1] == UNASSIGNED:
            owned += [start + id_ for id_ in _assigned_ids(group, topic) if start + id_ < stop]
        alive.append(group is not None and group.alive)
        without_members.append(group is not None and group.state in MEMBERLESS_STATES)
        of_consumers.append(group is not None and group.protocol != "")
        reads_committed.append(name in observation.committed_readers)
    sizes = np.diff(layout.starts)
    assigned_rows = np.repeat(np.array(assigned, dtype=np.int8), sizes)
    assigned_rows[owned] = ASSIGNED
    return _OfGroups(
        committed=committed,
        commit_time=commit_time,
        assigned=assigned_rows,
        alive=np.repeat(np.array(alive, dtype=np.bool_), sizes),
        without_members=np.repeat(np.array(without_members, dtype=np.bool_), sizes),
        of_consumers=np.repeat(np.array(of_consumers, dtype=np.bool_), sizes),
        reads_committed=np.repeat(np.array(reads_committed, dtype=np.bool_), sizes),
    )


def _fill(column: Int64s, start: int, stop: int, values: Int64s | None) -> None:
    """Writes values by partition id into a block, as far as they go."""
    if values is not None:
        column[start : min(stop, start + len(values))] = values[: stop - start]


def _assigned(group: GroupObservation | None) -> int:
    """What is known of the assignment of partitions that no member is named for."""
    if group is not None and not group.alive:
        return UNKNOWN
    if group is None or group.members is None or group.members.owners is None:
        return AS_BEFORE
    return UNASSIGNED


def _assigned_ids(group: GroupObservation | None, topic: str) -> Iterable[int]:
    """The partitions of a topic that are assigned to members."""
    if group is None or group.members is None or group.members.owners is None:
        return ()
    return group.members.owners.get(topic, ())
