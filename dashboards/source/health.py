"""The exporter itself: whether what the other dashboards show can be believed."""

from __future__ import annotations

from dashboards.source import statuses, variables
from dashboards.source.grafana import COLOURED_TEXT, Json, dashboard, override, override_query, query, steps
from dashboards.source.panels import lines, stat, table, timeline
from dashboards.source.promql import GROUP, one, own

CHOSEN = 'cluster=~"$cluster"'
# Whether an exporter is well is asked of each by itself; only what it says of Kafka is merged.
EACH = ("job", "instance")
EACH_CLUSTER = ("job", "instance", "cluster")
EACH_NAME = "{{instance}}"
EACH_CLUSTER_NAME = "{{instance}}: {{cluster}}"

UP = own("up")
BUILD = own("burrow_exporter_build_info")
STARTED = own("process_start_time_seconds")
CLUSTER_UP = own("burrow_kafka_cluster_up", CHOSEN)
BROKERS = own("burrow_kafka_cluster_brokers", CHOSEN)
COLLECTED = own("burrow_exporter_last_collection_timestamp_seconds", CHOSEN)
STAGES = own("burrow_exporter_collection_duration_seconds", CHOSEN)
REQUESTS = own("burrow_exporter_kafka_requests", CHOSEN)
FAILURES = own("burrow_exporter_failures", CHOSEN)
NOT_EVALUATED = own("burrow_exporter_groups_not_evaluated", CHOSEN)
DEADLINE = own("burrow_exporter_scrape_deadline_seconds")
STATUS = own("burrow_kafka_consumer_status", CHOSEN)
COMPLETE = own("burrow_kafka_consumer_complete_ratio", CHOSEN)
RELOADED = own("burrow_exporter_config_last_reload_successful")
SCRAPE = own("scrape_duration_seconds")
SAMPLES = own("scrape_samples_scraped")


def _exporters() -> list[Json]:
    return [
        table(
            "Exporters",
            "Every exporter that answers now: its version and that of what it reads Kafka with, how long it has been "
            "running, and whether the configuration last given to it is in force.",
            {
                "instance": "Instance",
                "job": "Job",
                "version": "Version",
                "python_version": "Python",
                "kafka_python_version": "kafka-python",
                "Value #B": "Up for",
                "Value #C": "Configuration",
            },
            [
                query(one((*EACH, "version", "python_version", "kafka_python_version"), BUILD)),
                query(one(EACH, f"time() - {STARTED}")),
                query(one(EACH, RELOADED)),
            ],
            width=16,
            height=6,
            overrides=[
                override("Up for", custom__width=100, unit="s"),
                override("Version", custom__width=90),
                override("Python", custom__width=90),
                override("kafka-python", custom__width=110),
                override(
                    "Configuration", custom__width=270, mappings=statuses.LOADED, custom__cellOptions=COLOURED_TEXT
                ),
            ],
        ),
        timeline(
            "Answers Prometheus",
            "Whether Prometheus got an answer from each exporter. While none answers, all else here is of the past.",
            [query(one(EACH, UP), EACH_NAME)],
            mappings=statuses.ANSWERS,
            width=8,
            height=6,
        ),
        timeline(
            "Clusters read",
            "Whether each exporter could read each of its clusters. One exporter alone: look at its network and its "
            "permissions; all of them: look at the cluster.",
            [query(one(EACH_CLUSTER, CLUSTER_UP), EACH_CLUSTER_NAME)],
            mappings=statuses.READABLE,
            width=14,
            height=7,
        ),
        stat(
            "Age of what is shown",
            "How old the newest collection is, by cluster, on the exporter that is furthest behind. Beyond two or "
            "three scrape intervals the page is not fresh.",
            [query(f"time() - {one(('cluster',), COLLECTED, pick='min')}", "{{cluster}}")],
            width=5,
            height=7,
            unit="s",
        ),
        stat(
            "Brokers",
            "Brokers of each cluster, as its metadata lists them.",
            [query(one(("cluster",), BROKERS), "{{cluster}}")],
            width=5,
            height=7,
        ),
    ]


