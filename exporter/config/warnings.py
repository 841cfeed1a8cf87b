"""Warnings about settings that are allowed, but probably not intended."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.core.evaluation import MAX_ENTRIES, MIN_COMMITS, EvaluationSettings
from exporter.quoting import quoted
from exporter.schema.durations import write
from exporter.settings import Cluster, Settings


def warnings(settings: Settings) -> tuple[str, ...]:
    """One line for each setting that does something else than it seems to."""
    return tuple(_warnings(settings))


def _warnings(settings: Settings) -> Iterator[str]:
    names: dict[tuple[str, ...], str] = {}
    for cluster in settings.clusters:
        where = f"cluster {quoted(cluster.name)}"
        for warning in (*_security(cluster), *_evaluation(cluster.evaluation), *_overrides(cluster)):
            yield f"{where}: {warning}"
        if settings.collection.min_interval > cluster.evaluation.min_distance > 0:
            yield (
                f"{where}: collection.min_interval ({write(settings.collection.min_interval)}) is longer than"
                f" evaluation.min_distance ({write(cluster.evaluation.min_distance)}), so it sets the window's pace"
            )
        servers = tuple(sorted(cluster.bootstrap_servers))
        if servers in names:
            yield f"{where} has the same bootstrap_servers as cluster {quoted(names[servers])}"
        names.setdefault(servers, cluster.name)


def _security(cluster: Cluster) -> Iterator[str]:
    if cluster.sasl is not None and cluster.tls is None and cluster.sasl.mechanism != "GSSAPI":
        yield f'sasl {cluster.sasl.mechanism} without tls: anyone who reads the traffic can log in too; add "tls: {{}}"'
    if cluster.tls is not None and not cluster.tls.verify_hostname:
        yield "tls.verify_hostname is false: any host with a trusted certificate can pass for a broker"


def _overrides(cluster: Cluster) -> Iterator[str]:
    of_cluster = set(_evaluation(cluster.evaluation))
    first: dict[tuple[str, str | None], int] = {}
    for position, override in enumerate(cluster.groups.overrides):
        match, topics = override.match.pattern, override.topics.pattern if override.topics is not None else None
        earlier = first.get((match, None), first.get((match, topics)))
        if earlier is not None:
            yield f"groups.overrides[{position}] takes nothing: groups.overrides[{earlier}] above it matches the same"
        first.setdefault((match, topics), position)
    for position, settings in enumerate(cluster.judging.by_override()):
        for warning in _evaluation(settings):
            if warning not in of_cluster:
                yield f"groups.overrides[{position}]: {warning}"


def _evaluation(settings: EvaluationSettings) -> Iterator[str]:
    distance, window, patience = settings.min_distance, settings.window, settings.patience
    reach = distance * (MAX_ENTRIES - 1)
    if 0 < reach < window:
        yield (
            f"evaluation.min_distance ({write(distance)}) is too short for so long a window: {MAX_ENTRIES} entries are"
            f" kept, which may span only {write(reach)} of {write(window)}, and some verdicts need it all"
        )
    elif distance == 0:
        kept = max(settings.intervals, MIN_COMMITS)
        yield (
            f"evaluation.min_distance is 0, so the window holds the newest {kept} observations, however close; scraped"
            f" more often than every {write(window / (kept - 1))} it never spans {write(window)}"
        )
    if distance * (MIN_COMMITS - 1) > window:
        yield (
            f"evaluation.window ({write(window)}) is shorter than {MIN_COMMITS} observations min_distance"
            f" ({write(distance)}) apart, so {write(distance * (MIN_COMMITS - 1))} are judged anyway"
        )
    if patience < window:
        yield (
            f"evaluation.patience ({write(patience)}) is shorter than the window ({write(window)}): a group whose"
            " rhythm is not known yet may be called stalled sooner than one whose rhythm is known"
        )
