"""One consumer group: what Kafka reports about it, and each partition's window with the reason for its status."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from exporter.core.groups import GroupReport
from exporter.core.model import Status
from exporter.core.partitions import PartitionReport
from exporter.core.report import Report
from exporter.settings import described
from exporter.web.pages import links, words
from exporter.web.pages.charts import WindowChart, window_chart
from exporter.web.pages.overview import Trend, members, trend
from exporter.web.pages.overview import detail as detail_of
from exporter.web.pages.paging import Paging, page_number, paging
from exporter.web.pages.words import Badge, Moment
from exporter.wording import duration, explanation

PAGE: Final = 25
"""Partitions on a page."""

FILTERS: Final = {
    status.name.lower(): status for status in (Status.REWIND, Status.STALL, Status.STOP, Status.WARN, Status.OK)
} | {"none": Status.NOTFOUND}
"""Query value → status of a partition, worst first."""


@dataclass(frozen=True, slots=True)
class PartitionFilter:
    """The filter of the page: a topic (empty: every), a status (empty: every); and which page."""

    topic: str
    status: str
    page: int

    @classmethod
    def of(cls, query: Mapping[str, str]) -> PartitionFilter:
        """The filter in a query; an unknown status means every status."""
        status = query.get("status", "")
        return cls(query.get("topic", ""), status if status in FILTERS else "", page_number(query))

    @property
    def filtered(self) -> bool:
        """True if not every partition is shown."""
        return bool(self.topic or self.status)

    def address(self, cluster: str, group: str) -> str:
        """The address of this filter on a group's page."""
        page = self.page if self.page > 1 else ""
        return links.group(cluster, group, topic=self.topic, status=self.status, page=page)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact with its name."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class GroupPartitionRow:
    """A partition in the list. ``owner`` is empty if not known, ``lost`` if no record was.

    ``usual_silence`` and ``tolerated_silence``: for how long records usually wait, and may, before it moves.
    """

    topic: str
    topic_address: str
    partition: int
    badge: Badge
    why: str
    lag: str
    behind: str
    committed: str
    end: str
    usual_silence: str
    tolerated_silence: str
    lost: str
    owner: str
    watched: str
    chart: WindowChart


@dataclass(frozen=True, slots=True)
class GroupPage:
    """The page of a group."""

    cluster: str
    cluster_address: str
    name: str
    address: str
    read: Moment
    badge: Badge
    detail: str
    trend: Trend
    facts: Sequence[Fact]
    unsubscribed: Mapping[str, str]
    """Topic → the address of this page filtered to it."""
    unreadable: int
    beyond_end: int
    uncommitted: tuple[str, ...]
    """Partitions that are assigned and have no commit: which, and how long records have waited."""
    topics: Sequence[str]
    filters: Sequence[str]
    wanted: PartitionFilter
    partitions: Sequence[GroupPartitionRow]
    paging: Paging


def group_page(found: Report, group: GroupReport, wanted: PartitionFilter, now: int) -> GroupPage:
    """The page of a group in a report, as seen at ``now`` (ms)."""
    partitions = _worst_first(found, group, wanted)
    pages = paging(
        len(partitions), PAGE, wanted.page, lambda page: replace(wanted, page=page).address(found.cluster, group.name)
    )
    return GroupPage(
        cluster=found.cluster,
        cluster_address=links.cluster(found.cluster),
        name=group.name,
        address=links.group(found.cluster, group.name),
        read=words.moment(found.at, now),
        badge=words.status(group.status, group.unreadable),
        detail=detail_of(found, group),
        trend=trend(found, group),
        facts=[*_facts(group), *_overrides(found, group)],
        unsubscribed={
            topic: links.group(found.cluster, group.name, topic=topic)
            for topic, subscribed in group.subscribed.items()
            if not subscribed
        },
        unreadable=group.unreadable,
        beyond_end=group.beyond_end,
        uncommitted=tuple(
            f"{each.topic} {each.partition} ({each.records:,} in {duration(each.seconds)})"
            for each in group.uncommitted
        ),
        topics=list(group.topics),
        filters=list(FILTERS),
        wanted=wanted,
        partitions=[_row(found, group, partition) for partition in partitions[pages.shown]],
        paging=pages,
    )


