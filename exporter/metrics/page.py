"""Outcomes → one page of text, in the format and encoding that the scraper asks for."""

from __future__ import annotations

import platform
import threading
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import compress
from operator import add
from typing import Final

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder, gzip_accepted
from prometheus_client.registry import Collector

from exporter import __version__, clock
from exporter.core.report import Outcome
from exporter.metrics import text
from exporter.metrics.catalogue import (
    AGE_FAMILIES,
    BUILD_INFO,
    CLUSTER_FAMILIES,
    RELOAD_SUCCESS_AT,
    RELOAD_SUCCESSFUL,
    SCRAPE_DEADLINE,
)
from exporter.metrics.family import EVERY, GROUP, Columns, Family, Samples
from exporter.metrics.granularity import Granularities
from exporter.metrics.rows import Rows
from exporter.settings import Settings

GZIP_LEVEL: Final = 1
"""On these pages the highest level takes five times as long and saves a tenth more."""

_OPENMETRICS: Final = "application/openmetrics-text"

_GZIP_WINDOW: Final = 31
"""zlib's value for the largest window with a gzip header."""


@dataclass(frozen=True, slots=True)
class Page:
    """The body of an answer in pieces, and its content headers; ``encoding`` None is plain text."""

    pieces: tuple[bytes, ...]
    content_type: str
    encoding: str | None


@dataclass(slots=True)
class LastReload:
    """What became of the last reload of the configuration; reloads keep it up to date.

    ``failed``: the previous configuration is still in effect. ``succeeded_at``: when the last one succeeded, the start
    included, in seconds since the epoch by `exporter.clock`.
    """

    failed: bool = False
    succeeded_at: float = field(default_factory=clock.now)

    def succeed(self) -> None:
        """Records that the configuration was reloaded now."""
        self.failed, self.succeeded_at = False, clock.now()


class Pages:
    """Makes pages. The expensive part is made once for all scrapes that show the same reports."""

    def __init__(self, settings: Settings, last_reload: LastReload | None = None) -> None:
        self._granularities = Granularities(settings.clusters)
        self._last_reload = last_reload or LastReload()
        self._rows = Rows()
        self._lock = threading.Lock()
        self._latest: _Shared | None = None
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        PlatformCollector(registry=self._process)

    def page(
        self,
        outcomes: tuple[Outcome, ...],
        *,
        deadline: float,
        accept: str = "",
        accept_encoding: str = "",
        names: Collection[str] = (),
    ) -> Page:
        """The page on these outcomes for a scrape that gave the collection ``deadline`` seconds.

        ``accept`` and ``accept_encoding`` are the scraper's headers; ``names`` limits the page to these families.
        """
        try:
            encoder, content_type = choose_encoder(accept)
        except (TypeError, ValueError):  # a version that is no number
            encoder, content_type = choose_encoder("")
        reload = self._last_reload
        about = {
            SCRAPE_DEADLINE: deadline,
            RELOAD_SUCCESSFUL: not reload.failed,
            RELOAD_SUCCESS_AT: reload.succeeded_at + clock.step(),
        }
        ages = [family for family in AGE_FAMILIES if not names or family.name in names]
        own = b"".join(text.family(family, self._lines(family, outcomes)) for family in ages)
        own += encoder(_Exporter(self._process, about, names))
        zipped = gzip_accepted(accept_encoding)
        with self._lock:
            shared = self._share(outcomes, names)
            counters = shared.counters[content_type.startswith(_OPENMETRICS)]
            if not zipped:
                return Page((shared.text, counters, own), content_type, None)
            packed, packer = shared.packed()
        return Page((packed, packer.compress(counters + own) + packer.flush()), content_type, "gzip")

    def _share(self, outcomes: tuple[Outcome, ...], names: Collection[str]) -> _Shared:
        if names:
            return _Shared(outcomes, *self._clusters(outcomes, names))
        if self._latest is None or not self._latest.shows(outcomes):
            self._latest = _Shared(outcomes, *self._clusters(outcomes, names))
        return self._latest

    def _clusters(self, outcomes: Sequence[Outcome], names: Collection[str]) -> tuple[bytes, Mapping[bool, bytes]]:
        """All families about clusters: gauges, and by whether that is to be OpenMetrics, counters."""
        self._rows.keep_only(outcome.cluster for outcome in outcomes)
        wanted = [family for family in CLUSTER_FAMILIES if not names or family.name in names]
        gauges = b"".join(text.family(family, self._lines(family, outcomes)) for family in wanted if not family.counter)
        counters = [(family, self._lines(family, outcomes)) for family in wanted if family.counter]
        return gauges, {
            openmetrics: b"".join(text.family(family, lines, openmetrics=openmetrics) for family, lines in counters)
            for openmetrics in (False, True)
        }

    def _lines(self, family: Family, outcomes: Iterable[Outcome]) -> list[bytes]:
        """Each line of a family without the name that it begins with."""
        lines: list[bytes] = []
        for outcome in outcomes:
            if not self._granularities.exported(outcome.cluster, family):
                continue
            if isinstance(family, Columns) and outcome.report is not None:
                column = family.column(outcome.report)
                rows = self._rows.labels(outcome.report, family.level)
                numbers, shown = column.numbers, column.shown
                wanted = self._granularities.rows(outcome.report, family.level, family)
                if wanted is not None:
                    shown = shown & wanted
                if not shown.all():
                    rows = list(compress(rows, shown.tolist()))
                    numbers = numbers[shown]
                lines.extend(map(add, rows, text.numbers(numbers)))
            elif isinstance(family, Samples):
                differs = family.granularities != EVERY and GROUP in family.labels
                group_at = family.labels.index(GROUP) if differs else None
                lines.extend(
                    text.labels(family.labels, values) + text.number(number)
                    for values, number in family.samples(outcome)
                    if group_at is None or self._granularities.of_group(outcome.cluster, values[group_at], family)
                )
        return lines


