"""One cluster: its health, and its topics with their consumers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.core.report import Outcome
from exporter.core.topics import TopicReport
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


def cluster_page(of: Outcome, query: Mapping[str, str], now: int) -> ClusterPage:
    """The page of a cluster, as seen at ``now`` (ms); topics worst first, those without a consumer last."""
    search = query.get("q", "").strip()
    found = of.report
    topics = found.topics().values() if found is not None else ()
    matching = [topic for topic in topics if search.casefold() in topic.name.casefold()]
    matching.sort(key=lambda topic: topic.rank)
    pages = paging(
        len(matching),
        PAGE,
        page_number(query),
        lambda page: links.cluster(of.cluster, q=search, page=page if page > 1 else ""),
    )
    return ClusterPage(
        card=cluster_card(of, now),
        groups_address=links.overview(cluster=of.cluster),
        search=search,
        topics=[_row(of.cluster, topic) for topic in matching[pages.shown]],
        paging=pages,
    )


def _row(cluster: str, topic: TopicReport) -> TopicRow:
    return TopicRow(
        name=topic.name,
        address=links.topic(cluster, topic.name),
        badge=words.status(topic.status, topic.unreadable) if topic.consumers else None,
        partitions=words.number(topic.partitions),
        records="" if topic.records is None else words.number(topic.records),
        consumers=words.number(len(topic.consumers)),
        lag=words.number(topic.lag) if topic.consumers else "",
    )
