"""One consumer group, down to its partitions."""

from __future__ import annotations

from tools.dashboards import alerts, statuses, variables
from tools.dashboards import group_series as of
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
from tools.dashboards.promql import PARTITION, number_at, one, speed, total, while_behind, worst

# Dashes: green what is written, plain what is committed, grey what the log still keeps.
DASHED = {"fill": "dash", "dash": [10, 6]}
DOTTED = {"fill": "dot", "dash": [2, 6]}


def _now() -> list[Json]:
    return [
        stat(
            "Status",
            "The status of the group by Burrow's rules: OK; WARN: a partition falls behind; ERR: a partition is "
            "stopped, stalled or was rewound.",
            [query(one(of.THIS, of.STATUS))],
            width=3,
            mappings=statuses.GROUP_STATUS,
        ),
        stat(
            "Worst partition",
            "The worst status of its partitions. STOP: records wait and no consumer stays; STALL: records wait "
            "although a consumer is assigned; REWIND: the offset went back; WARN: consumed, but the lag grows.",
            [query(f"{one(of.THIS, of.ROW_STATUS)} or {one(of.THIS, of.TOPIC_STATUS)}")],
            width=3,
            mappings=statuses.PARTITION_STATUS,
        ),
        stat(
            "Lag",
            "Records not yet committed, summed over the group.",
            [query(one(of.THIS, of.LAG))],
            width=3,
            unit="locale",
        ),
        stat(
            "Lag in seconds",
            'The age of the next record to read on the slowest partition. "At least": the exporter has not watched '
            "long enough to know the exact age.",
            [query(one(of.THIS, of.LAG_SECONDS), "behind"), query(one(of.THIS, of.BOUND), "is")],
            width=4,
            overrides=[
                override("behind", unit="s"),
                override("is", mappings=statuses.BOUND),
            ],
            no_value="not known yet",
        ),
        stat(
            "Catches up in",
            "The time until the lag is gone if the group and its producers continue at the current rate. Never: it "
            "does not shrink. Shown for a group that is at least 10 s behind.",
            [query(while_behind(of.CATCH_UP, of.LAG_SECONDS))],
            width=3,
            unit="s",
            mappings=statuses.NEVER,
            no_value="not behind",
        ),
        stat(
            "Members",
            "The members, as described by the group's coordinator at most a minute ago, and the partitions with a "
            "commit.",
            [query(one(of.THIS, of.MEMBERS), "members"), query(one(of.THIS, of.PARTITIONS), "partitions")],
            width=4,
        ),
        stat(
            "Retention margin",
            "The share of the retained log that lies before the slowest partition's commit. 100 %: at the end, or "
            "nothing was ever deleted; 0 %: about to lose records; below 0: records are lost.",
            [query(one(of.THIS, of.MARGIN, pick="min"))],
            width=2,
            unit="percentunit",
            thresholds=steps((None, "red"), (0, "orange"), (0.2, "green")),
        ),
        stat(
            "Window",
            "100 % once every partition has been watched long enough for a full verdict. Until then only REWIND is "
            "reported.",
            [query(one(of.THIS, of.COMPLETE))],
            width=2,
            unit="percentunit",
            thresholds=steps((None, "blue"), (1, "green")),
        ),
    ]


def _statuses() -> list[Json]:
    topics = worst(("topic",), of.TOPIC_STATUS)
    return [
        timeline(
            "Status of the group",
            "The group's status over time.",
            [query(one(of.THIS, of.STATUS), "{{consumer_group}}")],
            mappings=statuses.GROUP_STATUS,
            width=12,
            height=5,
        ),
        timeline(
            "State in Kafka",
            "The state that Kafka reports: Stable with members, Empty without, rebalancing in between. One band for "
            "each state that the group was in.",
            [query(one(("state",), of.INFO), "{{state}}")],
            mappings=statuses.PRESENT,
            width=12,
            height=5,
        ),
        timeline(
            "Status by partition",
            "The partitions that were worst on average over the time range (as many as Show at most). Whole topics "
            "where the exporter shows no partitions (granularity topic).",
            [query(f"{worst(of.ROW, of.ROW_STATUS)} or {topics}", of.ROW_NAME)],
            mappings=statuses.PARTITION_STATUS,
            height=12,
        ),
        stat(
            "Partitions by status",
            "How many of the selected partitions have each status now.",
            [query(number_at(level, of.ROW, of.ROW_STATUS), name) for level, name in statuses.PARTITION.items()],
            width=12,
            height=6,
            overrides=[override(name, color=colour(statuses.COLOURS[name])) for name in statuses.PARTITION.values()],
        ),
        timeline(
            "Subscription by topic",
            "Whether the current members still subscribe to each topic that the group has commits on. The lag of a "
            "topic that the group no longer subscribes to only grows; reset or delete those offsets. Known while the "
            "group has members.",
            [query(one(("topic",), of.SUBSCRIBED), "{{topic}}")],
            mappings=statuses.SUBSCRIBED,
            width=12,
            height=6,
        ),
    ]


