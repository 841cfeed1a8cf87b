"""How many series a choice of metrics makes, and what alerts and dashboards miss with the lean one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from exporter.metrics.catalogue import CLUSTER_FAMILIES
from exporter.metrics.compatibility import PEERS, compatible_families
from exporter.metrics.family import Family
from exporter.metrics.presets import LEAN, wanted
from exporter.settings import Cluster, Granularity, Metrics
from tools.dashboards.checks.board import Board, boards

RULES: Final = Path(__file__).resolve().parent.parent / "alerts" / "rules" / "kafka-burrow-exporter.yml"

SELDOM: Final = frozenset(
    {"burrow_kafka_topic_partition_last_stable_offset", "kminion_kafka_consumer_group_empty_members"}
)
"""Families that have series only where some group reads with read_committed, or has idle members; none here does."""

NAME: Final = re.compile(r"\b(?:\w+:)?burrow_\w+(?::\w+)?|\bburrow:\w+:\w+")
"""A metric of the exporter, or a recorded one made of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A cluster: how many groups there are, each of which has commits on every partition of so many topics.

    ``unhealthy``: how many of the groups are, or were lately. ``topics``: how many topics there are.
    """

    groups: int
    topics_of_a_group: int
    partitions_of_a_topic: int
    topics: int
    unhealthy: int = 0

    def rows(self, family: Family, metrics: Metrics) -> int:
        """How many series a family has that is exported: one for each of what its labels name."""
        names, labels = family.names, family.labels
        if family.name in SELDOM or "share_group" in labels:
            return 0
        if not family.of_groups:
            topics = self.topics if names.topic in labels else 0
            return topics * (self.partitions_of_a_topic if names.partition in labels else 1)
        if names.partition in labels:
            groups = self.unhealthy if metrics.partitions == "unhealthy" else self.groups
            return groups * self.topics_of_a_group * self.partitions_of_a_topic
        return self.groups * (self.topics_of_a_group if names.topic in labels else 1)


def series(shape: Shape, metrics: Metrics, granularity: Granularity = "partition") -> int:
    """How many series a cluster has about groups, topics and partitions; those about itself are few."""
    return sum(
        shape.rows(family, metrics)
        for family in (*CLUSTER_FAMILIES, *compatible_families([Cluster("", (), metrics=metrics)]))
        if granularity in family.granularities and wanted(family, metrics)
    )


LARGE: Final = Shape(groups=100, topics_of_a_group=10, partitions_of_a_topic=100, topics=10, unhealthy=3)
"""100,000 partitions of groups."""

LEAN_ONLY: Final = ("lean",)
CHOICES: Final[tuple[tuple[str, Metrics, Granularity], ...]] = (
    ("the defaults", Metrics(), "partition"),
    ("`metrics: {partitions: unhealthy}`", Metrics(partitions="unhealthy"), "partition"),
    ("`metrics: {include: lean}`", Metrics(include=LEAN_ONLY), "partition"),
    ("`granularity: topic`", Metrics(), "topic"),
    (
        "`metrics: {include: lean, partitions: unhealthy}`",
        Metrics(include=LEAN_ONLY, partitions="unhealthy"),
        "partition",
    ),
    ("`metrics: {include: lean}`, `granularity: topic`", Metrics(include=LEAN_ONLY), "topic"),
    ("`granularity: group`", Metrics(), "group"),
    ("`metrics: {include: lean}`, `granularity: group`", Metrics(include=LEAN_ONLY), "group"),
    *(
        (f"`metrics: {{compatibility: [{peer.name}]}}`", Metrics(compatibility=(peer.name,)), "partition")
        for peer in PEERS
    ),
)


def series_table() -> str:
    """The series of each choice for a large cluster, as Markdown."""
    rows = ["| choice | series | of the defaults |", "| --- | ---: | ---: |"]
    everything = series(LARGE, Metrics())
    for title, metrics, granularity in CHOICES:
        count = series(LARGE, metrics, granularity)
        rows.append(f"| {title} | {count:,} | {count / everything:.1%} |")
    return "\n".join(rows)


def needs_table() -> str:
    """What the lean choice lacks of what alerts and dashboards ask for, as Markdown."""
    alerts, panels = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for alert, families in asked_by_alerts().items():
        for family in families - LEAN:
            alerts[family] += [alert]
    for board in boards():
        for panel, families in asked_by_panels(board).items():
            for family in families - LEAN:
                panels[family].append(f"{board.title.rpartition(' / ')[2]}, {panel}")
    rows = ["| not in `lean` | alerts that ask for it | panels that ask for it |", "| --- | --- | --- |"]
    for name in (family.name for family in CLUSTER_FAMILIES):
        if name in alerts or name in panels:
            rows += [f"| `{name}` | {', '.join(alerts[name]) or 'none'} | {'; '.join(panels[name]) or 'none'} |"]
    return "\n".join(rows)


def compatibility_tables() -> str:
    """Every family of each other exporter: given, given with a difference, or not given and why, as Markdown."""
    parts = []
    for peer in PEERS:
        rows = ["| family | labels | given |", "| --- | --- | --- |"]
        for given, family in zip(peer.given, peer.families(), strict=True):
            labels = ", ".join(f"`{label}`" for label in family.labels)
            how = f"with a difference: {given.difference}" if given.difference else "yes"
            rows += [f"| `{family.name}` | {labels} | {how} |"]
        for name, reason in peer.not_given.items():
            rows += [f"| {name if ' ' in name else f'`{name}`'} | | **no**: {reason} |"]
        parts.append(f"### {peer.title}\n\n`{peer.name}`. What it costs: {peer.cost}.\n\n" + "\n".join(rows))
    return "\n\n".join(parts)


def asked_by_alerts() -> dict[str, frozenset[str]]:
    """The families that each alert asks for, in its condition and its text, through recorded rules too."""
    rules: list[dict[str, Any]] = [
        rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]
    ]
    recorded = defaultdict[str, set[str]](set)
    for rule in rules:
        if "record" in rule:
            recorded[rule["record"]] |= _named(rule["expr"])
    return {
        rule["alert"]: frozenset(_families(_named(rule["expr"], *rule["annotations"].values()), recorded))
        for rule in rules
        if "alert" in rule
    }


def asked_by_panels(board: Board) -> dict[str, frozenset[str]]:
    """The families that each panel of a dashboard asks for."""
    asked = defaultdict[str, set[str]](set)
    for query in board.queries():
        asked[query.panel] |= _named(query.expr) & OURS
    return {panel: frozenset(families) for panel, families in asked.items()}


OURS: Final = frozenset(family.name for family in CLUSTER_FAMILIES)


def _named(*texts: str) -> set[str]:
    return {name for text in texts for name in NAME.findall(text)}


def _families(names: set[str], recorded: Mapping[str, set[str]]) -> Iterator[str]:
    """The families among the names, and those that the recorded ones among them are made of."""
    seen, left = set[str](), list(names)
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            left += recorded.get(name, ())
            if name in OURS:
                yield name
