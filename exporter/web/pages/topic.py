"""One topic: its offsets by partition, its consumers, and how far behind they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.core.report import Report
from exporter.core.topics import ConsumerReport, TopicPartition
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
    report, partitions = found.topics()[name], found.partitions_of_topic(name)
    consumers = report.consumers
    groups_page = page_number({"page": query.get("groups", "")})
    of_consumers = paging(
        len(consumers), PAGE, groups_page, lambda page: _address(found.cluster, name, page_number(query), page)
    )
    of_partitions = paging(
        len(partitions), PAGE, page_number(query), lambda page: _address(found.cluster, name, page, groups_page)
    )
    return TopicPage(
        cluster=found.cluster,
        cluster_address=links.cluster(found.cluster),
        name=name,
        read=words.moment(found.at, now),
        partition_count=len(partitions),
        records=words.number(sum(partition.records or 0 for partition in partitions)),
        consumers=[_consumer(found, consumer, name) for consumer in consumers[of_consumers.shown]],
        consumers_paging=of_consumers,
        partitions=[_partition(found.cluster, name, partition) for partition in partitions[of_partitions.shown]],
        paging=of_partitions,
    )


def _address(cluster: str, name: str, page: int, groups: int) -> str:
    return links.topic(cluster, name, page=page if page > 1 else "", groups=groups if groups > 1 else "")


def _consumer(found: Report, consumer: ConsumerReport, topic: str) -> ConsumerRow:
    group = found.groups[consumer.group]
    subscribed = group.subscribed.get(topic)
    return ConsumerRow(
        group=group.name,
        address=links.group(found.cluster, group.name, topic=topic if len(group.topics) > 1 else ""),
        badge=words.status(consumer.status, consumer.unreadable),
        lag=words.number(consumer.total_lag),
        worst=words.number(consumer.max_lag),
        behind=words.behind(consumer.max_lag_seconds, lower_bound=consumer.lag_is_lower_bound),
        partitions=words.number(consumer.partitions),
        subscribed="" if subscribed is None else "yes" if subscribed else "no longer",
    )


def _partition(cluster: str, topic: str, partition: TopicPartition) -> TopicPartitionRow:
    group = partition.furthest_behind
    return TopicPartitionRow(
        partition=partition.partition,
        start=_number(partition.start),
        end=_number(partition.end),
        records=_number(partition.records),
        lag=words.number(partition.lag) if group is not None else "",
        behind=group or "",
        behind_address=links.group(cluster, group, topic=topic) if group is not None else "",
    )


def _number(value: int | None) -> str:
    return "" if value is None else words.number(value)
