"""What is retained of a cluster between scrapes, and how an observation is folded into it.

Every fold gives a new History and leaves the old one as it was, so a report may keep reading the columns it was
made from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from exporter.core.evaluation import Evaluation
from exporter.core.layout import Layout
from exporter.core.model import (
    NO_OFFSET,
    NOT_READ,
    Bools,
    GroupObservation,
    Int64s,
    Observation,
)
from exporter.core.windows import NO_LAG, Commits, Windows, append_entries, newest, newest_time, shift_left

GroupTopic = tuple[str, str]


@dataclass(frozen=True, slots=True)
class History:
    """All that is retained of one cluster: end offsets by topic, commits by (group, topic)."""

    topics: Layout[str]
    ends: Windows
    group_topics: Layout[GroupTopic]
    commits: Commits
    end_row: Int64s
    """For each row of commits its row of end offsets."""


def empty(settings: Evaluation) -> History:
    """A history of nothing."""
    size = capacity(settings)
    return History(
        Layout.of(()), Windows.empty(0, size), Layout.of(()), Commits.empty(0, size), np.zeros(0, dtype=np.int64)
    )


def capacity(settings: Evaluation) -> int:
    """How many entries a window can hold: ``intervals``, or more where time needs more.

    Spanning 150 s with entries at least 27 s apart takes ⌈150/27⌉ + 1 = 7; at least 4 and at most 128 are kept.
    """
    needed = settings.intervals
    if settings.min_distance > 0:
        span = max(settings.window, settings.recent)
        needed = max(needed, math.ceil(span / settings.min_distance) + 1)
    return min(max(needed, 4), 128)


def fold(history: History, seen: Observation, settings: Evaluation) -> History:
    """The history after an observation.

    Commits are recorded before end offsets, so that the lag stored with a commit is measured against the end
    offset retained *before* it, as Burrow's is against its last refresh; a rising but healthy flow then does
    not look like falling behind.
    """
    aligned = align(history, seen)
    offsets = aligned.group_topics.column(
        {(name, topic): array for name, group in seen.groups.items() for topic, array in group.commits.items()},
        missing=NO_OFFSET,
    )
    if seen.unread_groups:
        unread = [
            np.arange(block.start, block.stop)
            for key in aligned.group_topics.keys
            if key[0] in seen.unread_groups and (block := aligned.group_topics.block(key)) is not None
        ]
        if unread:
            offsets[np.concatenate(unread)] = NOT_READ
    own_times = aligned.group_topics.column(
        {(name, topic): array for name, group in seen.groups.items() for topic, array in group.commit_times.items()},
        missing=-1,
    )
    commits = record_commits(
        aligned.commits,
        offsets,
        at=seen.at,
        live=_live_rows(aligned.group_topics, seen),
        own_times=own_times,
        ends=aligned.ends.take(aligned.end_row),
        settings=settings,
    )
    ends = record_ends(
        aligned.ends, aligned.topics.column(seen.end_offsets, missing=NOT_READ), at=seen.at, settings=settings
    )
    return replace(aligned, ends=ends, commits=commits)


def align(history: History, seen: Observation) -> History:
    """The history laid out for what an observation names: new rows empty, rows of what is gone dropped.

    A topic exists while metadata lists it, a group while it is listed and has a commit on the topic; a group that
    could not be read this time keeps its rows.
    """
    sizes = {topic: len(array) for topic, array in seen.end_offsets.items()}
    topics = Layout.of(sorted(sizes.items()))
    keys = {
        (name, topic)
        for name, group in seen.groups.items()
        for topic in group.commits
        if topic in sizes and name not in seen.unread_groups
    }
    if seen.unread_groups:
        keys.update(key for key in history.group_topics.keys if key[0] in seen.unread_groups and key[1] in sizes)
    group_topics = Layout.of((key, sizes[key[1]]) for key in sorted(keys))

    same_topics = topics.same_as(history.topics)
    if same_topics and group_topics.same_as(history.group_topics):
        return history
    ends = history.ends if same_topics else history.ends.take(topics.rows_of(history.topics))
    starts = [(topics.block(topic), size) for _, topic in group_topics.keys if (size := sizes[topic])]
    end_rows = [np.arange(block.start, block.stop) for block, _ in starts if block is not None]
    return History(
        topics,
        ends,
        group_topics,
        history.commits.take(group_topics.rows_of(history.group_topics)),
        np.concatenate(end_rows) if end_rows else np.zeros(0, dtype=np.int64),
    )


def record_commits(
    commits: Commits,
    offsets: Int64s,
    *,
    at: int,
    live: Bools,
    own_times: Int64s,
    ends: Windows,
    settings: Evaluation,
) -> Commits:
    """The commits after one look at every row.

    ``offsets``: committed offset, NO_OFFSET (the row is emptied) or NOT_READ (the row is left alone).
    ``own_times``: commit time in ms where known, else -1; then a commit is recorded when it moved, or when a live
    consumer is on the partition (``live``): a stuck consumer shows as STALL, an absent one as STOP.
    ``ends``: the end offsets retained for each row; a commit's lag is measured against the newest of them that was
    there before the entry it is recorded in.

    A commit closer than ``min_distance`` to the newest retained one replaces it and keeps its time, as in
    Burrow's ``core/internal/storage/inmemory.go``.
    """
    windows = commits.windows
    if windows.offset.shape[0] == 0:
        return commits
    timed = own_times >= 0
    present = offsets >= 0
    filled = windows.count > 0
    time = np.where(timed, own_times, at)
    # Guarded by `filled`: the newest column of an empty row says nothing.
    moved = ~filled | (windows.offset[:, -1] != offsets)
    fresh = np.where(timed, ~filled | (own_times > commits.last_time), moved | live)
    record = present & fresh
    close = filled & (time - windows.time[:, -1] < settings.min_distance * 1000)
    append, overwrite = record & ~close, record & close
    end = newest(ends)
    if ends.capacity > 1:
        # An entry that is replaced keeps its time, and with it the end offset that it is measured against.
        of_that_entry = overwrite & ~timed & (ends.time[:, -1] >= windows.time[:, -1])
        end = np.where(of_that_entry, np.where(ends.count > 1, ends.offset[:, -2], NO_OFFSET), end)
    lag = np.where(end >= 0, np.maximum(end - offsets, 0), NO_LAG)

    recorded = Commits(
        append_entries(windows, append, offsets, time),
        shift_left(commits.lag, append, lag),
        np.where(present, timed, commits.own_times),
        np.where(record, time, commits.last_time),
    )
    recorded.windows.offset[overwrite, -1] = offsets[overwrite]
    recorded.lag[overwrite, -1] = lag[overwrite]
    recorded.windows.count[offsets == NO_OFFSET] = 0
    return recorded


def record_ends(ends: Windows, offsets: Int64s, *, at: int, settings: Evaluation) -> Windows:
    """The end offsets after one look at every row; of those closer than ``min_distance`` the first is kept."""
    close = (ends.count > 0) & (at - newest_time(ends) < settings.min_distance * 1000)
    return append_entries(ends, (offsets >= 0) & ~close, offsets, np.full(len(offsets), at, dtype=np.int64))


def _live_rows(layout: Layout[GroupTopic], seen: Observation) -> Bools:
    """True for rows on which a live consumer is: the group is alive and, where known, has the partition assigned."""
    live = np.zeros(layout.rows, dtype=np.bool_)
    for key in layout.keys:
        group: GroupObservation | None = seen.groups.get(key[0])
        block = layout.block(key)
        if group is None or not group.alive or block is None:
            continue
        if group.members is None or group.members.owners is None:
            live[block] = True
        else:
            for partition in group.members.owners.get(key[1], ()):
                if partition < block.stop - block.start:
                    live[block.start + partition] = True
    return live
