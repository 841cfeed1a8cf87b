"""The page, against what prometheus_client writes and reads."""

from __future__ import annotations

import gzip
import re
import subprocess
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from prometheus_client.registry import Collector

from exporter.core.model import NO_OFFSET, NOT_READ, Failure, GroupObservation, Observation, ShareGroup, Status
from exporter.core.report import Outcome, Report
from exporter.metrics import CATALOGUE, Pages, text
from exporter.metrics.catalogue import CLUSTER_FAMILIES
from exporter.metrics.family import Columns, Family, Level, Samples
from exporter.metrics.page import LINES_AT_ONCE
from exporter.settings import Cluster, Granularity, Settings
from tests.support.observations import START, column, group, members, observation
from tests.support.outcomes import outcomes

OPENMETRICS = "application/openmetrics-text; version=1.0.0"

ODD = "\"\\\n\r\t /{}=,#'<>éß漢字😀\u2028\x00 ab"
names = st.one_of(st.text(min_size=1, max_size=8), st.text(ODD, min_size=1, max_size=8))
offsets = st.one_of(st.sampled_from([NO_OFFSET, NOT_READ, 0, 999_999, 1_000_000]), st.integers(0, 2**62))


@st.composite
def observed(draw: st.DrawFn, topics: list[str], groups: list[str], sizes: dict[str, int], seconds: int) -> Observation:
    """A cluster in which topics and groups come and go from one observation to the next."""
    present = [topic for topic in topics if draw(st.booleans())]

    def one_group() -> GroupObservation:
        on = draw(st.lists(st.sampled_from(topics), unique=True))
        commits = {topic: draw(st.lists(offsets, min_size=0, max_size=sizes[topic])) for topic in on}
        known = draw(st.none() | st.just(members({topic: [0] for topic in on[:1]}, 2)))
        return group(commits, state=draw(st.sampled_from(["Stable", "Empty"])), members=known, coordinator=1)

    return observation(
        seconds,
        {name: one_group() for name in groups if draw(st.booleans())},
        {topic: draw(st.lists(offsets, min_size=sizes[topic], max_size=sizes[topic])) for topic in present},
        start_offsets={topic: observation(0, {}, {topic: [0] * sizes[topic]}).end_offsets[topic] for topic in present},
        unread_groups=frozenset(draw(st.lists(st.sampled_from(groups), unique=True, max_size=1))),
        failures=(Failure("topic", topics[0], "TIMEOUT"),),
        stages={"commits": 0.25, "end offsets": 0.5},
        requests={"OffsetFetch": 2},
        other_groups={"s": "share"},
        brokers=3,
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Observation]:
    topics = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    groups = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    sizes = {topic: draw(st.integers(0, 3)) for topic in topics}
    return [draw(observed(topics, groups, sizes, START + scrape * 30_000)) for scrape in range(3)]


class Plain(Collector):
    """The same families, a library's object for each sample."""

    def __init__(self, shown: Iterable[Outcome], granularity: Granularity) -> None:
        self.shown = list(shown)
        self.granularity = granularity

    def collect(self) -> Iterator[Metric]:
        for family in sorted(CLUSTER_FAMILIES, key=lambda family: family.counter):
            of_kind = CounterMetricFamily if family.counter else GaugeMetricFamily
            metric = of_kind(family.name, family.help, labels=family.labels)
            for outcome in self.shown:
                if self.granularity in family.granularities:
                    for labels, value in samples(family, outcome):
                        metric.add_metric([labels[name] for name in family.labels], value)
            if metric.samples:
                yield metric


def samples(family: Family, outcome: Outcome) -> Iterator[tuple[dict[str, str], float]]:
    if isinstance(family, Samples):
        for values, value in family.samples(outcome):
            yield dict(zip(family.labels, values, strict=True)), value
    elif isinstance(family, Columns) and outcome.report is not None:
        column = family.column(outcome.report)
        rows = list(labels_of_rows(outcome.report, family.level))
        for labels, value, shown in zip(rows, column.numbers, column.shown, strict=True):
            if shown:
                yield {"cluster": outcome.cluster, **labels}, float(value)


