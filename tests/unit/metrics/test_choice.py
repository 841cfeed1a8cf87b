"""Which families and which partitions a cluster's settings leave on the page."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from exporter.core.evaluation import EvaluationSettings
from exporter.core.model import Observation, Status
from exporter.core.placement import Broker, Placement, Replicas
from exporter.core.report import Outcome
from exporter.metrics import Pages
from exporter.metrics import catalogue as families
from exporter.metrics.presets import LEAN
from exporter.settings import Cluster, Granularity, Metrics, Settings
from tests.support.observations import column, group, members, observation
from tests.support.outcomes import outcomes
from tests.unit.metrics.test_series import Read
from tools.series import CHOICES, Shape, series

HOUR = 3600
OF_GROUPS_AND_TOPICS = re.compile(r'[{,](consumer_?group|group|group_id|topic|topic_name)="')


def pages(metrics: Metrics, granularity: Granularity = "partition") -> Pages:
    return Pages(Settings((Cluster("c", ("h:1",), metrics=metrics, granularity=granularity),)))


def shown(seen: Sequence[Observation], metrics: Metrics, granularity: Granularity = "partition") -> list[Read]:
    """The page after each observation."""
    made = pages(metrics, granularity)
    return [Read(each, pages=made) for each in outcomes(seen)]


def names(read: Read) -> set[str]:
    return {line.split("{")[0] for line in read.text.splitlines() if 'cluster="' in line}


def groups_of(read: Read, name: str) -> set[str]:
    return {value for series_ in read.series(name) for label, value in series_ if label == "consumer_group"}


ONE = [observation(0, {"g": group({"t": [1]}, members=members({"t": [0]}))}, {"t": [2]}, start_offsets={"t": [0]})]


def test_only_families_that_are_included_are_shown() -> None:
    (read,) = shown(ONE, Metrics(include=("burrow_kafka_consumer_status", "burrow_kafka_consumer_partition_lag")))
    assert names(read) == {"burrow_kafka_consumer_status", "burrow_kafka_consumer_partition_lag"}
    assert "burrow_exporter_build_info" in read.text


def test_a_family_that_is_excluded_is_not_shown_even_if_it_is_included() -> None:
    (everything,) = shown(ONE, Metrics())
    (read,) = shown(ONE, Metrics(exclude=("burrow_kafka_consumer_status",)))
    assert names(everything) - names(read) == {"burrow_kafka_consumer_status"}
    (read,) = shown(ONE, Metrics(include=("lean",), exclude=("burrow_kafka_consumer_status",)))
    assert "burrow_kafka_consumer_status" not in names(read)
    assert names(read) < LEAN


def test_lean_stands_for_its_families_and_goes_with_others() -> None:
    (everything,) = shown(ONE, Metrics())
    (read,) = shown(ONE, Metrics(include=("lean",)))
    assert names(read) == names(everything) & LEAN
    (read,) = shown(ONE, Metrics(include=("lean", "burrow_kafka_consumer_current_offset")))
    assert names(read) == (names(everything) & LEAN) | {"burrow_kafka_consumer_current_offset"}


def test_a_family_that_is_left_out_is_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("computed")

    monkeypatch.setattr(families.readings, "judged", refuse)
    judged = ("burrow_kafka_consumer_status", "burrow_kafka_consumer_complete_ratio")
    (read,) = shown(ONE, Metrics(exclude=judged))
    assert "burrow_kafka_consumer_lag_total" in names(read)
    with pytest.raises(AssertionError, match="computed"):
        shown(ONE, Metrics())


def rewinding(seconds: int, commit: int) -> Observation:
    """Group r has committed so much, group g is where it should be."""
    return observation(
        seconds, {"r": group({"t": [commit, 100]}), "g": group({"t": [100, 100]})}, {"t": [100, 100], "u": [1]}
    )


def test_partitions_have_series_from_the_first_bad_verdict_until_an_hour_after_the_last() -> None:
    seen = [rewinding(0, 90), rewinding(30, 50), rewinding(60, 100), rewinding(90, 100)]
    seen += [rewinding(30 + HOUR, 100), rewinding(60 + HOUR, 100)]
    reads = shown(seen, Metrics(partitions="unhealthy"))
    status = [read.value("burrow_kafka_consumer_status", cluster="c", consumer_group="r") for read in reads]
    assert status == [Status.OK, Status.ERR, *[Status.OK] * 4]
    for name in (
        "burrow_kafka_consumer_partition_lag",
        "burrow_kafka_topic_partition_status",
        "burrow_kafka_consumer_current_offset",
        "burrow_kafka_consumer_partition_lag_seconds",
    ):
        assert [groups_of(read, name) for read in reads] == [set(), *[{"r"}] * 4, set()], name
    assert all(groups_of(read, "burrow_kafka_consumer_lag_total") == {"g", "r"} for read in reads)
    assert all(len(read.series("burrow_kafka_topic_partition_offset")) == 3 for read in reads)


def test_a_group_that_cannot_be_read_for_a_while_is_not_forgotten_and_one_that_is_deleted_is() -> None:
    without = observation(60, {"g": group({"t": [100, 100]})}, {"t": [100, 100], "u": [1]})
    unread = observation(60, without.groups, {"t": [100, 100], "u": [1]}, unread_groups=frozenset({"r"}))
    for between, expected in ((unread, {"r"}), (without, set[str]())):
        seen = [rewinding(0, 90), rewinding(30, 50), between, rewinding(90, 100)]
        *_, last = shown(seen, Metrics(partitions="unhealthy"))
        assert last.value("burrow_kafka_consumer_status", cluster="c", consumer_group="r") == Status.OK
        assert groups_of(last, "burrow_kafka_consumer_partition_lag") == expected


def large(shape: Shape) -> list[Outcome]:
    """Two scrapes of a cluster of this shape whose first groups have gone back."""
    topics = {f"t{number}": [100] * shape.partitions_of_a_topic for number in range(shape.topics)}
    read = list(topics)[: shape.topics_of_a_group]

    def at(seconds: int) -> Observation:
        groups = {}
        for number in range(shape.groups):
            back = 10 if seconds and number < shape.unhealthy else 0
            commits = {topic: [90 - back] * shape.partitions_of_a_topic for topic in read}
            assigned = members({topic: range(shape.partitions_of_a_topic) for topic in read})
            groups[f"g{number}"] = group(commits, members=assigned, type="classic", protocol="consumer", coordinator=0)
        starts = observation(0, {}, {topic: [1] * len(ends) for topic, ends in topics.items()}).end_offsets
        replicas = {topic: Replicas(*[column([1] * len(ends))] * 4) for topic, ends in topics.items()}
        return observation(
            seconds,
            groups,
            topics,
            start_offsets=starts,
            placement=Placement("", 1, (Broker(1, "b", 1, ""),), replicas),
        )

    return list(outcomes([at(seconds) for seconds in range(0, 300, 30)], EvaluationSettings()))


@pytest.mark.parametrize(("title", "metrics", "granularity"), CHOICES, ids=[title for title, *_ in CHOICES])
@pytest.mark.parametrize(
    "shape",
    [
        Shape(groups=5, topics_of_a_group=2, partitions_of_a_topic=3, topics=4, unhealthy=2),
        Shape(groups=1, topics_of_a_group=1, partitions_of_a_topic=7, topics=1, unhealthy=1),
    ],
)
def test_the_page_has_as_many_series_as_the_documentation_computes(
    title: str, metrics: Metrics, granularity: Granularity, shape: Shape
) -> None:
    read = Read(large(shape)[-1], pages=pages(metrics, granularity))
    counted = [line for line in read.text.splitlines() if OF_GROUPS_AND_TOPICS.search(line)]
    assert len(counted) == series(shape, metrics, granularity), title