def _worst_first(found: Report, group: GroupReport, wanted: PartitionFilter) -> list[PartitionReport]:
    """The filtered partitions, worst first."""
    status = FILTERS.get(wanted.status)
    shown = (
        partition
        for partition in found.partitions(group, wanted.topic or None)
        if partition.readable and status in {None, partition.status}
    )
    return sorted(shown, key=lambda partition: partition.rank)


def _row(found: Report, group: GroupReport, partition: PartitionReport) -> GroupPartitionRow:
    reason = partition.reason()
    usual = reason.usual_silence
    return GroupPartitionRow(
        topic=partition.topic,
        topic_address=links.topic(found.cluster, partition.topic),
        partition=partition.partition,
        badge=words.BADGES[partition.status],
        why=words.sentence(explanation(reason)),
        lag=words.number(partition.lag),
        behind=words.behind(partition.lag_seconds, lower_bound=partition.lag_is_lower_bound),
        committed=words.number(partition.committed),
        end=words.number(partition.end),
        usual_silence="not known yet" if usual is None else duration(usual) if usual >= 1 else "none",
        tolerated_silence=duration(reason.tolerated_silence),
        lost=words.number(partition.lost) if partition.lost else "",
        owner=_owner(group, partition),
        watched=words.share(partition.complete) if partition.complete < 1 else "",
        chart=window_chart(partition, found.at),
    )


def _owner(group: GroupReport, partition: PartitionReport) -> str:
    """The member that a partition is assigned to: "client at 10.0.0.7"; "no member"; empty if not known."""
    if group.members is None or group.members.owners is None:
        return ""
    owner = partition.owner
    if owner is None:
        return "no member"
    return f"{owner.client_id or 'a member'} at {owner.host.removeprefix('/') or 'an unknown host'}"


def _facts(group: GroupReport) -> list[Fact]:
    """What is known about the group as a whole."""
    state = ", ".join(text for text in (group.type, group.protocol) if text)
    coordinator = f"coordinated by broker {group.coordinator}" if group.coordinator is not None else ""
    facts = [Fact("State", group.state or "not known", state), _members(group, coordinator)]
    if not group.partitions:
        return facts
    bound = "the commit is older than the retained history" if group.lag_is_lower_bound else ""
    facts += [
        Fact("Total lag", words.number(group.total_lag), f"at most {words.number(group.max_lag)} on one partition"),
        Fact("Time behind", words.behind(group.max_lag_seconds, lower_bound=group.lag_is_lower_bound), bound),
    ]
    if group.catch_up_seconds is not None and group.total_lag:
        facts.append(_time_to_catch_up(group.catch_up_seconds))
    partitions = f"of {words.number(group.partitions)} partition{'s' if group.partitions != 1 else ''}"
    facts.append(Fact("Window watched", words.share(group.complete), partitions))
    if group.retention_margin is not None:
        below = "records were lost" if group.retention_margin < 0 else "of the log left before records are lost"
        facts.append(Fact("Retention margin", words.share(max(group.retention_margin, 0.0)), below))
    return facts


def _overrides(found: Report, group: GroupReport) -> list[Fact]:
    """The settings that are otherwise for this group."""
    facts = []
    for position, topics in found.overrides(group).items():
        of = "" if len(topics) == len(group.topics) else f"; of topic{'s'[: len(topics) != 1]} {', '.join(topics)}"
        facts.append(Fact("Override", f"[{position}]", described(found.settings.overrides[position]) + of))
    return facts


def _time_to_catch_up(seconds: float) -> Fact:
    if math.isinf(seconds):
        return Fact("Time to catch up", "never", "while the lag does not shrink")
    return Fact("Time to catch up", duration(seconds), "at the current rate")


def _members(group: GroupReport, coordinator: str) -> Fact:
    unreadable = group.members is not None and group.members.owners is None
    note = "their assignments use a custom protocol" if unreadable else coordinator
    return Fact("Members", members(group) or "not known yet", note)
