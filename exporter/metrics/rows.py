"""The label part of every row's line, kept for as long as the rows stay the same."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from exporter.core.layout import Layout
from exporter.core.report import Report
from exporter.metrics import text
from exporter.metrics.family import Level

_Rows = tuple[str, ...] | Layout[str] | Layout[tuple[str, str]]
"""The names of groups, or a layout of partitions."""


class Rows:
    """Label parts of lines, by cluster and level, kept from scrape to scrape.

    A layout stays the same object while no group, topic or partition comes or goes, so identity tells whether the texts
    made for it are still valid; of the level of groups the names tell it.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, Level], tuple[object, list[bytes]]] = {}

    def labels(self, report: Report, level: Level) -> list[bytes]:
        """The label part of each row of a level, as `text.labels` writes it."""
        rows, kept = _rows(report, level), self._kept.get((report.cluster, level))
        if kept is None or not (kept[0] is rows or (isinstance(rows, tuple) and kept[0] == rows)):
            kept = self._kept[report.cluster, level] = (rows, _labels(report.cluster, level, rows))
        return kept[1]

    def keep_only(self, clusters: Iterable[str]) -> None:
        """Forgets the texts of all other clusters."""
        wanted = frozenset(clusters)
        for key in [key for key in self._kept if key[0] not in wanted]:
            del self._kept[key]


def _rows(report: Report, level: Level) -> _Rows:
    """What names the rows of a level."""
    if level is Level.GROUP:
        return tuple(report.groups)
    return report.history.topics if level is Level.TOPIC_PARTITION else report.history.group_topics


def _labels(cluster: str, level: Level, rows: _Rows) -> list[bytes]:
    """The label part of each row."""
    if isinstance(rows, tuple):
        return [text.labels(level.value, (cluster, group)) for group in rows]
    if level is Level.GROUP_TOPIC:
        return [text.labels(level.value, (cluster, *key)) for key in rows.keys]
    return _partitions(cluster, level, rows)


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
