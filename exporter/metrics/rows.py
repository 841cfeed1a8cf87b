"""The label part of every row's line, kept for as long as the rows stay the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from exporter.core.layout import Layout
from exporter.core.report import Report
from exporter.metrics import text
from exporter.metrics.family import Level, Names
from exporter.metrics.owners import owner_labels

_Kept = tuple[Sequence[object], list[bytes]]
"""What the texts were made from, and the texts."""


class Rows:
    """Label parts of lines, by cluster, level and what labels are called, kept from scrape to scrape.

    A layout stays the same object while no group, topic or partition comes or goes, and the members of a group until
    they are described anew, so identity tells whether the texts made from them are still valid; of the level of groups
    the names tell it.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, Level, Names], _Kept] = {}

    def labels(self, report: Report, level: Level, names: Names) -> list[bytes]:
        """The label part of each row of a level, as `text.labels` writes it."""
        made_from = _made_from(report, level, names)
        kept = self._kept.get((report.cluster, level, names))
        if kept is None or not _same(kept[0], made_from):
            kept = self._kept[report.cluster, level, names] = (made_from, _labels(report, level, names))
        return kept[1]

    def keep_only(self, clusters: Iterable[str]) -> None:
        """Forgets the texts of all other clusters."""
        wanted = frozenset(clusters)
        for key in [key for key in self._kept if key[0] not in wanted]:
            del self._kept[key]


def _made_from(report: Report, level: Level, names: Names) -> Sequence[object]:
    """What decides the labels of a level."""
    if level is Level.GROUP:
        return tuple(report.groups)
    if level in (Level.TOPIC, Level.TOPIC_PARTITION):
        return (report.history.topics,)
    members = (group.members for group in report.groups.values()) if names.owner else ()
    return (report.history.group_topics, *members)


def _same(before: Sequence[object], after: Sequence[object]) -> bool:
    """True if both are the same objects or equal texts."""
    return len(before) == len(after) and all(
        one is other or (isinstance(one, str) and one == other) for one, other in zip(before, after, strict=True)
    )


def _labels(report: Report, level: Level, names: Names) -> list[bytes]:
    """The label part of each row."""
    layout, topics = report.history.group_topics, report.history.topics
    of_cluster = (names.cluster, report.cluster)
    match level:
        case Level.GROUP:
            return [_written(of_cluster, (names.group, group)) for group in report.groups]
        case Level.GROUP_TOPIC:
            return [_written(of_cluster, (names.group, group), (names.topic, topic)) for group, topic in layout.keys]
        case Level.TOPIC:
            return [_written(of_cluster, (names.topic, topic)) for topic in topics.keys]
        case Level.TOPIC_PARTITION:
            return _partitions(report.cluster, names, topics)
        case Level.GROUP_PARTITION:
            return owner_labels(report, names) if names.owner else _partitions(report.cluster, names, layout)


def _written(*labels: tuple[str, str]) -> bytes:
    """The labels that have a name."""
    named = [label for label in labels if label[0]]
    return text.labels((name for name, _ in named), (value for _, value in named))


def _partitions(cluster: str, names: Names, layout: Layout[str] | Layout[tuple[str, str]]) -> list[bytes]:
    """The label part of every partition of a layout, whose keys are topics or (group, topic)."""
    starts = layout.starts.tolist()
    sizes = [stop - start for start, stop in pairwise(starts)]
    numbers = [b"%d" % number for number in range(max(sizes, default=0))]
    rows: list[bytes] = []
    for key, size in zip(layout.keys, sizes, strict=True):
        *group, topic = (key,) if isinstance(key, str) else key
        above = zip((names.cluster, names.group), (cluster, *group), strict=False)
        # The names of a block are written once: its lines differ only in the partition's number.
        written = "".join(f'{name}="{text.escape(value)}",' for name, value in above if name)
        head = text.encode(f'{{{written}{names.partition}="')
        tail = text.encode(f'",{names.topic}="{text.escape(topic)}"}} ')
        rows.extend([head + number + tail for number in numbers[:size]])
    return rows