def _collections() -> list[Json]:
    return [
        lines(
            "Scrape time against its limit",
            "How long scrapes took (solid) and the time that they were given (dashed). A cluster that is not back by "
            "then is shown as it was read before, up to max_report_age, and then not at all. Near the limit: raise "
            "scrape_timeout, filter groups or topics, or take a coarser granularity.",
            [
                query(one(EACH, SCRAPE), f"{EACH_NAME} took"),
                query(one(EACH, DEADLINE), f"{EACH_NAME} limit"),
            ],
            unit="s",
            overrides=[override_query("B", custom__lineStyle={"fill": "dash", "dash": [10, 6]})],
        ),
        lines(
            "Collection time by stage",
            "Seconds that each stage of a collection took, on the slowest exporter.",
            [query(one(("cluster", "stage"), STAGES), "{{cluster}}: {{stage}}")],
            unit="s",
        ),
        lines(
            "Kafka requests in a collection",
            "Requests that the last collection sent, by kind. They grow with brokers and with batches of groups, not "
            "with partitions.",
            [query(one(("cluster", "kind"), REQUESTS), "{{cluster}}: {{kind}}")],
            unit="none",
        ),
        lines(
            "Failures in a collection",
            "What was asked of Kafka in the last collection and did not come back, by scope and reason. The rest of "
            "the page stands. Nothing here: all came back.",
            [
                query(
                    one((*EACH_CLUSTER, "scope", "reason"), FAILURES),
                    f"{EACH_CLUSTER_NAME}: {{{{scope}}}} {{{{reason}}}}",
                )
            ],
            unit="none",
        ),
    ]


def _size() -> list[Json]:
    return [
        lines(
            "Groups judged",
            "Consumer groups with a verdict, and those whose window is still young.",
            [
                query(f"count by (cluster) ({one(GROUP, STATUS)})", "{{cluster}}: judged"),
                query(f"sum by (cluster) ({one(GROUP, COMPLETE)} < bool 1)", "{{cluster}}: window still young"),
            ],
            unit="none",
        ),
        lines(
            "Groups not judged",
            "Groups of a kind that Burrow's rules say nothing of, by kind: share groups and streams groups do not "
            "commit an offset for each partition. Nothing here: there are none.",
            [query(one(("cluster", "type"), NOT_EVALUATED), "{{cluster}}: {{type}}")],
            unit="none",
        ),
        lines(
            "Samples on the page",
            "Series that each scrape brought: what Prometheus has to store.",
            [query(one(EACH, SAMPLES), EACH_NAME)],
        ),
        lines(
            "Processor",
            "Processor time used, in cores.",
            [query(f"rate({own('process_cpu_seconds_total')}[$__rate_interval])", EACH_NAME)],
            unit="none",
        ),
        lines(
            "Memory",
            "Memory held (resident). It follows groups times partitions, and levels off once windows are full.",
            [query(own("process_resident_memory_bytes"), EACH_NAME)],
            unit="bytes",
        ),
        lines(
            "Open files",
            "Files and connections open, as a share of the limit.",
            [query(f"{own('process_open_fds')} / {own('process_max_fds')}", EACH_NAME)],
            unit="percentunit",
            thresholds=steps((None, "transparent"), (0.8, "red")),
        ),
    ]


def build(exporter_url: str) -> Json:
    """The dashboard "Kafka consumer groups / Exporter"."""
    return dashboard(
        variables.EXPORTER,
        "Kafka consumer groups / Exporter",
        "The health of kafka-burrow-exporter itself: whether what the other dashboards show can be believed.",
        variables=variables.of_exporter(exporter_url),
        links=[variables.dashboards(), variables.page("The exporter's own pages")],
        rows={"Exporters": _exporters(), "Collections": _collections(), "Size": _size()},
    )
