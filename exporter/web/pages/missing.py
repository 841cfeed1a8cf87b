"""The pages for an unknown name, and for a cluster that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from http import HTTPStatus

from exporter.core.model import Failure
from exporter.core.report import Outcome, Report
from exporter.settings import Cluster
from exporter.web.pages import links, words
from exporter.wording import failure_reason


@dataclass(frozen=True, slots=True)
class Link:
    """A link to follow instead."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class MissingPage:
    """What is missing, the possible reasons, and links to follow instead."""

    status: HTTPStatus
    title: str
    name: str
    why: Sequence[str]
    links: Sequence[Link]


def no_cluster(name: str, clusters: Iterable[str]) -> MissingPage:
    """The page for an unknown cluster."""
    return MissingPage(
        HTTPStatus.NOT_FOUND,
        "No such cluster",
        name,
        ["The configuration has no cluster of this name; upper and lower case count."],
        [Link(known, links.cluster(known)) for known in clusters],
    )


def unreadable(of: Outcome, name: str) -> MissingPage:
    """The page for a group or topic of a cluster that could not be read."""
    return MissingPage(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"Cluster {of.cluster} cannot be read now",
        name,
        _reasons(of.failures),
        [Link(of.cluster, links.cluster(of.cluster))],
    )


def no_group(found: Report, name: str, cluster: Cluster, others: Iterable[Outcome]) -> MissingPage:
    """The page for a group that is not in the report."""
    reasons = _reasons(failure for failure in found.failures if failure.scope == "group" and failure.subject == name)
    if name in found.not_evaluated:
        kind = found.not_evaluated[name]
        why = [f"It is a group of type {kind}, which commits no offsets, so it cannot be judged."]
    elif reasons or any(group == name for group, _ in found.history.group_topics.keys):
        why = reasons or ["It exists, but its coordinator did not answer in the last collection."]
    elif not cluster.groups.shard.holds(name):
        mine = cluster.groups.shard
        why = [f"This exporter is {mine}. Groups of this name are those of shard {mine.of(name)}: ask that one."]
    elif not cluster.groups.admits(name):
        why = [f"The configuration leaves it out: see groups (allow, deny) of cluster {cluster.name}."]
    else:
        why = [
            "The last collection did not find it.",
            "Kafka deletes a group that has had no members for offsets.retention.minutes.",
        ]
    alike = [Link(like, links.group(found.cluster, like)) for like in _alike(name, found.groups)]
    elsewhere = [
        Link(f"{name} in cluster {of.cluster}", links.group(of.cluster, name))
        for of in others
        if of.report is not None and of.cluster != found.cluster and name in of.report.groups
    ]
    return MissingPage(HTTPStatus.NOT_FOUND, "No such consumer group", name, why, [*elsewhere, *alike])


def no_topic(found: Report, name: str, cluster: Cluster) -> MissingPage:
    """The page for a topic that is not in the report."""
    reasons = _reasons(failure for failure in found.failures if failure.scope == "topic" and failure.subject == name)
    if not reasons and not cluster.topics.admits(name):
        reasons = [f"The configuration leaves it out: see topics (allow, deny) of cluster {cluster.name}."]
    alike = [Link(like, links.topic(found.cluster, like)) for like in _alike(name, found.end_offsets)]
    return MissingPage(
        HTTPStatus.NOT_FOUND, "No such topic", name, reasons or ["The last collection did not find it."], alike
    )


def _reasons(failures: Iterable[Failure]) -> list[str]:
    return [words.sentence(failure_reason(failure.reason)) + "." for failure in failures]


def _alike(name: str, known: Iterable[str]) -> list[str]:
    """At most five known names similar to this one."""
    return get_close_matches(name, list(known), n=5)