def _partitions() -> list[Json]:
    return [
        table(
            "Partitions, worst first",
            "Every selected partition now. Whole topics, with status and lag, where the exporter shows no partitions. "
            "Committed: where the group continues. End: where producers write next. Log start: the oldest retained "
            "record. Lost: records deleted before the group read them.",
            {
                "topic": "Topic",
                "partition": "Partition",
                "Value #A": "Status",
                "Value #B": "Lag",
                "Value #C": "Lag in seconds",
                "Value #D": "Committed",
                "Value #E": "End",
                "Value #F": "Log start",
                "Value #G": "Lost",
            },
            [
                query(f"{one(of.ROW, of.ROW_STATUS)} or {one(('topic',), of.TOPIC_STATUS)}"),
                query(f"{one(of.ROW, of.ROW_LAG)} or {one(('topic',), of.TOPIC_LAG)}"),
                query(one(of.ROW, of.ROW_LAG_SECONDS)),
                query(one(of.ROW, of.COMMITTED)),
                query(one(of.ROW, of.read_by_group(of.END))),
                query(one(of.ROW, of.read_by_group(of.START))),
                query(one(of.ROW, of.ROW_LOST)),
            ],
            unit="locale",
            overrides=[
                override("Partition", unit="none"),
                override("Status", mappings=statuses.PARTITION_STATUS, custom__cellOptions=COLOURED_CELL),
                override("Lag in seconds", unit="s"),
                override(
                    "Lost",
                    custom__cellOptions=COLOURED_TEXT,
                    thresholds=steps((None, "text"), (1, "red")),
                ),
            ],
            sort=[("Status", True), ("Lag in seconds", True), ("Lag", True)],
        ),
    ]


def _lag() -> list[Json]:
    produced = total((), of.read_by_group(speed(PARTITION, of.END)))
    return [
        lines(
            "Lag by partition",
            "Records between the commit and the end of the partition, for the partitions with the highest average "
            "lag. Whole topics where the exporter shows no partitions.",
            [query(f"{worst(of.ROW, of.ROW_LAG)} or {worst(('topic',), of.TOPIC_LAG)}", of.ROW_NAME)],
        ),
        lines(
            "Lag in seconds by partition",
            "The age of the next record to read, for the partitions that are furthest behind.",
            [query(worst(of.ROW, of.ROW_LAG_SECONDS), of.ROW_NAME)],
            unit="s",
        ),
        lines(
            "Consumed and produced",
            "What producers write to those selected partitions that the group reads (dashed), and what the group "
            "commits. These are slopes of offsets: a rewind shows as 0, a skip to the end as a peak.",
            [query(produced, "produced"), query(total((), speed(of.ROW, of.COMMITTED)), "consumed")],
            unit="mps",
            overrides=[
                override_query("A", custom__lineStyle=DASHED, custom__lineWidth=2, color=colour("green")),
                override_query("B", custom__lineWidth=2, color=colour("blue")),
            ],
        ),
        lines(
            "Time to catch up",
            "The time until the lag is gone at the rate of that moment. A gap means that the lag did not shrink, or "
            "that the group was not behind.",
            [query(f"({while_behind(of.CATCH_UP, of.LAG_SECONDS)}) < +Inf", "time to catch up")],
            unit="s",
        ),
    ]


def _offsets() -> list[Json]:
    # Three partitions make nine lines, which is what an eye can follow; the variable Partition chooses others.
    most = f"topk(3, {one(of.ROW, f'avg_over_time({of.ROW_LAG}[$__range] @ end())')})"

    def of_most(selector: str) -> str:
        return f"{one(of.ROW, selector)} and on (topic, partition) {most}"

    return [
        lines(
            "Offsets",
            "The three selected partitions with the highest lag: where producers write (dashed), where the group is "
            "(solid), where the log starts (dotted). The distance between dashed and solid is the lag. Solid below "
            "dotted means lost records.",
            [
                query(of_most(of.END), f"end {of.ROW_NAME}"),
                query(of_most(of.COMMITTED), f"committed {of.ROW_NAME}"),
                query(of_most(of.START), f"log start {of.ROW_NAME}"),
            ],
            unit="locale",
            lowest=None,
            overrides=[
                override_query("A", custom__lineStyle=DASHED),
                override_query("B", custom__lineWidth=2),
                override_query("C", custom__lineStyle=DOTTED),
            ],
        ),
        lines(
            "Members over time",
            "Members of the group over time, and the partitions it has commits on. If there are more members than "
            "partitions, the extra ones are idle.",
            [query(one(of.THIS, of.MEMBERS), "members"), query(one(of.THIS, of.PARTITIONS), "partitions")],
            unit="none",
        ),
        lines(
            "Retention margin over time",
            "The share of the retained log that lies before the slowest partition's commit. It falls while the group "
            "is behind and retention deletes records; at 0 % records are about to be lost. 100 % while nothing was "
            "ever deleted.",
            [query(one(of.THIS, of.MARGIN, pick="min"), "margin")],
            unit="percentunit",
            lowest=None,
            highest=1,
            thresholds=steps((None, "red"), (0, "transparent")),
        ),
        lines(
            "Records lost by partition",
            "Records that were deleted before the group read them: log start minus committed offset.",
            [query(worst(of.ROW, of.ROW_LOST), of.ROW_NAME)],
            unit="locale",
        ),
    ]


def build(exporter_url: str) -> Json:
    """The dashboard "Kafka consumer groups / Group"."""
    return dashboard(
        variables.GROUP,
        "Kafka consumer groups / Group",
        "One consumer group, down to its partitions: status, offsets, lag, members, time to catch up.",
        shown="6h",
        variables=variables.of_group(exporter_url),
        links=[
            variables.dashboards(),
            variables.page("The exporter's page of this group", variables.GROUP_PAGE_PATH),
        ],
        annotations=alerts.marks(alerts.GROUPS, *of.CHOSEN, each="consumer_group"),
        rows={
            "Now": [*_now(), alerts.listed(alerts.GROUPS, *of.CHOSEN, height=5)],
            "Status over time": _statuses(),
            "Partitions": _partitions(),
            "Lag and throughput": _lag(),
            "Offsets and members": _offsets(),
        },
    )
