"""The variables at the top of the dashboards, and the links that carry them from one to the next."""

from __future__ import annotations

from tools.dashboards.grafana import DATASOURCE, TAG, Json, data_link
from tools.dashboards.promql import own

OVERVIEW, GROUP, EXPORTER = "kafka-burrow-overview", "kafka-burrow-group", "kafka-burrow-exporter"
EXPORTER_URL = "http://localhost:8000"

# What a link to another of these dashboards carries over: the time range and the data source.
_ALONG = "${__url_time_range}&${datasource:queryparam}&${job:queryparam}&${instance:queryparam}"
_PAGE = "${exporter_url:raw}/clusters"
# Every granularity except `group` has one of these two.
_WITH_TOPIC = '__name__=~"burrow_kafka_consumer_partition_lag|burrow_kafka_consumer_topic_lag"'


def _all_of(name: str, label: str, query: str, *, numeric: bool = False) -> Json:
    return {
        **_query(name, label, query, numeric=numeric),
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }


def _query(name: str, label: str, query: str, *, numeric: bool = False) -> Json:
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": DATASOURCE,
        "definition": query,
        "query": {"query": query, "refId": f"variable-{name}"},
        "refresh": 2,
        "regex": "",
        "sort": 3 if numeric else 1,
        "hide": 0,
        "skipUrlSync": False,
        "multi": False,
        "includeAll": False,
        "options": [],
        "current": {},
    }


def _datasource() -> Json:
    return {
        "type": "datasource",
        "name": "datasource",
        "label": "Data source",
        "query": "prometheus",
        "refresh": 1,
        "regex": "",
        "hide": 0,
        "skipUrlSync": False,
        "multi": False,
        "includeAll": False,
        "options": [],
        "current": {},
    }


def _top() -> Json:
    choices = ["5", "10", "25", "50", "100"]
    return {
        "type": "custom",
        "name": "top",
        "label": "Show at most",
        "query": ",".join(choices),
        "hide": 0,
        "skipUrlSync": False,
        "multi": False,
        "includeAll": False,
        "options": [{"selected": choice == "25", "text": choice, "value": choice} for choice in choices],
        "current": {"selected": True, "text": "25", "value": "25"},
    }


def _exporter_url(url: str) -> Json:
    here = {"selected": True, "text": url, "value": url}
    return {
        "type": "textbox",
        "name": "exporter_url",
        "label": "Exporter URL",
        "query": url,
        "hide": 0,
        "skipUrlSync": False,
        "options": [here],
        "current": here,
    }


def _where() -> list[Json]:
    return [
        _datasource(),
        _all_of("job", "Job", "label_values(burrow_exporter_build_info, job)"),
        _all_of("instance", "Instance", 'label_values(burrow_exporter_build_info{job=~"$job"}, instance)'),
    ]


CLUSTERS = f"label_values({own('burrow_kafka_cluster_up')}, cluster)"


def _topics(*matchers: str) -> str:
    return f"label_values({own('', _WITH_TOPIC, *matchers)}, topic)"


def of_overview(url: str) -> list[Json]:
    """Any number of clusters, groups and topics."""
    clusters = 'cluster=~"$cluster"'
    groups = f"label_values({own('burrow_kafka_consumer_status', clusters)}, consumer_group)"
    return [
        *_where(),
        _all_of("cluster", "Cluster", CLUSTERS),
        _all_of("group", "Consumer group", groups),
        _all_of("topic", "Topic", _topics(clusters, 'consumer_group=~"$group"')),
        _top(),
        _exporter_url(url),
    ]


def of_group(url: str) -> list[Json]:
    """One group of one cluster, any number of its topics and partitions."""
    chosen = ('cluster="$cluster"', 'consumer_group="$group"')
    groups = f"label_values({own('burrow_kafka_consumer_status', chosen[0])}, consumer_group)"
    partitions = own("burrow_kafka_consumer_partition_lag", *chosen, 'topic=~"$topic"')
    return [
        *_where(),
        _query("cluster", "Cluster", CLUSTERS),
        _query("group", "Consumer group", groups),
        # Grafana writes out the topics of the group for All: any topic (.+) would read every offset of the cluster.
        {**_all_of("topic", "Topic", _topics(*chosen)), "allValue": None},
        _all_of("partition", "Partition", f"label_values({partitions}, partition)", numeric=True),
        _top(),
        _exporter_url(url),
    ]


def of_exporter(url: str) -> list[Json]:
    """Any number of exporters and clusters; the exporter's own health is not about single groups or topics."""
    return [*_where(), _all_of("cluster", "Cluster", CLUSTERS), _exporter_url(url)]


def dashboards() -> Json:
    """A link in the header to each of these dashboards, found by their tag."""
    return {
        "type": "dashboards",
        "title": "Kafka consumer groups",
        "tags": [TAG],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
        "icon": "external link",
        "tooltip": "",
        "url": "",
    }


def page(title: str, path: str = "/") -> Json:
    """A link in the header to a page of the exporter."""
    return {
        "type": "link",
        "title": title,
        "url": "${exporter_url:raw}" + path,
        "tags": [],
        "asDropdown": False,
        "includeVars": False,
        "keepTime": False,
        "targetBlank": True,
        "icon": "external link",
        "tooltip": "The page that the exporter itself serves; its address is the variable Exporter URL",
    }


GROUP_PAGE_PATH = "/clusters/${cluster:percentencode}/groups/${group:percentencode}"


def to_group(cluster: str, group: str) -> list[Json]:
    """Links from a value to the dashboard and to the exporter's page of its group.

    ``cluster`` and ``group`` are Grafana's words for where the names stand: "__field.labels.cluster".
    """
    cluster, group = f"${{{cluster}:percentencode}}", f"${{{group}:percentencode}}"
    return [
        data_link("Open the group", f"/d/{GROUP}/{GROUP}?{_ALONG}&var-cluster={cluster}&var-group={group}"),
        data_link("The exporter's page of the group", f"{_PAGE}/{cluster}/groups/{group}", new_tab=True),
    ]


TO_GROUP_OF_SERIES = to_group("__field.labels.cluster", "__field.labels.consumer_group")
TO_GROUP_OF_ROW = to_group("__data.fields.cluster", "__data.fields.consumer_group")
