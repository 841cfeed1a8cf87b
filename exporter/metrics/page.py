"""Outcomes → one page of text, in the format and encoding that the scraper asks for."""

from __future__ import annotations

import platform
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import chain, compress
from operator import add
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder, gzip_accepted
from prometheus_client.registry import Collector

from exporter import __version__, clock
from exporter.core.report import Outcome, Report
from exporter.metrics import text
from exporter.metrics.catalogue import AGE_FAMILIES, CLUSTER_FAMILIES
from exporter.metrics.compatibility import compatible_families
from exporter.metrics.exporter_families import (
    BUILD_INFO,
    RELOAD_SUCCESS_AT,
    RELOAD_SUCCESSFUL,
    SCRAPE_DEADLINE,
    SHARDS,
)
from exporter.metrics.family import EVERY, Columns, Family, Samples
from exporter.metrics.granularity import Granularities
from exporter.metrics.packed import Packed
from exporter.metrics.rows import Rows
from exporter.settings import Settings, Shard

LINES_AT_ONCE: Final = 4096
"""So many lines are made before they are compressed: enough that a call for each piece costs nothing, and few enough
that they stay in the processor's cache."""

KAFKA_PYTHON: Final = version("kafka-python")
"""Read once: reading it takes an open file, and there may be none left."""

_OPENMETRICS: Final = "application/openmetrics-text"


@dataclass(frozen=True, slots=True)
class Page:
    """The body of an answer in pieces, their ``length`` together (bytes), and its content headers.

    ``encoding`` None is plain text, whose pieces are made while they are sent, and can be read only once. ``held``:
    what stays in memory until then.
    """

    pieces: Iterable[bytes]
    length: int
    content_type: str
    encoding: str | None
    held: tuple[bytes, ...]


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
        self._families = (*CLUSTER_FAMILIES, *compatible_families(settings.clusters))
        self._granularities = Granularities(settings.clusters)
        self._last_reload = last_reload or LastReload()
        self._shard = settings.shard
        self._rows = Rows()
        self._lock = threading.Lock()
        self._latest: _Shared | None = None
        self._seconds_to_make = 0.0
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        PlatformCollector(registry=self._process)

    @property
    def seconds_to_make(self) -> float:
        """How long the last page took that was made anew, 0 before the first."""
        return self._seconds_to_make

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
        own = b"".join(chain.from_iterable(text.family(family, self._lines(family, outcomes)) for family in ages))
        own += encoder(_Exporter(self._process, about, self._shard, names))
        zipped = gzip_accepted(accept_encoding)
        with self._lock:
            packed = self._packed(outcomes, names, openmetrics=content_type.startswith(_OPENMETRICS))
        if zipped:
            end = packed.ending(own)
            return Page((*packed.pieces, end), packed.packed_length + len(end), content_type, "gzip", packed.pieces)
        return Page(chain(packed.text(), (own,)), packed.length + len(own), content_type, None, packed.pieces)

    def _packed(self, outcomes: tuple[Outcome, ...], names: Collection[str], *, openmetrics: bool) -> Packed:
        """The part about clusters, shared where it can be; a page of some families only is made for one scrape."""
        if names:
            return _Shared(outcomes, self._text(outcomes, names)).packed(openmetrics=openmetrics)
        if self._latest is not None and self._latest.shows(outcomes):
            return self._latest.packed(openmetrics=openmetrics)
        started = clock.running()
        self._latest = None  # so that what it holds does not stay while its successor is made
        self._latest = _Shared(outcomes, self._text(outcomes, names))
        packed = self._latest.packed(openmetrics=openmetrics)
        self._seconds_to_make = clock.running() - started
        return packed

    def _text(self, outcomes: tuple[Outcome, ...], names: Collection[str]) -> _Text:
        """What makes all families about clusters of a kind, gauges or counters, in either format."""
        self._rows.keep_only(outcome.cluster for outcome in outcomes)
        wanted = [family for family in self._families if not names or family.name in names]

        def text_of(*, counters: bool, openmetrics: bool) -> Iterator[bytes]:
            for family in wanted:
                if family.counter == counters:
                    yield from text.family(family, self._lines(family, outcomes), openmetrics=openmetrics)

        return text_of

    def _lines(self, family: Family, outcomes: Iterable[Outcome]) -> Iterator[list[bytes]]:
        """Each line of a family without the name that it begins with, LINES_AT_ONCE at a time."""
        for outcome in outcomes:
            if not self._granularities.exported(outcome.cluster, family):
                continue
            if isinstance(family, Columns) and outcome.report is not None:
                yield from self._lines_of_rows(family, outcome.report)
            elif isinstance(family, Samples):
                differs = family.granularities != EVERY and family.of_groups
                group_at = family.labels.index(family.names.group) if differs else None
                yield [
                    text.labels(family.labels, values) + text.number(number)
                    for values, number in family.samples(outcome)
                    if group_at is None or self._granularities.of_group(outcome.cluster, values[group_at], family)
                ]

    def _lines_of_rows(self, family: Columns, report: Report) -> Iterator[list[bytes]]:
        column, labels = family.column(report), self._rows.labels(report, family.level, family.names)
        wanted = self._granularities.rows(report, family.level, family)
        every = column.shown if wanted is None else column.shown & wanted
        for start in range(0, len(labels), LINES_AT_ONCE):
            rows = slice(start, start + LINES_AT_ONCE)
            of_rows, numbers, shown = labels[rows], column.numbers[rows], every[rows]
            if not shown.all():
                of_rows, numbers = list(compress(of_rows, shown.tolist())), numbers[shown]
            yield list(map(add, of_rows, text.numbers(numbers)))


