"""The exporter itself: whether the other dashboards can be trusted."""

from __future__ import annotations

from tools.dashboards import alerts, statuses, variables
from tools.dashboards.grafana import COLOURED_TEXT, Json, dashboard, override, override_query, query, steps
from tools.dashboards.panels import lines, stat, table, timeline
from tools.dashboards.promql import GROUP, one, own

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
            "Every exporter that answers now: its version and those of Python and kafka-python, how long it has been "
            "running, and whether its latest configuration was loaded.",
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
            "Whether Prometheus got an answer from each exporter. While none answers, everything else here is "
            "outdated.",
            [query(one(EACH, UP), EACH_NAME)],
            mappings=statuses.ANSWERS,
            width=8,
            height=6,
        ),
        timeline(
            "Clusters read",
            "Whether each exporter could read each of its clusters. If only one exporter fails, check its network and "
            "permissions; if all fail, check the cluster.",
            [query(one(EACH_CLUSTER, CLUSTER_UP), EACH_CLUSTER_NAME)],
            mappings=statuses.READABLE,
            width=14,
            height=7,
        ),
        stat(
            "Age of the data",
            "The age of the newest collection of each cluster, on the exporter where it is oldest. Above two or three "
            "scrape intervals the metrics are stale.",
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
        alerts.listed(alerts.EXPORTERS, alerts.CLUSTER_IF_ANY),
    ]


def _collections() -> list[Json]:
    return [
        lines(
            "Scrape duration and timeout",
            "How long scrapes took (solid), and how long they could take (dashed). A cluster that has not been read "
            "by then is shown as it was read before, for up to max_report_age, and after that not at all. If the time "
            "is near the limit, raise scrape_timeout, filter groups or topics, or use a coarser granularity.",
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
            "Kafka requests per collection",
            "Requests that the last collection sent, by kind. Their number grows with brokers and batches of groups, "
            "not with partitions.",
            [query(one(("cluster", "kind"), REQUESTS), "{{cluster}}: {{kind}}")],
            unit="none",
        ),
        lines(
            "Failures per collection",
            "What Kafka did not answer in the last collection, by scope and reason. The other metrics are "
            "complete. No data means no failures.",
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
            "Groups of types that Burrow's rules do not cover, by type: share groups do not commit an offset for each "
            "partition. No data means that there are none.",
            [query(one(("cluster", "type"), NOT_EVALUATED), "{{cluster}}: {{type}}")],
            unit="none",
        ),
        lines(
            "Series per scrape",
            "Series in each scrape, which Prometheus has to store.",
            [query(one(EACH, SAMPLES), EACH_NAME)],
        ),
        lines(
            "CPU",
            "CPU time used, in cores.",
            [query(f"rate({own('process_cpu_seconds_total')}[$__rate_interval])", EACH_NAME)],
            unit="none",
        ),
        lines(
            "Memory",
            "Resident memory. It grows with groups times partitions, and levels off once the windows are full.",
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
        "The health of kafka-burrow-exporter itself: whether the other dashboards can be trusted.",
        shown="6h",
        variables=variables.of_exporter(exporter_url),
        links=[variables.dashboards(), variables.page("The exporter's own pages")],
        annotations=alerts.marks(alerts.EXPORTERS, alerts.CLUSTER_IF_ANY),
        rows={"Exporters": _exporters(), "Collections": _collections(), "Size": _size()},
    )
