"""One topic: its offsets by partition, its consumers, and how far behind they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from exporter.core.groups import GroupReport
from exporter.core.model import NO_OFFSET, NOT_READ, Int64s, Status
from exporter.core.report import Report
from exporter.web.pages import links, words
from exporter.web.pages.paging import Paging, page_number, paging
from exporter.web.pages.words import Badge, Moment

PAGE: Final = 50
"""Consumers, and partitions, on a page."""


@dataclass(frozen=True, slots=True)
class ConsumerRow:
    """A group with commits on the topic. ``subscribed`` is empty if not known."""

    group: str
    address: str
    badge: Badge
    lag: str
    worst: str
    behind: str
    partitions: str
    subscribed: str


@dataclass(frozen=True, slots=True)
class TopicPartitionRow:
    """A partition; values that could not be read are empty. ``behind`` names the group with the highest lag on it."""

    partition: int
    start: str
    end: str
    records: str
    lag: str
    behind: str
    behind_address: str


@dataclass(frozen=True, slots=True)
class TopicPage:
    """The page of a topic."""

    cluster: str
    cluster_address: str
    name: str
    read: Moment
    partition_count: int
    records: str
    consumers: Sequence[ConsumerRow]
    consumers_paging: Paging
    partitions: Sequence[TopicPartitionRow]
    paging: Paging


def topic_page(found: Report, name: str, query: Mapping[str, str], now: int) -> TopicPage:
    """The page of a topic in a report, as seen at ``now`` (ms)."""
    end = found.end_offsets[name]
    start = _as_long(found.start_offsets.get(name), len(end))
    consumers = [group for group in found.groups.values() if _shown(found, group, name).any()]
    consumers.sort(key=lambda group: (-_status(found, group, name), -_lag(found, group, name).sum(), group.name))
    groups_page = page_number({"page": query.get("groups", "")})
    of_consumers = paging(
        len(consumers), PAGE, groups_page, lambda page: _address(found.cluster, name, page_number(query), page)
    )
    of_partitions = paging(
        len(end), PAGE, page_number(query), lambda page: _address(found.cluster, name, page, groups_page)
    )
    furthest = _furthest(found, name, consumers, len(end))
    return TopicPage(
        cluster=found.cluster,
        cluster_address=links.cluster(found.cluster),
        name=name,
        read=words.moment(found.at, now),
        partition_count=len(end),
        records=words.number(int(_records(start, end).sum())),
        consumers=[_consumer(found, group, name) for group in consumers[of_consumers.shown]],
        consumers_paging=of_consumers,
        partitions=[
            _partition(found, name, id_, int(start[id_]), furthest) for id_ in range(len(end))[of_partitions.shown]
        ],
        paging=of_partitions,
    )


def _address(cluster: str, name: str, page: int, groups: int) -> str:
    return links.topic(cluster, name, page=page if page > 1 else "", groups=groups if groups > 1 else "")


def _as_long(offsets: Int64s | None, size: int) -> Int64s:
    """Offsets by partition, padded to the number of partitions."""
    filled = np.full(size, NOT_READ, dtype=np.int64)
    if offsets is not None:
        filled[: len(offsets)] = offsets[:size]
    return filled


def _records(start: Int64s, end: Int64s) -> Int64s:
    """How many offsets each partition spans; 0 if that could not be read."""
    return np.where((start >= 0) & (end >= 0), np.maximum(end - start, 0), 0)


def _rows(group: GroupReport, topic: str) -> slice:
    return group.topics.get(topic, slice(0, 0))


def _shown(found: Report, group: GroupReport, topic: str) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return found.columns.shown[_rows(group, topic)]


def _lag(found: Report, group: GroupReport, topic: str) -> Int64s:
    return found.columns.lag[_rows(group, topic)]


def _status(found: Report, group: GroupReport, topic: str) -> Status:
    """The worst status among the shown partitions."""
    shown = _shown(found, group, topic)
    return Status(int(found.columns.verdicts.status[_rows(group, topic)][shown].max()))


def _consumer(found: Report, group: GroupReport, topic: str) -> ConsumerRow:
    rows, shown, lag = _rows(group, topic), _shown(found, group, topic), _lag(found, group, topic)
    subscribed = group.subscribed.get(topic)
    columns = found.columns
    return ConsumerRow(
        group=group.name,
        address=links.group(found.cluster, group.name, topic=topic if len(group.topics) > 1 else ""),
        badge=words.BADGES[_status(found, group, topic)],
        lag=words.number(int(lag.sum())),
        worst=words.number(int(lag.max())),
        behind=words.behind(
            float(columns.lag_seconds[rows][shown].max()), bound=bool(columns.lag_is_bound[rows][shown].any())
        ),
        partitions=words.number(int(shown.sum())),
        subscribed="" if subscribed is None else "yes" if subscribed else "no longer",
    )


@dataclass(frozen=True, slots=True)
class _Furthest:
    """For each partition the highest lag of any group, and the index of that group; -1: no group has commits."""

    lag: Int64s
    group: Int64s
    groups: Sequence[GroupReport]


def _furthest(found: Report, topic: str, consumers: Sequence[GroupReport], size: int) -> _Furthest:
    lag, group = np.full(size, NO_OFFSET, dtype=np.int64), np.full(size, -1, dtype=np.int64)
    for position, consumer in enumerate(consumers):
        of_consumer = _as_long(np.where(_shown(found, consumer, topic), _lag(found, consumer, topic), NOT_READ), size)
        further = of_consumer > lag
        lag[further], group[further] = of_consumer[further], position
    return _Furthest(lag, group, consumers)


def _partition(found: Report, topic: str, id_: int, start: int, furthest: _Furthest) -> TopicPartitionRow:
    end, position = int(found.end_offsets[topic][id_]), int(furthest.group[id_])
    group = furthest.groups[position].name if position >= 0 else ""
    return TopicPartitionRow(
        partition=id_,
        start=words.number(start) if start >= 0 else "",
        end=words.number(end) if end >= 0 else "",
        records=words.number(max(end - start, 0)) if start >= 0 and end >= 0 else "",
        lag=words.number(int(furthest.lag[id_])) if position >= 0 else "",
        behind=group,
        behind_address=links.group(found.cluster, group, topic=topic) if position >= 0 else "",
    )