def labels_of_rows(report: Report, level: Level) -> Iterator[dict[str, str]]:
    known = report.history
    if level is Level.GROUP:
        yield from ({"consumer_group": name} for name in report.groups)
    elif level is Level.GROUP_TOPIC:
        yield from ({"consumer_group": name, "topic": topic} for name, topic in known.group_topics.keys)
    elif level is Level.GROUP_PARTITION:
        for key in known.group_topics.keys:
            block = known.group_topics.block(key)
            for partition in range(block.stop - block.start if block else 0):
                yield {"consumer_group": key[0], "topic": key[1], "partition": str(partition)}
    else:
        for topic in known.topics.keys:
            yield from ({"topic": topic, "partition": str(number)} for number in range(len(report.end_offsets[topic])))


def pages(granularity: Granularity = "partition") -> Pages:
    return Pages(Settings((Cluster("c", ("localhost:9092",), granularity=granularity),)))


def whole(made: Pages, shown: tuple[Outcome, ...], accept: str = "") -> str:
    return b"".join(made.page(shown, deadline=9.5, accept=accept).pieces).decode()


@given(histories(), st.sampled_from(["partition", "topic", "group"]))
@settings(deadline=None)
def test_the_page_is_what_the_library_writes_byte_for_byte(seen: list[Observation], granularity: Granularity) -> None:
    made = pages(granularity)
    for outcome in outcomes(seen):
        plain = Plain([outcome], granularity)
        *about_clusters, _ = made.page((outcome,), deadline=9.5).pieces
        assert b"".join(about_clusters) == generate_latest(plain)
        openmetrics = made.page((outcome,), deadline=9.5, accept=OPENMETRICS)
        *about_clusters, _ = openmetrics.pieces
        assert b"".join(about_clusters) + b"# EOF\n" == generate_openmetrics(plain)
        assert openmetrics.content_type.startswith("application/openmetrics-text; version=1.0.0")


@given(histories())
@settings(deadline=None)
def test_what_the_library_reads_from_the_page_is_what_was_to_be_said(seen: list[Observation]) -> None:
    made = pages()
    for outcome in outcomes(seen):
        expected = {
            sample_key(sample) for metric in Plain([outcome], "partition").collect() for sample in metric.samples
        }
        for read in (parse_text(whole(made, (outcome,))), parse_openmetrics(whole(made, (outcome,), OPENMETRICS))):
            got = {sample_key(sample) for metric in read for sample in metric.samples}
            assert expected <= got
            assert {key[0] for key in got - expected}.isdisjoint(family.name for family in CLUSTER_FAMILIES)


def sample_key(sample: Any) -> tuple[str, frozenset[tuple[str, str]], float]:
    return sample.name, frozenset(sample.labels.items()), sample.value


def test_compressed_it_is_one_gzip_stream_with_the_same_page() -> None:
    (shown,) = outcomes([observation(0, {"g": group({"t": [1]})}, {"t": [2]})])
    made = pages()
    for _ in range(2):
        page = made.page((shown,), deadline=9.5, accept_encoding="deflate, gzip;q=0.5")
        assert page.encoding == "gzip"
        lines = gzip.decompress(b"".join(page.pieces)).decode()
        *about_clusters, _ = made.page((shown,), deadline=9.5).pieces
        assert lines.startswith(b"".join(about_clusters).decode())
        assert "burrow_exporter_scrape_deadline_seconds 9.5\n" in lines
        assert "process_start_time_seconds" in lines


def test_scrapes_of_the_same_reports_share_the_text() -> None:
    first, second = outcomes([observation(n * 30, {"g": group({"t": [n]})}, {"t": [9]}) for n in (1, 2)])
    made = pages()

    def shared(shown: Outcome, deadline: float) -> tuple[bytes, ...]:
        *pieces, _ = made.page((shown,), deadline=deadline, accept_encoding="gzip").pieces
        return tuple(pieces)

    text = shared(first, 9.5)
    assert all(piece is same for piece, same in zip(shared(replace(first), 5.0), text, strict=True))
    assert shared(second, 9.5) != text


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_page_says_how_long_its_pieces_are(encoding: str) -> None:
    (shown,) = outcomes([observation(0, {"g": group({"t": [1]})}, {"t": [2]})])
    page = pages().page((shown,), deadline=9.5, accept_encoding=encoding)
    assert page.length == sum(map(len, page.pieces)) > 0


