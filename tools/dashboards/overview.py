"""All groups: which are in trouble, for how long, and whether their lag shrinks or grows."""

from __future__ import annotations

from tools.dashboards import statuses, variables
from tools.dashboards.grafana import (
    COLOURED_CELL,
    COLOURED_TEXT,
    Json,
    colour,
    dashboard,
    override,
    override_query,
    query,
    steps,
)
from tools.dashboards.panels import lines, stat, table, timeline
from tools.dashboards.promql import (
    GROUP,
    GROUP_PARTITION,
    PARTITION,
    TOPIC,
    number_at,
    one,
    own,
    speed,
    total,
    while_behind,
    worst,
)

CLUSTER_CHOSEN = 'cluster=~"$cluster"'
CHOSEN = (CLUSTER_CHOSEN, 'consumer_group=~"$group"')
TOPIC_CHOSEN = 'topic=~"$topic"'

UP = own("burrow_kafka_cluster_up", CLUSTER_CHOSEN)
STATUS = own("burrow_kafka_consumer_status", *CHOSEN)
COMPLETE = own("burrow_kafka_consumer_complete_ratio", *CHOSEN)
LAG = own("burrow_kafka_consumer_lag_total", *CHOSEN)
LAG_SECONDS = own("burrow_kafka_consumer_max_lag_seconds", *CHOSEN)
BOUND = own("burrow_kafka_consumer_lag_seconds_is_lower_bound", *CHOSEN)
CATCH_UP = own("burrow_kafka_consumer_catch_up_seconds", *CHOSEN)
MARGIN = own("burrow_kafka_consumer_retention_margin_ratio", *CHOSEN)
MEMBERS = own("burrow_kafka_consumer_members", *CHOSEN)
PARTITIONS = own("burrow_kafka_consumer_partitions", *CHOSEN)
PARTITION_STATUS = own("burrow_kafka_topic_partition_status", *CHOSEN, TOPIC_CHOSEN)
TOPIC_STATUS = own("burrow_kafka_consumer_topic_status", *CHOSEN, TOPIC_CHOSEN)
COMMITTED = own("burrow_kafka_consumer_current_offset", *CHOSEN, TOPIC_CHOSEN)
END = own("burrow_kafka_topic_partition_offset", CLUSTER_CHOSEN, TOPIC_CHOSEN)

GROUP_NAME = "{{cluster}} / {{consumer_group}}"


def _consumed_and_produced() -> list[Json]:
    # An end offset belongs to a partition, not to a group: it is summed by topic, once, however many groups read it.
    written = total(TOPIC, one(PARTITION, f"delta({END}[$__range] @ end())"))
    busiest = f"topk($top, {written} and on (cluster, topic) {COMMITTED})"
    produced = total(TOPIC, speed(PARTITION, END))
    consumed = total(("cluster", "topic", "consumer_group"), speed(GROUP_PARTITION, COMMITTED))
    return [
        query(f"{produced} and on (cluster, topic) {busiest}", "produced: {{cluster}} / {{topic}}"),
        query(f"{consumed} and on (cluster, topic) {busiest}", "{{consumer_group}}: {{cluster}} / {{topic}}"),
    ]


def _fleet() -> list[Json]:
    levels = [query(number_at(level, GROUP, STATUS), name) for level, name in statuses.GROUP.items()]
    states = [query(number_at(level, GROUP_PARTITION, PARTITION_STATUS), n) for level, n in statuses.PARTITION.items()]
    group_colours = [override(name, color=colour(statuses.COLOURS[name])) for name in statuses.GROUP.values()]
    partition_colours = [override(name, color=colour(statuses.COLOURS[name])) for name in statuses.PARTITION.values()]
    return [
        stat(
            "Groups by status",
            "How many consumer groups are OK, WARN (they fall behind) and ERR (a partition is stopped, stalled or was "
            "rewound), by Burrow's rules. No thresholds are needed.",
            levels,
            width=7,
            overrides=group_colours,
        ),
        stat(
            "Partitions by status",
            "How many partitions of groups have each status. WARN: consumed, but the lag grows; STOP: records wait and "
            "no consumer stays; STALL: records wait although a consumer is assigned; REWIND: the offset went back. "
            "Known where the exporter shows partitions (granularity partition).",
            states,
            width=10,
            overrides=partition_colours,
        ),
        stat(
            "Unreadable clusters",
            "Clusters that no exporter could read at its last scrape. The status of their groups is unknown, not OK.",
            [query(number_at(0, ("cluster",), UP))],
            width=3,
            thresholds=steps((None, "green"), (1, "red")),
        ),
        stat(
            "Incomplete windows",
            "Groups that have not been watched for a whole window yet, because the exporter or the group started "
            "recently. Until then only REWIND is reported for them.",
            [query(f"sum({one(GROUP, COMPLETE)} < bool 1)")],
            width=4,
            thresholds=steps((None, "green"), (1, "blue")),
        ),
        lines(
            "Groups by status over time",
            "The same count as above over time, stacked.",
            levels,
            height=7,
            stacked=True,
            unit="none",
            overrides=group_colours,
        ),
        timeline(
            "Clusters",
            "Whether any exporter could read each cluster.",
            [query(one(("cluster",), UP), "{{cluster}}")],
            mappings=statuses.READABLE,
            width=12,
            height=7,
        ),
    ]


