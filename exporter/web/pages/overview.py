"""The list of groups, worst first, below the clusters and their health."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from exporter.core.failures import FailureSummary, summarized
from exporter.core.groups import GroupReport
from exporter.core.model import Status
from exporter.core.report import Outcome, Report
from exporter.settings import Shard
from exporter.web.pages import links, words
from exporter.web.pages.charts import Sparkline, sparkline
from exporter.web.pages.paging import Paging, page_number, paging
from exporter.web.pages.words import Badge, Moment

PAGE: Final = 50
"""Groups on a page."""

FILTERS: Final = {"err": Status.ERR, "warn": Status.WARN, "ok": Status.OK, "none": Status.NOTFOUND}
"""Query value → status of a group, worst first."""


@dataclass(frozen=True, slots=True)
class GroupFilter:
    """The filter of the page: part of a group's name, a status (empty: every), a cluster (empty: every); which page."""

    search: str
    status: str
    cluster: str
    page: int

    @classmethod
    def of(cls, query: Mapping[str, str]) -> GroupFilter:
        """The filter in a query; an unknown status means every status."""
        status = query.get("status", "")
        return cls(
            query.get("q", "").strip(),
            status if status in FILTERS else "",
            query.get("cluster", ""),
            page_number(query),
        )

    @property
    def filtered(self) -> bool:
        """True if not every group is shown."""
        return bool(self.search or self.status or self.cluster)

    def address(self) -> str:
        """The address of this filter."""
        page = self.page if self.page > 1 else ""
        return links.overview(q=self.search, status=self.status, cluster=self.cluster, page=page)


@dataclass(frozen=True, slots=True)
class ClusterCard:
    """A cluster and its health; the counts are None if it could not be read."""

    name: str
    address: str
    badge: Badge
    read: Moment | None
    brokers: int | None
    groups: int | None
    topics: int | None
    failures: tuple[FailureSummary, ...]
    not_evaluated: str


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How many groups have a status, and the address that shows only them or, if that is chosen, all again."""

    badge: Badge
    count: int
    address: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """How a group's lag has moved recently."""

    line: Sparkline | None
    words: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group in the list."""

    cluster: str
    name: str
    address: str
    badge: Badge
    detail: str
    lag: str
    behind: str
    trend: Trend
    members: str
    partitions: str
    watched: str
    """The share of partitions that have been watched for a whole window; empty if all have."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The page at the root."""

    wanted: GroupFilter
    clusters: Sequence[ClusterCard]
    status_counts: Sequence[StatusCount]
    groups: Sequence[GroupRow]
    paging: Paging
    shard: str
    """Which part of the groups this exporter reads; empty if it reads all."""


def overview(outcomes: Sequence[Outcome], wanted: GroupFilter, now: int, shard: Shard = Shard()) -> Overview:
    """The groups that pass the filter, worst first, as seen at ``now`` (ms)."""
    sought = wanted.search.casefold()
    found = [
        (of.report, group)
        for of in outcomes
        if of.report is not None and wanted.cluster in {"", of.cluster}
        for group in of.report.groups.values()
        if sought in group.name.casefold()
    ]
    counts = Counter(group.status for _, group in found)
    if wanted.status:
        found = [(report, group) for report, group in found if group.status == FILTERS[wanted.status]]
    found.sort(key=lambda pair: (*pair[1].rank, pair[0].cluster))
    pages = paging(len(found), PAGE, wanted.page, lambda page: replace(wanted, page=page).address())
    return Overview(
        wanted=wanted,
        clusters=[cluster_card(of, now) for of in outcomes],
        status_counts=[_status_count(word, counts, wanted) for word in FILTERS],
        groups=[_row(report, group) for report, group in found[pages.shown]],
        paging=pages,
        shard=str(shard) if shard.count > 1 else "",
    )


def _status_count(word: str, counts: Counter[Status], wanted: GroupFilter) -> StatusCount:
    chosen = wanted.status == word
    wanted = replace(wanted, status="" if chosen else word, page=1)
    return StatusCount(words.BADGES[FILTERS[word]], counts[FILTERS[word]], wanted.address(), chosen)


def cluster_card(of: Outcome, now: int) -> ClusterCard:
    """A cluster's health as seen at ``now`` (ms)."""
    found = of.report
    kinds = Counter(found.not_evaluated.values()) if found is not None else Counter()
    return ClusterCard(
        name=of.cluster,
        address=links.cluster(of.cluster),
        badge=words.health(up=of.up, shown=found is not None, failures=bool(of.failures)),
        read=words.moment(found.at, now) if found is not None else None,
        brokers=found.brokers if found is not None else None,
        groups=len(found.groups) if found is not None else None,
        topics=len(found.end_offsets) if found is not None else None,
        failures=tuple(summarized(of.failures)),
        not_evaluated=", ".join(f"{count} of type {kind}" for kind, count in sorted(kinds.items())),
    )


def _row(of: Report, group: GroupReport) -> GroupRow:
    return GroupRow(
        cluster=of.cluster,
        name=group.name,
        address=links.group(of.cluster, group.name),
        badge=words.status(group.status, group.unreadable),
        detail=detail(of, group),
        lag=words.number(group.total_lag) if group.partitions else "",
        behind=words.behind(group.max_lag_seconds, lower_bound=group.lag_is_lower_bound) if group.partitions else "",
        trend=trend(of, group),
        members=members(group),
        partitions=words.number(group.partitions),
        watched=words.share(group.complete) if group.partitions and group.complete < 1 else "",
    )


def detail(of: Report, group: GroupReport) -> str:
    """How many partitions of a group are not OK: "2 STOP, 1 WARN"; empty if all are."""
    counts = of.statuses(group)
    bad = [(status, counts[status]) for status in reversed(Status) if status > Status.OK and counts[status]]
    return ", ".join(f"{words.number(count)} {words.BADGES[status].word}" for status, count in bad)


def trend(of: Report, group: GroupReport) -> Trend:
    """The group's lag over the last window: a line, and its rate."""
    if not group.partitions:
        return Trend(None, "")
    values = [(at, lags[group.name]) for at, lags in of.history.trend if group.name in lags and at < of.at]
    values.append((of.at, group.total_lag))
    seconds = (of.at - values[0][0]) / 1000
    grown = group.total_lag - values[0][1]
    if not seconds:
        said = ""
    elif grown:
        said = f"{'grows' if grown > 0 else 'shrinks'} {words.rate(grown / seconds)}"
    else:
        said = "steady" if group.total_lag else ""
    return Trend(sparkline(values) if any(lag for _, lag in values) else None, said)


def members(group: GroupReport) -> str:
    """How many members a group has; empty if not known."""
    return "" if group.member_count is None else words.number(group.member_count)
