"""What is retained of a cluster between scrapes, and how an observation is folded into it.

Every fold returns a new History and leaves the old one unchanged, so a report may keep reading the columns it was
made from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from exporter.core.evaluation import MAX_ENTRIES, MIN_COMMITS, EvaluationSettings
from exporter.core.layout import Layout
from exporter.core.model import EMPTY, NO_OFFSET, Bools, Int64s, Observation
from exporter.core.snapshot import AS_BEFORE, GroupTopic, Snapshot, snapshot
from exporter.core.timeline import Timeline, extend
from exporter.core.trend import Trend, follow, total_lags, without
from exporter.core.windows import (
    NO_LAG,
    UNASSIGNED,
    Commits,
    Windows,
    append_entries,
    newest,
    newest_time,
    offset_at,
    right_aligned,
    shift_left,
)

LOOKBACK: Final = 1 / 5
"""A sampled commit's lag is measured against the end offset of this share of ``window`` earlier: 30 s of 150 s."""

ANY_LAG = np.iinfo(np.int64).max
"""Stands for a current lag that is not known: higher than any lag."""


@dataclass(frozen=True, slots=True)
class History:
    """All that is retained of one cluster: end offsets by topic, commits by (group, topic).

    ``ends`` are the newest end offsets, for the rules; ``timeline`` those of a day, for lag in seconds. ``readable``:
    the rows of commits that the newest observation could read, None before the first or since rows came or went.
    ``trend``: the groups' total lags of the last ``window``.
    """

    topics: Layout[str]
    ends: Windows
    group_topics: Layout[GroupTopic]
    commits: Commits
    end_row: Int64s
    """For each row of commits, its row of end offsets."""
    timeline: Timeline = Timeline()
    trend: Trend = ()
    readable: Bools | None = None
    topic_ids: Mapping[str, str] = field(default_factory=lambda: EMPTY)


def empty(settings: EvaluationSettings) -> History:
    """A history without entries."""
    size = capacity(settings)
    return History(
        Layout.of(()), Windows.empty(0, size), Layout.of(()), Commits.empty(0, size), np.zeros(0, dtype=np.int64)
    )


def capacity(settings: EvaluationSettings) -> int:
    """How many entries a window can hold: ``intervals``, or more if the window's duration needs more.

    Spanning 200 s with entries at least 27 s apart takes ⌈200/27⌉ + 1 = 9; at least MIN_COMMITS and at most
    MAX_ENTRIES are kept.
    """
    needed = settings.intervals
    if settings.min_distance > 0:
        span = max(settings.window, settings.recent)
        needed = max(needed, math.ceil(span / settings.min_distance) + 1)
    return min(max(needed, MIN_COMMITS), MAX_ENTRIES)


def fold(history: History, observation: Observation, settings: EvaluationSettings) -> tuple[History, Snapshot]:
    """The history after an observation, and what the observation says of each of its rows.

    The lag stored with a commit is measured against an end offset from *before* it, as Burrow's is against its last
    refresh; a rising but healthy flow then does not look like falling behind.
    """
    aligned = align(resized(history, settings), observation)
    now = snapshot(aligned.group_topics, aligned.topics, aligned.end_row, observation)
    ends = now.topics.end
    after = replace(
        aligned,
        commits=record_commits(aligned.commits, now, aligned.ends.take(aligned.end_row), settings),
        ends=record_ends(aligned.ends, ends, at=now.at, settings=settings),
        timeline=extend(aligned.timeline, ends, at=now.at, min_distance=settings.min_distance),
        trend=follow(comparable(aligned, now), now.at, total_lags(aligned.group_topics, now), settings),
        readable=now.readable,
    )
    return after, now


def comparable(aligned: History, now: Snapshot) -> Trend:
    """The trend of the groups whose total covers the same partitions as in the observation before."""
    if aligned.readable is None:
        return aligned.trend
    layout = aligned.group_topics
    rows = np.flatnonzero(aligned.readable != now.readable)
    blocks = np.unique(np.searchsorted(layout.starts, rows, side="right") - 1)
    return without(aligned.trend, {layout.keys[block][0] for block in blocks.tolist()})


def align(history: History, observation: Observation) -> History:
    """The history laid out for what an observation names: new rows are empty, rows of what is gone are dropped.

    A topic exists while metadata lists it, a group while it is listed and has a commit on the topic; a group that
    could not be read this time keeps its rows. A topic whose id has changed was recreated: its rows start empty.
    """
    sizes = {topic: len(array) for topic, array in observation.end_offsets.items()}
    topics = Layout.of(sorted(sizes.items()))
    keys = {
        (name, topic)
        for name, group in observation.groups.items()
        for topic in group.commits
        if topic in sizes and name not in observation.unread_groups
    }
    if observation.unread_groups:
        keys.update(key for key in history.group_topics.keys if key[0] in observation.unread_groups and key[1] in sizes)
    group_topics = Layout.of((key, sizes[key[1]]) for key in sorted(keys))
    # Without ids (an old broker's observation, or a recording's) a recreated topic cannot be told from the old one.
    recreated = {topic for topic, id_ in observation.topic_ids.items() if (history.topic_ids.get(topic) or id_) != id_}
    topic_ids = {topic: observation.topic_ids.get(topic, history.topic_ids.get(topic, "")) for topic in sizes}

    same_topics = topics.same_as(history.topics)
    if same_topics and not recreated and group_topics.same_as(history.group_topics):
        return history if history.topic_ids == topic_ids else replace(history, topic_ids=topic_ids)
    if same_topics:
        topics = history.topics
    ends, timeline = history.ends, history.timeline
    if not same_topics or recreated:
        from_topics = topics.rows_of(history.topics, without=recreated.__contains__)
        ends, timeline = ends.take(from_topics), timeline.take(from_topics)
    from_commits = group_topics.rows_of(history.group_topics, without=lambda key: key[1] in recreated)
    # A group's lag on a topic that is gone or recreated says nothing about how fast its lag shrinks.
    changed = {group for group, topic in history.group_topics.keys if (group, topic) not in keys or topic in recreated}
    return History(
        topics,
        ends,
        group_topics,
        history.commits.take(from_commits),
        end_rows(topics, group_topics),
        timeline,
        trend=without(history.trend, changed),
        topic_ids=topic_ids,
    )


