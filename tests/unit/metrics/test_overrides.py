"""What the page has of groups with settings of their own."""

from __future__ import annotations

import re

from exporter.core.report import Outcome
from exporter.metrics import Pages
from exporter.settings import Cluster, Granularity, GroupOverride, Groups, Settings
from tests.support.observations import group, members, observation
from tests.support.outcomes import outcomes
from tests.unit.metrics.test_series import Read, labels

NAMES = ("a", "b")


def cluster(*overrides: GroupOverride, granularity: Granularity = "partition") -> Cluster:
    return Cluster("c", ("h:1",), groups=Groups(overrides=overrides), granularity=granularity)


def page(of: Cluster) -> Read:
    """The page on groups a and b, each on topics t (behind) and u."""
    each = group({"t": [40, 50], "u": [7]}, members=members({"t": [0, 1]}))
    seen = observation(0, dict.fromkeys(NAMES, each), {"t": [100, 51], "u": [7]})
    (shown,) = outcomes([seen], of.judging)
    return Read(shown, pages=Pages(Settings((of,))))


def groups_of(read: Read, name: str) -> set[str]:
    return {value for series in read.series(name) for label, value in series if label == "consumer_group"}


def test_a_group_that_is_not_evaluated_has_lag_and_no_status() -> None:
    read = page(cluster(GroupOverride(re.compile("b"), evaluate=False)))
    for name in (
        "burrow_kafka_consumer_status",
        "burrow_kafka_consumer_complete_ratio",
        "burrow_kafka_topic_partition_status",
    ):
        assert groups_of(read, name) == {"a"}, name
    for name in (
        "burrow_kafka_consumer_lag_total",
        "burrow_kafka_consumer_max_lag",
        "burrow_kafka_consumer_max_lag_seconds",
        "burrow_kafka_consumer_lag_seconds_is_lower_bound",
        "burrow_kafka_consumer_commits_beyond_end",
        "burrow_kafka_consumer_partitions",
        "burrow_kafka_consumer_partition_lag",
        "burrow_kafka_consumer_partition_lag_seconds",
        "burrow_kafka_consumer_current_offset",
        "burrow_kafka_consumer_info",
    ):
        assert groups_of(read, name) == {"a", "b"}, name
    assert read.value("burrow_kafka_consumer_lag_total", cluster="c", consumer_group="b") == 61


def test_a_topic_that_is_not_evaluated_has_no_status_and_the_groups_other_topics_have() -> None:
    override = GroupOverride(re.compile("b"), topics=re.compile("t"), evaluate=False)
    read = page(cluster(override))
    assert set(read.series("burrow_kafka_topic_partition_status")) == {
        labels(cluster="c", consumer_group=name, topic=topic, partition=partition)
        for name, topic, partition in (("a", "t", "0"), ("a", "t", "1"), ("a", "u", "0"), ("b", "u", "0"))
    }
    assert groups_of(read, "burrow_kafka_consumer_status") == {"a", "b"}
    by_topic = page(cluster(override, granularity="topic"))
    assert set(by_topic.series("burrow_kafka_consumer_topic_status")) == {
        labels(cluster="c", consumer_group=name, topic=topic) for name, topic in (("a", "t"), ("a", "u"), ("b", "u"))
    }
    assert len(by_topic.series("burrow_kafka_consumer_topic_lag")) == 4


def test_a_group_may_have_coarser_series_than_its_cluster() -> None:
    read = page(
        cluster(
            GroupOverride(re.compile("a"), granularity="topic"),
            GroupOverride(re.compile("b"), granularity="group"),
        )
    )
    assert groups_of(read, "burrow_kafka_consumer_partition_lag") == set()
    assert groups_of(read, "burrow_kafka_consumer_topic_lag") == {"a"}
    assert groups_of(read, "burrow_kafka_consumer_topic_subscribed") == {"a"}
    assert groups_of(read, "burrow_kafka_consumer_lag_total") == {"a", "b"}
    # The topics' own series follow the cluster.
    assert len(read.series("burrow_kafka_topic_partition_offset")) == 3


def test_a_group_may_have_finer_series_than_its_cluster() -> None:
    read = page(cluster(GroupOverride(re.compile("b"), granularity="partition"), granularity="group"))
    assert groups_of(read, "burrow_kafka_consumer_partition_lag") == {"b"}
    assert groups_of(read, "burrow_kafka_topic_partition_status") == {"b"}
    assert groups_of(read, "burrow_kafka_consumer_topic_lag") == set()
    assert groups_of(read, "burrow_kafka_consumer_topic_subscribed") == {"b"}
    assert read.series("burrow_kafka_topic_partition_offset") == {}


def test_which_rows_are_shown_follows_groups_that_come_and_go() -> None:
    of = cluster(GroupOverride(re.compile("b"), granularity="group"))
    pages = Pages(Settings((of,)))
    each = group({"t": [40, 50]})
    seen = [
        observation(30 * number, dict.fromkeys(names, each), {"t": [100, 51]})
        for number, names in enumerate(["ab", "ab", "bc", "ac"])
    ]

    def shown(outcome: Outcome) -> set[str]:
        return groups_of(Read(outcome, pages=pages), "burrow_kafka_consumer_partition_lag")

    assert [shown(each) for each in outcomes(seen, of.judging)] == [{"a"}, {"a"}, {"c"}, {"a", "c"}]
