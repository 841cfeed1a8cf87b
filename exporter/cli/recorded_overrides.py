"""The overrides of a configuration in their order, and what each takes of a recording."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exporter.core.evaluation import EvaluationSettings
from exporter.quoting import one_line, quoted
from exporter.settings import Settings, described

MAX_NAMED = 10
"""At most this many groups are named; the rest are counted."""

Topics = Mapping[str, frozenset[str]]
"""Group → the topics that it has commits on."""


def override_lines(settings: Settings, recorded: Mapping[str, Topics] | None) -> Iterator[str]:
    """The overrides of each cluster; with a recording, what each takes in it.

    ``recorded``: cluster → what was recorded of it, None without a recording.
    """
    of_clusters = {cluster.name: cluster.judging for cluster in settings.clusters}
    if recorded is not None:
        # As `replay` does: a cluster that is not configured has the defaults.
        of_clusters |= {name: settings.evaluation for name in recorded if name not in of_clusters}
    for name, judging in of_clusters.items():
        if judging.overrides:
            yield f"overrides of cluster {quoted(name)}; the first that matches decides:"
            yield from _lines(judging, None if recorded is None else recorded.get(name, {}))


def _lines(judging: EvaluationSettings, groups: Topics | None) -> Iterator[str]:
    for position, override in enumerate(judging.overrides):
        yield f"  [{position}] {one_line(described(override))}"
        if groups is not None:
            yield f"      takes {_taken(judging, position, groups)}"
    if groups is not None:
        yield f"  the rest: {_taken(judging, None, groups)}"


def _taken(judging: EvaluationSettings, position: int | None, groups: Topics) -> str:
    """The groups that an override takes, or none does, and which topics of those that it takes only in part."""
    names = []
    for name, topics in sorted(groups.items()):
        taken = sorted(topic for topic in topics if judging.override_of(name, topic) == position)
        if taken:
            names.append(one_line(name if len(taken) == len(topics) else f"{name} ({', '.join(taken)})"))
    if not names:
        return "nothing"
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"{len(names)} group{'s'[: len(names) != 1]}: {', '.join(names[:MAX_NAMED])}{more}"
