"""Which series of a family are exported.

A cluster may leave out families, a group may have another granularity than its cluster, and partitions may have series
only while their group is unhealthy.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from exporter.core.model import Bools
from exporter.core.report import Report
from exporter.metrics.family import Family, Level
from exporter.metrics.presets import wanted
from exporter.settings import Cluster, Granularity

_OF_GROUPS = frozenset({Level.GROUP_TOPIC, Level.GROUP_PARTITION})


class Granularities:
    """The granularities of the clusters and of their groups.

    Which rows belong to groups of which granularity is kept per layout, as in `exporter.metrics.rows.Rows`.
    """

    def __init__(self, clusters: Iterable[Cluster]) -> None:
        self._clusters = {cluster.name: cluster for cluster in clusters}
        self._kept: dict[tuple[str, Level, tuple[Granularity, ...]], tuple[object, Bools]] = {}
        self._unhealthy: dict[str, tuple[object, object, Bools]] = {}
        self._wanted: dict[tuple[str, str], bool] = {}

    def exported(self, cluster: str, family: Family) -> bool:
        """True if a cluster may have series of a family; what is not of a group follows the cluster."""
        if not self._asked_for(cluster, family) or (family.once and not self._first(cluster)):
            return False
        if family.of_groups:
            return not self._in_use(cluster).isdisjoint(family.granularities)
        return (
            self._clusters[cluster].granularity if cluster in self._clusters else "partition"
        ) in family.granularities

    def of_group(self, cluster: str, group: str, family: Family) -> bool:
        """True if a group has series of a family."""
        known = self._clusters.get(cluster)
        return (known.granularity_of(group) if known is not None else "partition") in family.granularities

    def rows(self, report: Report, level: Level, family: Family) -> Bools | None:
        """The rows of a level that are exported; None if all are."""
        of_granularity = self._of_granularity(report, level, family)
        known = self._clusters.get(report.cluster)
        if level is not Level.GROUP_PARTITION or known is None or known.metrics.partitions == "all":
            return of_granularity
        unhealthy = self._unhealthy_rows(report)
        return unhealthy if of_granularity is None else unhealthy & of_granularity

    def _asked_for(self, cluster: str, family: Family) -> bool:
        """True if the cluster's settings ask for a family."""
        place = (cluster, family.name)
        if place not in self._wanted:
            known = self._clusters.get(cluster)
            self._wanted[place] = known is None or wanted(family, known.metrics)
        return self._wanted[place]

    def _unhealthy_rows(self, report: Report) -> Bools:
        """The rows of groups that are unhealthy or were lately, kept for all families of the same report."""
        layout, bad = report.history.group_topics, report.history.last_unhealthy
        kept = self._unhealthy.get(report.cluster)
        if kept is None or kept[0] is not layout or kept[1] is not bad:
            blocks = np.array([group in bad for group, _ in layout.keys], dtype=np.bool_)
            kept = self._unhealthy[report.cluster] = (layout, bad, np.repeat(blocks, np.diff(layout.starts)))
        return kept[2]

    def _of_granularity(self, report: Report, level: Level, family: Family) -> Bools | None:
        """The rows of a level that belong to groups whose granularity has the family; None if all do."""
        if level not in _OF_GROUPS or self._in_use(report.cluster) <= set(family.granularities):
            return None
        layout = report.history.group_topics
        place = (report.cluster, level, family.granularities)
        kept = self._kept.get(place)
        if kept is None or kept[0] is not layout:
            blocks = np.array(
                [self.of_group(report.cluster, group, family) for group, _ in layout.keys], dtype=np.bool_
            )
            rows = np.repeat(blocks, np.diff(layout.starts)) if level is Level.GROUP_PARTITION else blocks
            kept = self._kept[place] = (layout, rows)
        return kept[1]

    def _in_use(self, cluster: str) -> frozenset[Granularity]:
        """The granularities of a cluster and of the groups with another one."""
        known = self._clusters.get(cluster)
        if known is None:
            return frozenset({"partition"})
        overridden = (override.granularity for override in known.groups.overrides)
        return frozenset({known.granularity, *(one for one in overridden if one is not None)})

    def _first(self, cluster: str) -> bool:
        """True unless another shard exports what is about the cluster as a whole."""
        return cluster not in self._clusters or self._clusters[cluster].groups.shard.first
