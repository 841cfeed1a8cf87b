"""One cluster: its health, and its topics with their consumers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from exporter.core.model import Int64s, Status
from exporter.core.report import Outcome, Report
from exporter.web.pages import links, words
from exporter.web.pages.overview import ClusterCard, cluster_card
from exporter.web.pages.paging import Paging, page_number, paging
from exporter.web.pages.words import Badge

PAGE: Final = 50
"""Topics on a page."""


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic in the list; ``badge`` is None without a consumer, ``records`` empty if not known."""

    name: str
    address: str
    badge: Badge | None
    partitions: str
    records: str
    consumers: str
    lag: str


@dataclass(frozen=True, slots=True)
class ClusterPage:
    """The page of a cluster."""

    card: ClusterCard
    groups_address: str
    search: str
    topics: Sequence[TopicRow]
    paging: Paging


@dataclass(slots=True)
class _Consumed:
    """The groups with commits on a topic: how many, the worst status, the highest lag."""

    groups: int = 0
    status: int = 0
    lag: int = 0


def cluster_page(of: Outcome, query: Mapping[str, str], now: int) -> ClusterPage:
    """The page of a cluster, as seen at ``now`` (ms); topics worst first, those without a consumer last."""
    search = query.get("q", "").strip()
    found = of.report
    consumed = _consumed(found) if found is not None else {}
    names = [name for name in found.end_offsets if search.casefold() in name.casefold()] if found is not None else []
    names.sort(key=lambda name: (-consumed[name].status, -consumed[name].lag, name))
    pages = paging(
        len(names),
        PAGE,
        page_number(query),
        lambda page: links.cluster(of.cluster, q=search, page=page if page > 1 else ""),
    )
    return ClusterPage(
        card=cluster_card(of, now),
        groups_address=links.overview(cluster=of.cluster),
        search=search,
        topics=[_row(found, name, consumed[name]) for name in names[pages.shown]] if found is not None else [],
        paging=pages,
    )


def _consumed(found: Report) -> dict[str, _Consumed]:
    """Topic → summary of its consumers, for every topic."""
    consumed = {topic: _Consumed() for topic in found.end_offsets}
    layout, columns = found.history.group_topics, found.columns
    # For an empty block reduceat would return its neighbour's first value.
    filled = np.flatnonzero(np.diff(layout.starts))
    if not filled.size:
        return consumed
    starts = layout.starts[filled]
    statuses = np.maximum.reduceat(np.where(columns.shown, columns.verdicts.status, 0), starts).tolist()
    lags = np.add.reduceat(columns.lag, starts).tolist()
    for position, status, lag in zip(filled.tolist(), statuses, lags, strict=True):
        of_topic = consumed[layout.keys[position][1]]
        if status:
            of_topic.groups += 1
            of_topic.status = max(of_topic.status, status)
            of_topic.lag = max(of_topic.lag, lag)
    return consumed


def _row(found: Report, name: str, by: _Consumed) -> TopicRow:
    end = found.end_offsets[name]
    return TopicRow(
        name=name,
        address=links.topic(found.cluster, name),
        badge=words.BADGES[Status(by.status)] if by.groups else None,
        partitions=words.number(len(end)),
        records=_records(end, found.start_offsets.get(name)),
        consumers=words.number(by.groups),
        lag=words.number(by.lag) if by.groups else "",
    )


def _records(end: Int64s, start: Int64s | None) -> str:
    """How many offsets a topic spans; empty unless all of its partitions were read."""
    if start is None or len(start) != len(end) or (start < 0).any() or (end < 0).any():
        return ""
    return words.number(int(np.maximum(end - start, 0).sum()))
