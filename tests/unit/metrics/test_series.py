"""Which series a page has, and what they say."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import cast

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporter import clock
from exporter.core.model import NOT_READ, Failure, Observation, ShareGroup
from exporter.core.report import Outcome
from exporter.metrics import CATALOGUE, Pages
from exporter.metrics.family import OWN, Level
from exporter.settings import Cluster, Granularity, Settings
from tests.support.observations import START, column, group, members, observation
from tests.support.outcomes import down, outcome, outcomes

Labels = frozenset[tuple[str, str]]
GROUP = {"cluster": "c", "consumer_group": "g"}
PARTITION = {**GROUP, "topic": "t", "partition": "0"}


def labels(**named: str) -> Labels:
    return frozenset(named.items())


class Read:
    """A page, read by the library."""

    def __init__(self, *shown: Outcome, pages: Pages | None = None, granularity: Granularity = "partition") -> None:
        names = ("c", "d")
        made = pages or Pages(
            Settings(tuple(Cluster(name, ("localhost:9092",), granularity=granularity) for name in names))
        )
        self.text = b"".join(made.page(shown, deadline=9.5).pieces).decode()
        self.families = {family.name: family for family in text_string_to_metric_families(self.text)}

    def series(self, name: str) -> dict[Labels, float]:
        family = self.families.get(name)
        return {frozenset(s.labels.items()): s.value for s in family.samples} if family else {}

    def value(self, name: str, **named: str) -> float:
        return self.series(name)[labels(**named)]

    def names(self) -> set[str]:
        shown = {sample.name for family in self.families.values() for sample in family.samples}
        return shown & {family.name for family in CATALOGUE}


def everything() -> Observation:
    return observation(
        0,
        {
            "g": group(
                {"t": [40, 50], "old": [7]},
                type="classic",
                protocol="range",
                coordinator=3,
                members=members({"t": [0]}, 2),
            )
        },
        {"t": [100, 51], "old": [9]},
        start_offsets={"t": column([10, 20]), "old": column([1])},
        stable_offsets={"t": column([90, 50])},
        failures=(
            Failure("topic", "x", "TIMEOUT"),
            Failure("topic", "y", "TIMEOUT"),
            Failure("broker", "1", "TIMEOUT"),
        ),
        stages={"commits": 0.25},
        requests={"OffsetFetch": 2},
        other_groups={"s1": "share", "s2": "share", "x": "unheard-of"},
        share_groups={
            "s1": ShareGroup("Stable", 2, {"t": column([7, NOT_READ]), "old": column([1])}),
            "s2": ShareGroup("Empty", 3, {"t": column([NOT_READ, NOT_READ])}),
        },
        brokers=3,
    )


def watched(seen: Observation) -> Outcome:
    """The outcome when the same has been seen half a minute before."""
    return list(outcomes([seen, replace(seen, at=seen.at + 30_000)]))[-1]


def test_every_family_of_its_granularity_is_on_the_page_and_none_of_another() -> None:
    granularities: tuple[Granularity, ...] = ("partition", "topic", "group")
    for granularity in granularities:
        page = Read(watched(everything()), granularity=granularity)
        assert page.names() == {family.name for family in CATALOGUE if granularity in family.granularities}


def test_per_partition_series_are_left_out_at_topic_granularity_and_topics_at_group_granularity() -> None:
    by_topic = Read(outcome(everything()), granularity="topic")
    assert by_topic.value("burrow_kafka_consumer_topic_lag", **GROUP, topic="t") == 61
    assert by_topic.value("burrow_kafka_consumer_topic_lag", **GROUP, topic="old") == 2
    assert by_topic.value("burrow_kafka_consumer_topic_status", **GROUP, topic="t") == 1
    by_group = Read(outcome(everything()), granularity="group")
    for page in (by_topic, by_group):
        assert "partition=" not in page.text
        assert page.value("burrow_kafka_consumer_lag_total", **GROUP) == 63
    assert "topic=" not in by_group.text


def test_the_worst_partition_of_a_topic_gives_its_status() -> None:
    seen = [
        observation(
            n * 30,
            {"g": group({"a": [5], "t": [5 + n, min(n, 3)], "u": []})},
            {"a": [5], "t": [900, 99], "u": []},
        )
        for n in range(8)
    ]
    *_, last = outcomes(seen)
    page = Read(last, granularity="topic")
    assert page.value("burrow_kafka_consumer_topic_status", **GROUP, topic="t") == 5
    assert page.value("burrow_kafka_consumer_topic_status", **GROUP, topic="a") == 1
    assert len(page.series("burrow_kafka_consumer_topic_status")) == 2
    assert page.value("burrow_kafka_consumer_status", **GROUP) == 3
    assert Read(last).value("burrow_kafka_topic_partition_status", **GROUP, topic="t", partition="1") == 5


def test_a_group_says_its_numbers() -> None:
    page = Read(outcome(everything()))
    assert page.value("burrow_kafka_consumer_status", **GROUP) == 1
    assert page.value("burrow_kafka_consumer_lag_total", **GROUP) == 63
    assert page.value("burrow_kafka_consumer_max_lag", **GROUP) == 60
    assert page.value("burrow_kafka_consumer_complete_ratio", **GROUP) == 0
    assert page.value("burrow_kafka_consumer_partitions", **GROUP) == 3
    assert page.value("burrow_kafka_consumer_members", **GROUP) == 2
    assert page.series("burrow_kafka_consumer_info") == {
        labels(**GROUP, state="Stable", type="classic", protocol="range", coordinator="3"): 1
    }
    assert page.series("burrow_kafka_consumer_topic_subscribed") == {
        labels(**GROUP, topic="t"): 1,
        labels(**GROUP, topic="old"): 0,
    }


def test_a_partition_says_its_numbers() -> None:
    page = Read(outcome(everything()))
    assert page.value("burrow_kafka_topic_partition_status", **PARTITION) == 1
    assert page.value("burrow_kafka_consumer_current_offset", **PARTITION) == 40
    assert page.value("burrow_kafka_consumer_partition_lag", **PARTITION) == 60
    assert page.value("burrow_kafka_topic_partition_offset", cluster="c", topic="t", partition="0") == 100
    assert page.value("burrow_kafka_topic_partition_start_offset", cluster="c", topic="t", partition="1") == 20


def test_a_share_group_says_its_lag_where_kafka_tells_it() -> None:
    page = Read(outcome(everything()))
    assert page.series("burrow_kafka_share_group_lag") == {labels(cluster="c", share_group="s1"): 8}
    assert page.series("burrow_kafka_share_group_partitions") == {
        labels(cluster="c", share_group="s1"): 2,
        labels(cluster="c", share_group="s2"): 0,
    }
    assert page.series("burrow_kafka_share_group_partition_lag") == {
        labels(cluster="c", share_group="s1", topic="old", partition="0"): 1,
        labels(cluster="c", share_group="s1", topic="t", partition="0"): 7,
    }
    assert page.series("burrow_kafka_share_group_info") == {
        labels(cluster="c", share_group="s1", state="Stable", coordinator="2"): 1,
        labels(cluster="c", share_group="s2", state="Empty", coordinator="3"): 1,
    }


def test_a_group_says_how_often_it_has_rebalanced() -> None:
    states = ["Stable", "PreparingRebalance", "Stable"]
    *_, last = outcomes(
        observation(30 * n, {"g": group({"t": [1]}, state=state)}, {"t": [2]}) for n, state in enumerate(states)
    )
    page = Read(last)
    assert page.families["burrow_kafka_consumer_rebalances"].type == "counter"
    (sample,) = page.families["burrow_kafka_consumer_rebalances"].samples
    assert (sample.name, sample.labels, sample.value) == ("burrow_kafka_consumer_rebalances_total", GROUP, 1)


def test_a_cluster_and_its_collection_say_their_numbers() -> None:
    page = Read(outcome(everything()))
    assert page.value("burrow_kafka_cluster_up", cluster="c") == 1
    assert page.value("burrow_kafka_cluster_brokers", cluster="c") == 3
    assert page.value("burrow_exporter_collection_duration_seconds", cluster="c", stage="commits") == 0.25
    assert page.value("burrow_exporter_last_collection_timestamp_seconds", cluster="c") == START / 1000
    assert page.value("burrow_exporter_kafka_requests", cluster="c", kind="OffsetFetch") == 2
    assert page.series("burrow_exporter_failures") == {
        labels(cluster="c", scope="topic", reason="TIMEOUT"): 2,
        labels(cluster="c", scope="broker", reason="TIMEOUT"): 1,
    }
    assert page.series("burrow_exporter_groups_not_evaluated") == {
        labels(cluster="c", type="share"): 2,
        labels(cluster="c", type="unheard-of"): 1,
    }
    assert page.value("burrow_exporter_scrape_deadline_seconds") == 9.5
    (build,) = page.series("burrow_exporter_build_info")
    assert {name for name, _ in build} == {"version", "python_version", "kafka_python_version"}
    assert all(value for _, value in build)
    assert {"process_start_time_seconds", "python_info"} <= page.families.keys()


def test_of_a_group_without_a_readable_commit_only_what_kafka_says_is_shown() -> None:
    page = Read(outcome(observation(0, {"g": group({}, state="Empty")}, {"t": [5]})))
    about_groups = {name for name in page.names() if page.series(name).keys() & {labels(**GROUP)}}
    assert about_groups == {
        "burrow_kafka_consumer_partitions",
        "burrow_kafka_consumer_unreadable_partitions",
        "burrow_kafka_consumer_uncommitted_partitions",
        "burrow_kafka_consumer_members",
    }
    assert page.value("burrow_kafka_consumer_partitions", **GROUP) == 0
    assert len(page.series("burrow_kafka_consumer_info")) == 1


def test_members_are_told_only_where_they_are_known() -> None:
    def said(**more: object) -> list[float]:
        page = Read(outcome(observation(0, {"g": group({"t": [1]}, **more)}, {"t": [5]})))
        return list(page.series("burrow_kafka_consumer_members").values())

    assert said() == []
    assert said(members=members({}, 4)) == [4]
    assert said(state="Empty") == [0]
    assert said(state="Dead", members=members({}, 4)) == [0]


def test_what_could_not_be_read_has_no_series() -> None:
    seen = observation(0, {"g": group({"t": [3, NOT_READ, 4]})}, {"t": [NOT_READ, 5, 6]})
    page = Read(outcome(seen))
    assert page.series("burrow_kafka_consumer_partition_lag") == {labels(**PARTITION | {"partition": "2"}): 2}
    assert page.series("burrow_kafka_topic_partition_offset") == {
        labels(cluster="c", topic="t", partition="1"): 5,
        labels(cluster="c", topic="t", partition="2"): 6,
    }
    assert page.series("burrow_kafka_topic_partition_start_offset") == {}
    assert page.value("burrow_kafka_consumer_partitions", **GROUP) == 1
    assert page.value("burrow_kafka_consumer_unreadable_partitions", **GROUP) == 2


def test_a_group_has_no_status_while_what_could_not_be_read_may_be_bad() -> None:
    def seen(at: int, *, stopped: int, moving: int) -> Observation:
        return observation(at, {"g": group({"t": [5, at]}, state="Empty")}, {"t": [stopped, moving]})

    before = [seen(at, stopped=9 + at, moving=at) for at in range(0, 181, 30)]
    unread, known_bad = seen(210, stopped=NOT_READ, moving=210), seen(210, stopped=219, moving=NOT_READ)
    for granularity, status in (
        ("partition", "burrow_kafka_consumer_status"),
        ("topic", "burrow_kafka_consumer_topic_status"),
    ):
        pages = Pages(Settings((Cluster("c", ("localhost:9092",), granularity=cast(Granularity, granularity)),)))
        *_, last = outcomes([*before, unread])
        page = Read(last, pages=pages)
        assert page.series(status) == {}
        assert page.value("burrow_kafka_consumer_complete_ratio", **GROUP) == 0.5
        *_, last = outcomes([*before, known_bad])
        assert list(Read(last, pages=pages).series(status).values()) == [3 if granularity == "partition" else 4]


def test_what_is_gone_has_no_series_at_the_next_scrape_and_what_is_new_has() -> None:
    first, second, third = outcomes(
        [
            observation(0, {"g": group({"t": [1]}), "h": group({"t": [1]})}, {"t": [2], "u": [2]}),
            observation(30, {"h": group({"u": [2]})}, {"u": [2, 2], "v": [3]}),
            observation(60, {"g": group({"u": [1, 2]})}, {"u": [2, 2]}),
        ]
    )
    pages = Pages(Settings((Cluster("c", ("localhost:9092",)),)))
    offset, lag = "burrow_kafka_topic_partition_offset", "burrow_kafka_consumer_partition_lag"
    before = Read(first, pages=pages)
    assert {dict(key)["consumer_group"] for key in before.series(lag)} == {"g", "h"}
    after = Read(second, pages=pages)
    assert 'consumer_group="g"' not in after.text
    assert 'topic="t"' not in after.text
    assert {(dict(key)["topic"], dict(key)["partition"]) for key in after.series(offset)} == {
        ("u", "0"),
        ("u", "1"),
        ("v", "0"),
    }
    assert Read(third, pages=pages).series(lag) == {
        labels(**PARTITION | {"topic": "u"}): 1,
        labels(**PARTITION | {"topic": "u", "partition": "1"}): 0,
    }


def test_a_group_that_could_not_be_read_is_absent_and_counted() -> None:
    first, second = outcomes(
        [
            observation(0, {"g": group({"t": [1]}), "h": group({"t": [1]})}, {"t": [2]}),
            observation(
                30,
                {"h": group({"t": [1]})},
                {"t": [2]},
                unread_groups=frozenset({"g"}),
                failures=(Failure("group", "g", "NOT_COORDINATOR"),),
            ),
        ]
    )
    assert 'consumer_group="g"' in Read(first).text
    page = Read(second)
    assert 'consumer_group="g"' not in page.text
    assert page.value("burrow_exporter_failures", cluster="c", scope="group", reason="NOT_COORDINATOR") == 1


def test_of_a_cluster_that_is_down_there_is_nothing_but_that_and_why() -> None:
    page = Read(down("c"), outcome(observation(0, {"g": group({"t": [1]})}, {"t": [2]}, cluster="d")))
    assert [line for line in page.text.splitlines() if 'cluster="c"' in line] == [
        'burrow_kafka_cluster_up{cluster="c"} 0.0',
        'burrow_exporter_failures{cluster="c",reason="timeout",scope="cluster"} 1.0',
    ]
    assert page.value("burrow_kafka_cluster_up", cluster="d") == 1
    assert page.value("burrow_kafka_consumer_partition_lag", **PARTITION | {"cluster": "d"}) == 1


def test_of_a_cluster_that_is_down_there_is_also_when_it_was_last_read() -> None:
    pages = Pages(Settings((Cluster("c", ("localhost:9092",)),)))
    for at in (START, START + 30_000):
        page = Read(replace(down("c"), last_read=at), pages=pages)
        assert [line for line in page.text.splitlines() if 'cluster="c"' in line][-1:] == [
            f'burrow_exporter_last_collection_timestamp_seconds{{cluster="c"}} {at / 1e12}e+09'
        ]


def test_each_page_says_how_old_what_it_shows_is_also_while_a_collection_is_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = outcome(observation(0, {"g": group({"t": [1]})}, {"t": [2]}))
    pages = Pages(Settings((Cluster("c", ("localhost:9092",)),)))
    for age, shown in ((0.5, known), (13.0, replace(known, up=False)), (109.0, replace(known, up=False))):
        monkeypatch.setattr(clock, "now", lambda age=age: START / 1000 + age)
        page = Read(shown, pages=pages)
        assert page.value("burrow_exporter_offsets_age_seconds", cluster="c") == age
        assert page.value("burrow_kafka_cluster_up", cluster="c") == shown.up
        assert page.value("burrow_kafka_consumer_partition_lag", **PARTITION) == 1


def test_a_step_of_the_systems_clock_moves_the_times_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = Pages(Settings((Cluster("c", ("localhost:9092",)),)))
    shown = outcome(observation(0, {"g": group({"t": [1]})}, {"t": [2]}))
    before = Read(shown, pages=pages)
    monkeypatch.setattr(clock, "step", lambda: 3600.0)
    after = Read(shown, pages=pages)
    for name, labels in (
        ("burrow_exporter_last_collection_timestamp_seconds", {"cluster": "c"}),
        ("burrow_exporter_config_last_reload_success_timestamp_seconds", {}),
    ):
        assert after.value(name, **labels) - before.value(name, **labels) == 3600


def test_text_is_kept_for_one_layout_of_each_cluster_and_let_go_with_it() -> None:
    pages = Pages(Settings((Cluster("c", ("localhost:9092",)), Cluster("d", ("localhost:9092",)))))
    rows = pages._rows._kept
    levels = (Level.GROUP, Level.GROUP_PARTITION, Level.TOPIC_PARTITION)
    for turn in range(5):
        (shown,) = outcomes([observation(0, {f"g{turn}": group({"t": [1]})}, {"t": [2], f"t{turn}": [1]})])
        other = outcome(observation(0, {"g": group({"t": [1]})}, {"t": [2]}, cluster="d"))
        Read(shown, other, pages=pages)
        assert rows.keys() == set(product(("c", "d"), levels, [OWN]))
    Read(down("c"), pages=pages)
    assert {cluster for cluster, *_ in rows} == {"c"}


def test_text_is_made_anew_only_when_a_layout_changes() -> None:
    first, second, third = outcomes(
        [
            observation(0, {"g": group({"t": [1]})}, {"t": [2]}),
            observation(30, {"g": group({"t": [2]})}, {"t": [2]}),
            observation(60, {"g": group({"t": [2]})}, {"t": [2, 2]}),
        ]
    )
    pages = Pages(Settings((Cluster("c", ("localhost:9092",)),)))
    kept = []
    for shown in (first, second, third):
        Read(shown, pages=pages)
        by_level = {level: text for (_, level, _), (_, text) in pages._rows._kept.items()}
        kept.append([by_level[Level.GROUP_PARTITION], by_level[Level.TOPIC_PARTITION]])
    assert all(one is other for one, other in zip(kept[0], kept[1], strict=True))
    assert not any(one is other for one, other in zip(kept[1], kept[2], strict=True))
