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

from exporter.core.commits import Commits
from exporter.core.evaluation import MAX_ENTRIES, MIN_CAPACITY, EvaluationSettings
from exporter.core.falling import BURST_WINDOWS
from exporter.core.gaps import GaplessClock, gapless_clock
from exporter.core.layout import Layout
from exporter.core.learning import learnt
from exporter.core.lost_records import LogStarts, count_lost, log_starts, of_rows, unread
from exporter.core.model import EMPTY, Bools, Int64s, Observation
from exporter.core.rebalances import Rebalances, count_rebalances
from exporter.core.retention import record_commits, record_ends
from exporter.core.row_settings import RowSettings, row_settings
from exporter.core.snapshot import GroupTopic, Snapshot, snapshot
from exporter.core.timeline import Seconds, Timeline, extend, lag_in_seconds
from exporter.core.trend import Trend, follow, total_lags, without
from exporter.core.waiting import NOTHING, Waiting, waiting
from exporter.core.windows import Windows, take_rows


@dataclass(frozen=True, slots=True)
class History:
    """All that is retained of one cluster: end offsets by topic, commits by (group, topic).

    ``ends`` are the newest end offsets, for the rules; ``timeline`` those of a day, for lag in seconds. ``readable``:
    the rows of commits that the newest observation could read, None before the first.
    ``trend``: the groups' total lags of the last ``window``. ``rebalances`` are by group. ``waiting``: partitions that
    are assigned without a commit. ``observed_at``: when (ms) the newest observation was made, None before the first;
    ``settled``: it left no broker and no group out, so a group that appears next is new.
    ``row_settings``: those that the rows of commits were last judged by, None before or since rows came or went.
    ``last_unhealthy``: when (ms) a group was last at WARN or ERR, if lately. ``log_starts``: those of the rows of
    commits when last read, None before the first observation; ``lost_records``: how many each group has lost, if any.
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
    waiting: Waiting = field(default_factory=lambda: NOTHING)
    observed_at: int | None = None
    settled: bool = False
    topic_ids: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    row_settings: RowSettings | None = None
    rebalances: Mapping[str, Rebalances] = field(default_factory=lambda: EMPTY)
    last_unhealthy: Mapping[str, int] = field(default_factory=lambda: EMPTY)
    log_starts: LogStarts | None = None
    lost_records: Mapping[str, int] = field(default_factory=lambda: EMPTY)


def empty(settings: EvaluationSettings) -> History:
    """A history without entries."""
    size = capacity(settings)
    return History(
        Layout.of(()), Windows.empty(0, size), Layout.of(()), Commits.empty(0, size), np.zeros(0, dtype=np.int64)
    )


def capacity(settings: EvaluationSettings) -> int:
    """How many entries a window can hold: ``intervals``, or more if what is judged needs more.

    That is up to BURST_WINDOWS of the window: of 120 s, with entries at least 10 s apart, it takes ⌈2.5 × 120/10⌉ + 1 =
    31; at least MIN_CAPACITY and at most MAX_ENTRIES are kept. All windows hold the same number: the most that the
    cluster or an override needs.
    """
    return max(_capacity_of_one(each) for each in (settings, *settings.by_override()))


def _capacity_of_one(settings: EvaluationSettings) -> int:
    needed = settings.intervals
    if settings.min_distance > 0:
        needed = max(needed, math.ceil(BURST_WINDOWS * settings.window / settings.min_distance) + 1)
    return min(max(needed, MIN_CAPACITY), MAX_ENTRIES)


@dataclass(frozen=True, slots=True)
class Folded:
    """A history into which an observation has been folded, and what came of it on the way, for the report.

    ``snapshot``: what the observation says of each row. ``lag_seconds``, and where it ``is_lower_bound``: as
    `lag_in_seconds` gives them. ``clock``: the history's clock without gaps. ``elapsed`` (s): on it, since the
    observation before. ``settings``: those of each row.
    """

    history: History
    snapshot: Snapshot
    lag_seconds: Seconds
    is_lower_bound: Bools
    clock: GaplessClock
    elapsed: float
    settings: RowSettings


def fold(history: History, observation: Observation, settings: EvaluationSettings) -> Folded:
    """The history after an observation.

    The lag stored with a commit is measured against an end offset from *before* it, as Burrow's is against its last
    refresh; a rising but healthy flow then does not look like falling behind.

    What belongs to topics or to the whole cluster (end offsets, gaps, trends) follows the cluster's settings, what
    belongs to the rows of commits their own.
    """
    aligned = align(resized(history, settings), observation)
    by_row = aligned.row_settings
    if by_row is None or not by_row.are_for(settings, aligned.group_topics):
        by_row = row_settings(settings, aligned.group_topics)
    if history.row_settings is not None and history.row_settings.cluster != settings:
        # What other settings did not tolerate, these may.
        none = np.zeros_like(aligned.commits.outlasted)
        aligned = replace(aligned, commits=replace(aligned.commits, outlasted=none))
    now = snapshot(aligned.group_topics, aligned.topics, aligned.end_row, observation)
    ends = now.topics.end
    timeline = extend(aligned.timeline, ends, at=now.at, min_distance=settings.min_distance)
    clock = gapless_clock(timeline.times, settings.window * 1000)
    before = now.at if aligned.observed_at is None else aligned.observed_at
    elapsed = max(int(clock(np.array(now.at))) - int(clock(np.array(before))), 0) / 1000
    lag_seconds, is_lower_bound = lag_in_seconds(
        timeline, aligned.end_row, committed=now.position, end=now.end, lag=now.lag, at=now.at
    )
    commits = learnt(
        aligned.commits,
        now,
        end_row=aligned.end_row,
        settled=aligned.settled,
        timeline=timeline,
        lag_seconds=lag_seconds,
        clock=clock,
        elapsed=elapsed,
        settings=by_row,
    )
    seconds = np.where(is_lower_bound, np.nan, lag_seconds)
    commits = record_commits(commits, now, seconds, aligned.ends.take(aligned.end_row), by_row)
    starts = unread(aligned.group_topics.rows) if aligned.log_starts is None else aligned.log_starts
    after = replace(
        aligned,
        commits=commits,
        ends=record_ends(aligned.ends, ends, at=now.at, settings=settings),
        timeline=timeline,
        trend=follow(comparable(aligned, now), now.at, total_lags(aligned.group_topics, now), settings),
        readable=now.readable,
        waiting=waiting(aligned.waiting, observation, aligned.group_topics, now),
        observed_at=now.at,
        settled=not observation.unread_groups and not any(f.scope in _LEAVES_OUT for f in observation.failures),
        row_settings=by_row,
        rebalances=count_rebalances(history.rebalances, observation),
        log_starts=log_starts(starts, now),
        lost_records=count_lost(
            history.lost_records,
            observation,
            before=starts,
            now=now,
            layout=aligned.group_topics,
            assigned=commits.assigned,
        ),
    )
    return Folded(after, now, lag_seconds, is_lower_bound, clock, elapsed, by_row)


_LEAVES_OUT: Final = frozenset({"cluster", "broker", "zookeeper"})
"""Failures of these scopes may leave groups out that exist."""


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
    could not be read this time keeps its rows. A topic whose id has changed was recreated: its rows start empty, and so
    do those of a group that commits elsewhere now.
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

    moved = elsewhere(history, observation)
    same_topics = topics.same_as(history.topics)
    if same_topics and not recreated and not moved and group_topics.same_as(history.group_topics):
        return history if history.topic_ids == topic_ids else replace(history, topic_ids=topic_ids)
    if same_topics:
        topics = history.topics
    ends, timeline = history.ends, history.timeline
    if not same_topics or recreated:
        from_topics = topics.rows_of(history.topics, without=recreated.__contains__)
        ends, timeline = ends.take(from_topics), timeline.take(from_topics)
    from_commits = group_topics.rows_of(
        history.group_topics, without=lambda key: key[1] in recreated or key[0] in moved
    )
    # A group's lag on a topic that is gone or recreated says nothing about how fast its lag shrinks.
    changed = {group for group, topic in history.group_topics.keys if (group, topic) not in keys or topic in recreated}
    changed |= moved
    return History(
        topics,
        ends,
        group_topics,
        history.commits.take(from_commits),
        end_rows(topics, group_topics),
        timeline,
        waiting=history.waiting,
        observed_at=history.observed_at,
        settled=history.settled,
        trend=without(history.trend, changed),
        # What could be read of a row that is new, or begins anew, is none of what the total before covers.
        readable=None if history.readable is None else take_rows(history.readable, from_commits),
        topic_ids=topic_ids,
        log_starts=None if history.log_starts is None else of_rows(history.log_starts, from_commits),
    )


def elsewhere(history: History, observation: Observation) -> frozenset[str]:
    """The groups that committed with times of their own and do no longer, or the other way round.

    They commit to ZooKeeper now and did to Kafka, or it is another group of the same name: one is no history of the
    other.
    """
    own_times = history.commits.own_times
    timed = {name for name, group in observation.groups.items() if group.commit_times}
    if not timed and not own_times.any():
        return frozenset()
    blocks = np.searchsorted(history.group_topics.starts, np.flatnonzero(own_times), side="right") - 1
    were_timed = {history.group_topics.keys[block][0] for block in np.unique(blocks).tolist()}
    known = {group for group, _ in history.group_topics.keys}
    return frozenset(name for name in (timed ^ were_timed) & known if observation.groups.get(name))


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
        commits=commits.resized(size),
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
    forgotten = {group} if topic is None else set()
    return replace(
        history,
        commits=history.commits.take(rows),
        trend=without(history.trend, forgotten),
        rebalances={name: count for name, count in history.rebalances.items() if name not in forgotten},
        last_unhealthy={name: at for name, at in history.last_unhealthy.items() if name not in forgotten},
        log_starts=None if history.log_starts is None else of_rows(history.log_starts, rows),
        lost_records={name: count for name, count in history.lost_records.items() if name not in forgotten},
    )
