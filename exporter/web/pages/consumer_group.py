"""One consumer group: what Kafka reports about it, and each partition's window with the reason for its status."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from exporter.core.evaluation import EvaluationSettings
from exporter.core.groups import GroupReport
from exporter.core.model import Int64s, Status
from exporter.core.reasons import duration, reason
from exporter.core.report import Report
from exporter.web.pages import links, words
from exporter.web.pages.charts import WindowChart, window_chart
from exporter.web.pages.overview import Trend, members, rows_of, trend
from exporter.web.pages.overview import detail as detail_of
from exporter.web.pages.paging import Paging, page_number, paging
from exporter.web.pages.words import Badge, Moment

PAGE: Final = 25
"""Partitions on a page."""

FILTERS: Final = {
    status.name.lower(): status for status in (Status.REWIND, Status.STALL, Status.STOP, Status.WARN, Status.OK)
}
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
    """A partition in the list. ``owner`` is empty if not known, ``lost`` if no record was."""

    topic: str
    topic_address: str
    partition: int
    badge: Badge
    why: str
    lag: str
    behind: str
    committed: str
    end: str
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
    topics: Sequence[str]
    filters: Sequence[str]
    wanted: PartitionFilter
    partitions: Sequence[GroupPartitionRow]
    paging: Paging


def group_page(
    found: Report, group: GroupReport, evaluation: EvaluationSettings, wanted: PartitionFilter, now: int
) -> GroupPage:
    """The page of a group in a report, as seen at ``now`` (ms)."""
    rows = _worst_first(found, group, wanted)
    pages = paging(
        len(rows), PAGE, wanted.page, lambda page: replace(wanted, page=page).address(found.cluster, group.name)
    )
    return GroupPage(
        cluster=found.cluster,
        cluster_address=links.cluster(found.cluster),
        name=group.name,
        address=links.group(found.cluster, group.name),
        read=words.moment(found.at, now),
        badge=words.BADGES[group.status],
        detail=detail_of(found, group),
        trend=trend(found, group),
        facts=_facts(group),
        unsubscribed={
            topic: links.group(found.cluster, group.name, topic=topic)
            for topic, subscribed in group.subscribed.items()
            if not subscribed
        },
        unreadable=group.unreadable,
        beyond_end=group.beyond_end,
        topics=list(group.topics),
        filters=list(FILTERS),
        wanted=wanted,
        partitions=[_row(found, group, evaluation, row) for row in rows[pages.shown].tolist()],
        paging=pages,
    )


def _worst_first(found: Report, group: GroupReport, wanted: PartitionFilter) -> Int64s:
    """The rows of the filtered partitions: by status, then by lag, both highest first."""
    columns = found.columns
    block = group.topics.get(wanted.topic, slice(0, 0)) if wanted.topic else rows_of(group)
    rows = np.arange(block.start, block.stop)[columns.shown[block]]
    status = columns.verdicts.status[rows]
    if wanted.status:
        rows = rows[status == FILTERS[wanted.status]]
        status = columns.verdicts.status[rows]
    # Rows are already in the order of topics and partitions.
    return rows[np.lexsort((rows, -columns.lag[rows], -status.astype(np.int64)))]


def _row(found: Report, group: GroupReport, evaluation: EvaluationSettings, row: int) -> GroupPartitionRow:
    columns = found.columns
    topic = next(topic for topic, block in group.topics.items() if block.start <= row < block.stop)
    partition, complete = int(columns.partition[row]), float(columns.verdicts.complete[row])
    lost = int(columns.lost[row])
    return GroupPartitionRow(
        topic=topic,
        topic_address=links.topic(found.cluster, topic),
        partition=partition,
        badge=words.BADGES[Status(int(columns.verdicts.status[row]))],
        why=words.sentence(reason(found, row, evaluation).sentence()),
        lag=words.number(int(columns.lag[row])),
        behind=words.behind(float(columns.lag_seconds[row]), bound=bool(columns.lag_is_bound[row])),
        committed=words.number(int(columns.committed[row])),
        end=words.number(int(columns.end[row])),
        lost=words.number(lost) if lost else "",
        owner=_owner(group, topic, partition),
        watched=words.share(complete) if complete < 1 else "",
        chart=window_chart(found, row),
    )


def _owner(group: GroupReport, topic: str, partition: int) -> str:
    """The member that a partition is assigned to: "client at 10.0.0.7"; "no member"; empty if not known."""
    if group.members is None or group.members.owners is None:
        return ""
    owner = group.members.owners.get(topic, {}).get(partition)
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
    bound = "the commit is older than the retained history" if group.lag_is_bound else ""
    facts += [
        Fact("Total lag", words.number(group.total_lag), f"at most {words.number(group.max_lag)} on one partition"),
        Fact("Time behind", words.behind(group.max_lag_seconds, bound=group.lag_is_bound), bound),
    ]
    if group.catch_up_seconds is not None and group.total_lag:
        facts.append(_time_to_catch_up(group.catch_up_seconds))
    partitions = f"of {words.number(group.partitions)} partition{'s' if group.partitions != 1 else ''}"
    facts.append(Fact("Window watched", words.share(group.complete), partitions))
    if group.retention_margin is not None:
        below = "records were lost" if group.retention_margin < 0 else "of the log left before records are lost"
        facts.append(Fact("Retention margin", words.share(max(group.retention_margin, 0.0)), below))
    return facts


def _time_to_catch_up(seconds: float) -> Fact:
    if math.isinf(seconds):
        return Fact("Time to catch up", "never", "while the lag does not shrink")
    return Fact("Time to catch up", duration(seconds), "at the current rate")


def _members(group: GroupReport, coordinator: str) -> Fact:
    unreadable = group.members is not None and group.members.owners is None
    note = "their assignments use a custom protocol" if unreadable else coordinator
    return Fact("Members", members(group) or "not known yet", note)
