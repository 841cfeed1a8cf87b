"""The label part of every row's line, kept for as long as the rows stay the same."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from exporter.core.layout import Layout
from exporter.core.report import Report
from exporter.metrics import text
from exporter.metrics.family import Level


class Rows:
    """Label parts of lines, by cluster and level; those of partitions are kept per layout.

    A layout stays the same object from scrape to scrape while no group, topic or partition comes or goes, so
    identity tells whether the texts made for it are still valid.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, Level], tuple[object, list[bytes]]] = {}

    def labels(self, report: Report, level: Level) -> list[bytes]:
        """The label part of each row of a level, as `text.labels` writes it."""
        if level is Level.GROUP:
            return [text.labels(level.value, (report.cluster, group)) for group in report.groups]
        group_topics = report.history.group_topics
        if level is Level.GROUP_TOPIC:
            return [text.labels(level.value, (report.cluster, *key)) for key in group_topics.keys]
        layout = group_topics if level is Level.GROUP_PARTITION else report.history.topics
        kept = self._kept.get((report.cluster, level))
        if kept is None or kept[0] is not layout:
            kept = (layout, _partitions(report.cluster, level, layout))
            self._kept[report.cluster, level] = kept
        return kept[1]

    def keep_only(self, clusters: Iterable[str]) -> None:
        """Forgets the texts of all other clusters."""
        wanted = frozenset(clusters)
        for key in [key for key in self._kept if key[0] not in wanted]:
            del self._kept[key]


def _partitions(cluster: str, level: Level, layout: Layout[str] | Layout[tuple[str, str]]) -> list[bytes]:
    """The label part of every partition of a layout, whose keys are topics or (group, topic)."""
    starts = layout.starts.tolist()
    sizes = [stop - start for start, stop in pairwise(starts)]
    numbers = [b"%d" % number for number in range(max(sizes, default=0))]
    rows: list[bytes] = []
    for key, size in zip(layout.keys, sizes, strict=True):
        *group, topic = (key,) if isinstance(key, str) else key
        # The names of a block are written once: its lines differ only in the partition's number.
        names = zip(level.value, (cluster, *group), strict=False)
        head = text.encode("{" + "".join(f'{name}="{text.escape(value)}",' for name, value in names) + 'partition="')
        tail = text.encode(f'",topic="{text.escape(topic)}"}} ')
        rows.extend([head + number + tail for number in numbers[:size]])
    return rows