class _Text(Protocol):
    """Makes the text about clusters, piece by piece."""

    def __call__(self, *, counters: bool, openmetrics: bool) -> Iterator[bytes]:
        """The families of a kind, in one of the two formats."""


class _Shared:
    """The part of a page that is the same for all scrapes that show these outcomes, made when it is first needed.

    Every format writes gauges alike, so they are made once for both.
    """

    def __init__(self, outcomes: tuple[Outcome, ...], text_of: _Text) -> None:
        self._outcomes = outcomes
        self._text_of = text_of
        self._gauges = Packed.of(text_of(counters=False, openmetrics=False))
        self._by_format: dict[bool, Packed] = {}

    def shows(self, outcomes: tuple[Outcome, ...]) -> bool:
        """True if a page on these outcomes would be the same."""
        return len(outcomes) == len(self._outcomes) and all(
            mine.report is other.report
            and (mine.cluster, mine.up, mine.failures, mine.last_read)
            == (other.cluster, other.up, other.failures, other.last_read)
            for mine, other in zip(self._outcomes, outcomes, strict=True)
        )

    def packed(self, *, openmetrics: bool) -> Packed:
        """The text in one of the two formats."""
        if openmetrics not in self._by_format:
            counters = self._text_of(counters=True, openmetrics=openmetrics)
            self._by_format[openmetrics] = self._gauges.followed_by(counters)
        return self._by_format[openmetrics]


class _Exporter(Collector):
    """The metrics of the exporter itself: its version, the scrape's deadline, its configuration, the process."""

    def __init__(
        self, process: CollectorRegistry, about: Mapping[Family, float], shard: Shard, names: Collection[str]
    ) -> None:
        self._process = process
        self._about = about
        self._shard = shard
        self._names = names

    def collect(self) -> Iterator[Metric]:
        about = [GaugeMetricFamily(family.name, family.help, value=value) for family, value in self._about.items()]
        build = GaugeMetricFamily(BUILD_INFO.name, BUILD_INFO.help, labels=BUILD_INFO.labels)
        build.add_metric((KAFKA_PYTHON, platform.python_version(), __version__), 1)
        shards = GaugeMetricFamily(SHARDS.name, SHARDS.help, labels=SHARDS.labels)
        shards.add_metric((str(self._shard.index),), self._shard.count)
        for family in (*about, shards, build, *self._process.collect()):
            if not self._names or any(sample.name in self._names for sample in family.samples):
                yield family