class _Shared:
    """The part of a page that is the same for all scrapes that show these outcomes.

    ``text`` holds the gauges, which every format writes alike; ``counters`` are by whether the format is OpenMetrics.
    """

    def __init__(self, outcomes: tuple[Outcome, ...], text: bytes, counters: Mapping[bool, bytes]) -> None:
        self.text = text
        self.counters = counters
        self._outcomes = outcomes
        self._packed: tuple[bytes, zlib._Compress] | None = None

    def shows(self, outcomes: tuple[Outcome, ...]) -> bool:
        """True if a page on these outcomes would be the same."""
        return len(outcomes) == len(self._outcomes) and all(
            mine.report is other.report
            and (mine.cluster, mine.up, mine.failures, mine.last_read)
            == (other.cluster, other.up, other.failures, other.last_read)
            for mine, other in zip(self._outcomes, outcomes, strict=True)
        )

    def packed(self) -> tuple[bytes, zlib._Compress]:
        """The compressed text, and a compressor to continue from there: together one gzip stream."""
        if self._packed is None:
            packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
            self._packed = (packer.compress(self.text) + packer.flush(zlib.Z_SYNC_FLUSH), packer)
        return self._packed[0], self._packed[1].copy()


class _Exporter(Collector):
    """The metrics of the exporter itself: its version, the scrape's deadline, its configuration, the process."""

    def __init__(self, process: CollectorRegistry, about: Mapping[Family, float], names: Collection[str]) -> None:
        self._process = process
        self._about = about
        self._names = names

    def collect(self) -> Iterator[Metric]:
        about = [GaugeMetricFamily(family.name, family.help, value=value) for family, value in self._about.items()]
        build = GaugeMetricFamily(BUILD_INFO.name, BUILD_INFO.help, labels=BUILD_INFO.labels)
        build.add_metric((version("kafka-python"), platform.python_version(), __version__), 1)
        for family in (*about, build, *self._process.collect()):
            if not self._names or any(sample.name in self._names for sample in family.samples):
                yield family
