"""The numbers that several other exporters count alike, and not quite as the exporter's own families do."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from exporter.core.layout import Layout
from exporter.core.model import NO_OFFSET, Bools, Int64s
from exporter.core.placement import NOWHERE, Replicas
from exporter.core.report import Report
from exporter.metrics.family import Column


def end_offsets(report: Report) -> Column:
    """The end offset of each partition of each topic."""
    return _known(report.columns.snapshot.topics.end)


def start_offsets(report: Report) -> Column:
    """The log start offset of each partition of each topic."""
    return _known(report.columns.snapshot.topics.start)


def _known(offsets: Int64s) -> Column:
    return Column(offsets, offsets >= 0)


def sum_by_topic(read: Callable[[Report], Column]) -> Callable[[Report], Column]:
    """The sum of what is known of each topic's partitions; a topic of which nothing is known has none."""

    def column(report: Report) -> Column:
        return _sum_of_blocks(read(report), report.history.topics)

    return column


def sum_by_group_topic(read: Callable[[Report], Column]) -> Callable[[Report], Column]:
    """The sum over the partitions that are shown, by group and topic."""

    def column(report: Report) -> Column:
        return _sum_of_blocks(read(report), report.history.group_topics)

    return column


def _sum_of_blocks(rows: Column, layout: Layout[str] | Layout[tuple[str, str]]) -> Column:
    sums, shown = np.zeros(len(layout.keys), dtype=np.int64), np.zeros(len(layout.keys), dtype=np.bool_)
    # For an empty block reduceat would return its neighbour's first value.
    blocks = np.flatnonzero(np.diff(layout.starts))
    if blocks.size:
        starts = layout.starts[blocks]
        sums[blocks] = np.add.reduceat(np.where(rows.shown, rows.numbers, 0).astype(np.int64), starts)
        shown[blocks] = np.logical_or.reduceat(rows.shown, starts)
    return Column(sums, shown)


def lag_to_end(report: Report) -> Column:
    """The end offset minus the commit, at least 0, of each partition on which a group has a commit.

    The exporter's own lag ends at the log start offset, and for readers of committed records at the last stable offset.
    """
    committed, end = report.columns.snapshot.committed, _end_of_rows(report)
    return Column(np.maximum(end - committed, 0), (committed >= 0) & (end >= 0))


def commits(report: Report) -> Column:
    """The commit of a group on each partition where it has one and the end offset is known."""
    committed = report.columns.snapshot.committed
    return Column(committed, (committed >= 0) & (_end_of_rows(report) >= 0))


def commits_or_none(report: Report) -> Column:
    """The same without regard to end offsets, and -1 without a commit, on topics where the group has any."""
    committed = report.columns.snapshot.committed
    return Column(committed, (committed >= NO_OFFSET) & _on_topics_with_commits(report))


def lag_or_none(report: Report) -> Column:
    """The lag to the end, and -1 without a commit, on topics where the group has any."""
    lag, without = lag_to_end(report), report.columns.snapshot.committed == NO_OFFSET
    shown = lag.shown | (without & (_end_of_rows(report) >= 0) & _on_topics_with_commits(report))
    return Column(np.where(without, -1, lag.numbers), shown)


def lag_seconds(report: Report) -> Column:
    """The lag in seconds of each partition on which a group has a commit."""
    return Column(report.columns.lag_seconds, report.columns.snapshot.readable)


def _end_of_rows(report: Report) -> Int64s:
    """For each row of commits the end offset of its partition."""
    ends: Int64s = report.columns.snapshot.topics.end[report.history.end_row]
    return ends


def _on_topics_with_commits(report: Report) -> Bools:
    """The rows of topics on which their group has a commit."""
    starts = report.history.group_topics.starts
    consumed = np.zeros(len(starts) - 1, dtype=np.bool_)
    blocks = np.flatnonzero(np.diff(starts))
    if blocks.size:
        consumed[blocks] = np.logical_or.reduceat(report.columns.snapshot.committed >= 0, starts[blocks])
    return np.repeat(consumed, np.diff(starts))


def of_replicas(read: Callable[[Replicas], Int64s], missing: int = NOWHERE) -> Callable[[Report], Column]:
    """A number about the replicas of each partition of each topic; ``missing`` is shown nowhere."""

    def column(report: Report) -> Column:
        layout = report.history.topics
        numbers = np.full(layout.rows, missing, dtype=np.int64)
        topics = report.placement.topics if report.placement is not None else {}
        for topic, (start, stop) in zip(layout.keys, pairwise(layout.starts.tolist()), strict=True):
            if topic in topics:
                values = read(topics[topic])[: stop - start]
                numbers[start : start + len(values)] = values
        return Column(numbers, numbers != missing)

    return column
