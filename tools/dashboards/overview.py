"""All groups: which are in trouble, for how long, and whether their lag shrinks or grows."""

from __future__ import annotations

from tools.dashboards import alerts, statuses, variables
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
from tools.dashboards.panels import lines, stat, table_of_columns, timeline
from tools.dashboards.promql import (
    GROUP,
    GROUP_PARTITION,
    GROUP_TOPIC,
    TOPIC,
    columns,
    number_at,
    one,
    own,
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
# Recorded by alerts/rules/dashboards.yml, for every exporter together.
PRODUCED = f"topic:burrow_produced:deriv5m{{{CLUSTER_CHOSEN}, {TOPIC_CHOSEN}}}"
CONSUMED = f"consumer_group_topic:burrow_consumed:deriv5m{{{', '.join((*CHOSEN, TOPIC_CHOSEN))}}}"
# Rows of the table of groups. More than that nobody reads, and with all groups in it a browser of tens of thousands of
# cells would be filled anew every half minute.
ROWS = 100

GROUP_NAME = "{{cluster}} / {{consumer_group}}"


def _consumed_and_produced() -> list[Json]:
    # An end offset belongs to a partition, not to a group: it is summed by topic, once, however many groups read it.
    read = f"and on (cluster, topic) avg_over_time({CONSUMED}[$__range] @ end())"
    busiest = f"topk($top, avg_over_time({PRODUCED}[$__range] @ end()) {read})"
    readers = f"topk($top, avg_over_time({CONSUMED}[$__range] @ end()) and on (cluster, topic) {busiest})"
    return [
        query(f"{one(TOPIC, PRODUCED)} and on (cluster, topic) {busiest}", "produced: {{cluster}} / {{topic}}"),
        query(
            f"{one(GROUP_TOPIC, CONSUMED)} and on (cluster, consumer_group, topic) {readers}",
            "{{consumer_group}}: {{cluster}} / {{topic}}",
        ),
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


def _alerts() -> list[Json]:
    # Those that name no group, and those of the chosen groups.
    group_if_any = 'consumer_group=~"(|$group)"'
    return [alerts.listed(alerts.ANY, alerts.CLUSTER_IF_ANY, group_if_any, links=variables.TO_GROUP_OF_ROW)]


def _worst(rows: int) -> str:
    """The groups to show first: by status, those of unknown status after ERR, then by lag in seconds."""
    status, seconds = one(GROUP, STATUS), one(GROUP, LAG_SECONDS)
    known = f"1e10 * {status} + on (cluster, consumer_group) ({seconds} or 0 * {status})"
    unknown = f"0 * {one(GROUP, PARTITIONS)} + 2.5e10"
    return f"topk({rows}, {known} or {unknown})"


def _worst_first() -> list[Json]:
    shown = {
        "Status": one(GROUP, STATUS),
        "Worst partition": f"{one(GROUP, PARTITION_STATUS)} or {one(GROUP, TOPIC_STATUS)}",
        "Lag in seconds": one(GROUP, LAG_SECONDS),
        "is": one(GROUP, BOUND),
        "Lag": one(GROUP, LAG),
        "Catches up in": while_behind(CATCH_UP, LAG_SECONDS),
        "Margin": one(GROUP, MARGIN, pick="min"),
        "Members": one(GROUP, MEMBERS),
        "Partitions": one(GROUP, PARTITIONS),
        "Window": one(GROUP, COMPLETE),
    }
    return [
        table_of_columns(
            "Groups, worst first",
            f"The {ROWS} worst groups now, by status, lag in seconds, lag, name; to see another, choose it above. "
            "Without a status it is not known, because some "
            "partitions cannot be read. A name links to the group's dashboard and to its "
            "page on the exporter. Catches up in: the time until the lag is gone at the current rate, for groups that "
            "are at least 10 s behind. Margin: the share of the retained log that lies before the commit of the "
            "group's slowest partition. 100 %: at the end, or nothing was ever deleted; 0 %: about to lose records; "
            "below 0: records are lost. Window: the share of partitions watched long enough for a full verdict.",
            {"consumer_group": "Consumer group", "cluster": "Cluster"},
            f"({columns(shown)}) and on (cluster, consumer_group) {_worst(ROWS)}",
            tuple(shown),
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
            "By topic, for the busiest topics that a selected group reads, and the groups that consume most of them "
            "(as many of each as Show at most), over five minutes each. Dashed is what producers write, solid is "
            "what each group commits. A group whose solid line is below the dashed one falls behind. These are slopes "
            "of offsets: a rewind shows as 0, a skip to the end as a peak. Select a group or a topic to compare line "
            "by line. Needs alerts/rules/dashboards.yml in Prometheus.",
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
        # Statuses are of the last minutes; an hour of thousands of groups is asked for at once.
        shown="1h",
        variables=variables.of_overview(exporter_url),
        links=[variables.dashboards(), variables.page("The exporter's own pages")],
        annotations=alerts.marks(alerts.ANY, alerts.CLUSTER_IF_ANY),
        rows={"Fleet": _fleet(), "Alerts": _alerts(), "Groups": _worst_first(), "Lag and throughput": _lag()},
    )