def test_a_page_is_made_in_small_pieces_and_never_whole() -> None:
    partitions = 3 * LINES_AT_ONCE
    (shown,) = outcomes([observation(0, {"g": group({"t": [1] * partitions})}, {"t": [2] * partitions})])
    made = pages()
    page = made.page((shown,), deadline=9.5)
    longest = max(map(len, page.pieces))
    assert page.length > 10 * longest
    tracemalloc.start()
    try:
        compressed = replace(shown, last_read=1)
        made.page((compressed,), deadline=9.5, accept_encoding="gzip")
        assert tracemalloc.get_traced_memory()[1] < page.length / 2
    finally:
        tracemalloc.stop()


def test_label_parts_are_written_once_while_no_group_or_partition_comes_or_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [f"g{number}" for number in range(20)]
    seen = [observation(n * 30, {name: group({"t": [n]}) for name in names}, {"t": [9]}) for n in (1, 2)]
    first, second = outcomes(seen)
    written: list[object] = []
    labels = text.labels
    monkeypatch.setattr(text, "labels", lambda *of: written.append(of) or labels(*of))
    made = pages("topic")
    made.page((first,), deadline=9.5)
    once = len(written)
    made.page((second,), deadline=9.5)
    # What is left are the families of few series, one of which has a line for each group.
    assert len(written) - once < once - len(names)


def test_a_scrape_may_ask_for_some_families_only() -> None:
    (shown,) = outcomes([observation(0, {"g": group({"t": [1]})}, {"t": [2]})])
    made = pages()
    asked = {"burrow_kafka_consumer_status", "process_cpu_seconds_total"}
    page = b"".join(made.page((shown,), deadline=9.5, names=asked).pieces).decode()
    assert {line.split("{")[0].split(" ")[0] for line in page.splitlines() if not line.startswith("#")} == asked
    assert "burrow_kafka_cluster_up" in whole(made, (shown,))


@pytest.mark.parametrize("family", CATALOGUE, ids=lambda family: family.name)
def test_help_is_written_alike_in_both_formats(family: Family) -> None:
    assert not set(family.help) & set('"\\\n')
    assert list(family.labels) == sorted(family.labels)


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("burrow_kafka_consumer_status", [Status.OK, Status.WARN, Status.ERR]),
        ("burrow_kafka_topic_partition_status", [Status.OK, Status.WARN, Status.STOP, Status.STALL, Status.REWIND]),
        ("burrow_kafka_consumer_topic_status", [Status.OK, Status.WARN, Status.STOP, Status.STALL, Status.REWIND]),
    ],
)
def test_help_of_a_status_says_what_its_numbers_mean(name: str, statuses: list[Status]) -> None:
    (family,) = [family for family in CATALOGUE if family.name == name]
    assert re.findall(r"(\d) ([A-Z]+)", family.help) == [(str(status.value), status.name) for status in statuses]


@pytest.mark.real
@pytest.mark.parametrize("granularity", ["partition", "topic", "group"])
def test_promtool_finds_fault_with_nothing_but_the_one_name_that_is_burrows(granularity: Granularity) -> None:
    everything = observation(
        0,
        {"g": group({"t": [1]}, members=members({"t": [0]}), coordinator=1)},
        {"t": [2]},
        start_offsets=observation(0, {}, {"t": [0]}).end_offsets,
        stable_offsets=observation(0, {}, {"t": [1]}).end_offsets,
        failures=(Failure("topic", "x", "timeout"),),
        stages={"commits": 0.25},
        requests={"OffsetFetch": 2},
        other_groups={"s": "share"},
        share_groups={"s": ShareGroup("Stable", 1, {"t": column([3])})},
    )
    *_, last = outcomes([everything, replace(everything, at=everything.at + 30_000)])
    page = whole(pages(granularity), (last,))
    told = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False)
    assert told.stdout == ""
    assert told.stderr.splitlines() == [
        'burrow_kafka_consumer_lag_total non-counter metrics should not have "_total" suffix'
    ]
    shown = {line.split()[2] for line in page.splitlines() if line.startswith("# TYPE")}
    assert {family.name for family in CATALOGUE if granularity in family.granularities} <= shown
