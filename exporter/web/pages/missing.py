"""What to say where there is nothing to show: of a name that is not known, of a cluster that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from http import HTTPStatus

from exporter.core.model import Failure
from exporter.core.report import Outcome, Report
from exporter.settings import Cluster
from exporter.web.pages import addresses, words


@dataclass(frozen=True, slots=True)
class Way:
    """Where to go instead."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class MissingPage:
    """What there is not, what may be the reason, and where to go instead."""

    status: HTTPStatus
    title: str
    name: str
    why: Sequence[str]
    ways: Sequence[Way]


def no_cluster(name: str, clusters: Iterable[str]) -> MissingPage:
    """There is no such cluster."""
    return MissingPage(
        HTTPStatus.NOT_FOUND,
        "No such cluster",
        name,
        ["The configuration names no cluster like this; upper and lower case count."],
        [Way(known, addresses.cluster(known)) for known in clusters],
    )


def unreadable(of: Outcome, name: str) -> MissingPage:
    """The cluster could not be read, so nothing can be said of what is in it."""
    return MissingPage(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"Cluster {of.cluster} cannot be read now",
        name,
        _told(of.failures),
        [Way(of.cluster, addresses.cluster(of.cluster))],
    )


def no_group(found: Report, name: str, cluster: Cluster, others: Iterable[Outcome]) -> MissingPage:
    """The report has no such group."""
    told = _told(failure for failure in found.failures if failure.scope == "group" and failure.subject == name)
    if name in found.not_evaluated:
        kind = found.not_evaluated[name]
        why = [f"It is a group of type {kind}, which commits no offsets; the rules cannot judge it."]
    elif told or any(group == name for group, _ in found.history.group_topics.keys):
        why = told or ["It exists, but its coordinator did not answer in the last collection."]
    elif not cluster.groups.admits(name):
        why = [f"The configuration leaves it out: see groups (allow, deny) of cluster {cluster.name}."]
    else:
        why = [
            "The last collection did not find it. Kafka forgets a group that nobody is in (offsets.retention.minutes)."
        ]
    alike = [Way(like, addresses.group(found.cluster, like)) for like in _alike(name, found.groups)]
    elsewhere = [
        Way(f"{name} in cluster {of.cluster}", addresses.group(of.cluster, name))
        for of in others
        if of.report is not None and of.cluster != found.cluster and name in of.report.groups
    ]
    return MissingPage(HTTPStatus.NOT_FOUND, "No such consumer group", name, why, [*elsewhere, *alike])


def no_topic(found: Report, name: str, cluster: Cluster) -> MissingPage:
    """The report has no such topic."""
    told = _told(failure for failure in found.failures if failure.scope == "topic" and failure.subject == name)
    if not told and not cluster.topics.admits(name):
        told = [f"The configuration leaves it out: see topics (allow, deny) of cluster {cluster.name}."]
    alike = [Way(like, addresses.topic(found.cluster, like)) for like in _alike(name, found.end_offsets)]
    return MissingPage(
        HTTPStatus.NOT_FOUND, "No such topic", name, told or ["The last collection did not find it."], alike
    )


def _told(failures: Iterable[Failure]) -> list[str]:
    return [words.sentence(words.reason_in_words(failure.reason)) + "." for failure in failures]


def _alike(name: str, known: Iterable[str]) -> list[str]:
    """At most five known names that look like this one."""
    return get_close_matches(name, list(known), n=5)