def _worst_first() -> list[Json]:
    worst_partition = f"{one(GROUP, PARTITION_STATUS)} or {one(GROUP, TOPIC_STATUS)}"
    return [
        table(
            "Groups, worst first",
            "Every group now, by status, lag in seconds, lag, name. Without a status it is not known, because some "
            "partitions cannot be read. A name links to the group's dashboard and to its "
            "page on the exporter. Catches up in: the time until the lag is gone at the current rate, for groups that "
            "are at least 10 s behind. Margin: the share of the retained log that lies before the commit of the "
            "group's slowest partition. 100 %: at the end, or nothing was ever deleted; 0 %: about to lose records; "
            "below 0: records are lost. Window: the share of partitions watched long enough for a full verdict.",
            {
                "consumer_group": "Consumer group",
                "cluster": "Cluster",
                "Value #A": "Status",
                "Value #B": "Worst partition",
                "Value #C": "Lag in seconds",
                "Value #D": "is",
                "Value #E": "Lag",
                "Value #F": "Catches up in",
                "Value #G": "Margin",
                "Value #H": "Members",
                "Value #I": "Partitions",
                "Value #J": "Window",
            },
            [
                query(one(GROUP, STATUS)),
                query(worst_partition),
                query(one(GROUP, LAG_SECONDS)),
                query(one(GROUP, BOUND)),
                query(one(GROUP, LAG)),
                query(while_behind(CATCH_UP, LAG_SECONDS)),
                query(one(GROUP, MARGIN, pick="min")),
                query(one(GROUP, MEMBERS)),
                query(one(GROUP, PARTITIONS)),
                query(one(GROUP, COMPLETE)),
            ],
            overrides=[
                override("Consumer group", links=variables.TO_GROUP_OF_ROW, custom__filterable=True),
                override("Cluster", custom__width=150, custom__filterable=True),
                override(
                    "Status", custom__width=100, mappings=statuses.GROUP_STATUS, custom__cellOptions=COLOURED_CELL
                ),
                override(
                    "Worst partition",
                    custom__width=130,
                    mappings=statuses.PARTITION_STATUS,
                    custom__cellOptions=COLOURED_TEXT,
                ),
                override("Lag in seconds", custom__width=120, unit="s"),
                override("is", custom__width=90, mappings=statuses.BOUND, custom__cellOptions=COLOURED_TEXT),
                override("Lag", custom__width=120, unit="locale"),
                override("Catches up in", custom__width=120, unit="s", mappings=statuses.NEVER),
                override(
                    "Margin",
                    custom__width=90,
                    unit="percentunit",
                    custom__cellOptions=COLOURED_TEXT,
                    thresholds=steps((None, "red"), (0, "orange"), (0.2, "text")),
                ),
                override("Members", custom__width=90),
                override("Partitions", custom__width=90),
                override("Window", custom__width=90, unit="percentunit"),
            ],
            sort=[("Status", True), ("Lag in seconds", True), ("Lag", True), ("Consumer group", False)],
        ),
        timeline(
            "Statuses over time",
            "The status of the groups that were worst on average over the time range (as many as Show at most). A "
            "gap: there was no data about the group, its cluster or the exporter.",
            [query(worst(GROUP, STATUS), GROUP_NAME)],
            mappings=statuses.GROUP_STATUS,
            height=11,
            links=variables.TO_GROUP_OF_SERIES,
        ),
    ]


def _lag() -> list[Json]:
    return [
        lines(
            "Lag",
            "Records between the commits of a group and the ends of its partitions, summed over the group. A number "
            "of records says little by itself: compare it with the lag in seconds and the status.",
            [query(worst(GROUP, LAG), GROUP_NAME)],
            links=variables.TO_GROUP_OF_SERIES,
        ),
        lines(
            "Lag in seconds",
            "The age of the next record to read on the group's slowest partition. Where the exporter has not watched "
            "long enough to know it, this is a lower bound (see the table).",
            [query(worst(GROUP, LAG_SECONDS), GROUP_NAME)],
            unit="s",
            links=variables.TO_GROUP_OF_SERIES,
        ),
        lines(
            "Consumed and produced",
            "By topic, for the busiest topics that a selected group reads. Dashed is what producers write, solid is "
            "what each group commits. A group whose solid line is below the dashed one falls behind. These are slopes "
            "of offsets: a rewind shows as 0, a skip to the end as a peak. Select a group or a topic to compare line "
            "by line.",
            _consumed_and_produced(),
            unit="mps",
            overrides=[override_query("A", custom__lineStyle={"fill": "dash", "dash": [10, 6]}, custom__lineWidth=2)],
        ),
        lines(
            "Lag growth",
            "How fast the lag grows (above 0) or shrinks (below 0): produced minus consumed.",
            [query(worst(GROUP, LAG, one(GROUP, f"deriv({LAG}[$__rate_interval])")), GROUP_NAME)],
            unit="mps",
            lowest=None,
            links=variables.TO_GROUP_OF_SERIES,
        ),
    ]


def build(exporter_url: str) -> Json:
    """The dashboard "Kafka consumer groups / Overview"."""
    return dashboard(
        variables.OVERVIEW,
        "Kafka consumer groups / Overview",
        "Every consumer group of every cluster, by Burrow's rules: worst first.",
        variables=variables.of_overview(exporter_url),
        links=[variables.dashboards(), variables.page("The exporter's own pages")],
        rows={"Fleet": _fleet(), "Groups": _worst_first(), "Lag and throughput": _lag()},
    )