def end_rows(topics: Layout[str], group_topics: Layout[GroupTopic]) -> Int64s:
    """For each row of commits its row of end offsets; a block whose topic is not laid out has none."""
    blocks = [topics.block(topic) for _, topic in group_topics.keys]
    rows = [np.arange(block.start, block.stop) for block in blocks if block is not None]
    return np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)


def resized(history: History, settings: EvaluationSettings) -> History:
    """The history with windows of the capacity for other settings; the newest entries stay."""
    size, commits = capacity(settings), history.commits
    if commits.windows.capacity == size and history.ends.capacity == size:
        return history
    return replace(
        history,
        ends=history.ends.resized(size),
        commits=replace(commits, windows=commits.windows.resized(size), lag=right_aligned(commits.lag, size)),
    )


def forget(history: History, group: str, topic: str | None = None) -> History:
    """The history as if the group, or the group on that topic, had never been seen.

    End offsets stay: they belong to the topics, and other groups are measured against them.
    """
    rows = np.arange(history.group_topics.rows)
    for key in history.group_topics.keys:
        block = history.group_topics.block(key)
        if block is not None and key[0] == group and topic in (None, key[1]):
            rows[block] = -1
    trend = without(history.trend, {group} if topic is None else set())
    return replace(history, commits=history.commits.take(rows), trend=trend)


def record_commits(commits: Commits, now: Snapshot, ends: Windows, settings: EvaluationSettings) -> Commits:
    """The commits after one more observation of every row; ``ends``: the end offsets retained for each row.

    A row without a commit is emptied; one that could not be read is left alone. A commit with its own time is recorded
    when that is new; any other when it moved, or when a live consumer is on the partition: a stuck consumer shows as
    STALL, an absent one as STOP. Of an alive group whose members have not been described yet, what was known before
    holds, and what was never known counts as assigned: after a restart an abandoned topic does not count as consumed
    until the members are known again.

    A commit with its own time is measured against the newest retained end offset, as in Burrow; a sampled one against
    that of LOOKBACK of the window earlier, so that neither the scrapes' pace nor a missed one changes its lag. The
    current lag is an upper bound: deleted records are no lag, nor are those of an open transaction to a reader of
    committed records.

    A commit closer than ``min_distance`` to the newest retained one replaces it and keeps its time, as in
    Burrow's ``core/internal/storage/inmemory.go``.
    """
    windows, offsets, at = commits.windows, now.committed, now.at
    assigned = np.where(now.assigned == AS_BEFORE, commits.assigned, now.assigned)
    if windows.offset.shape[0] == 0:
        return replace(commits, assigned=assigned)
    timed = now.commit_time >= 0
    present = offsets >= 0
    filled = windows.count > 0
    time = np.where(timed, now.commit_time, at)
    # Guarded by `filled`: the newest column of an empty row is meaningless.
    moved = ~filled | (windows.offset[:, -1] != offsets)
    live = now.alive & (assigned != UNASSIGNED)
    fresh = np.where(timed, ~filled | (now.commit_time > commits.last_time), moved | live)
    record = present & fresh
    close = filled & (time - windows.time[:, -1] < settings.min_distance * 1000)
    append, overwrite = record & ~close, record & close
    # A replaced entry stands for the time since it was first recorded; the middle of that is its time.
    moment = np.where(overwrite, (windows.time[:, -1] + at) // 2, at)
    before = offset_at(ends, moment - int(settings.window * 1000 * LOOKBACK), now=now.log_end, at=at)
    end = np.where(timed, newest(ends), before)
    lag = np.maximum(end - offsets, 0)
    at_most = np.where(now.readable, now.lag, ANY_LAG)
    lag = np.where(end >= 0, np.where(timed, lag, np.minimum(lag, at_most)), NO_LAG)

    recorded = Commits(
        append_entries(windows, append, offsets, time),
        shift_left(commits.lag, append, lag),
        np.where(present, timed, commits.own_times),
        np.where(record, time, commits.last_time),
        assigned,
    )
    recorded.windows.offset[overwrite, -1] = offsets[overwrite]
    recorded.lag[overwrite, -1] = lag[overwrite]
    recorded.windows.count[offsets == NO_OFFSET] = 0
    return recorded


def record_ends(ends: Windows, offsets: Int64s, *, at: int, settings: EvaluationSettings) -> Windows:
    """The end offsets after one more observation; of those closer than ``min_distance`` the first is kept."""
    close = (ends.count > 0) & (at - newest_time(ends) < settings.min_distance * 1000)
    return append_entries(ends, (offsets >= 0) & ~close, offsets, np.full(len(offsets), at, dtype=np.int64))
