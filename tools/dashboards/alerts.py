"""The alerts that fire: as a list, and as marks on every graph."""

from __future__ import annotations

from tools.dashboards import statuses
from tools.dashboards.grafana import COLOURED_TEXT, DATASOURCE, Json, override, query
from tools.dashboards.panels import table

# Those of alerts/rules. Prometheus' own series about alerts know neither job nor instance of an exporter.
GROUPS, EXPORTERS = "KafkaConsumer.+", "KafkaCluster.+|BurrowExporter.+"
ANY = f"{GROUPS}|{EXPORTERS}"
# An alert on an exporter has no cluster: it is shown whichever clusters are chosen.
CLUSTER_IF_ANY = 'cluster=~"(|$cluster)"'
AT_MOST = 100
LABELS = ("alertname", "severity", "cluster", "consumer_group", "topic")


def _of(series: str, names: str, *matchers: str) -> str:
    named = f'alertname=~"{names}"'
    return f"{series}{{{', '.join((named, *matchers))}}}"


def _firing(names: str, *matchers: str) -> str:
    return _of("ALERTS", names, 'alertstate="firing"', *matchers)


def listed(names: str, *matchers: str, width: int = 24, height: int = 7, links: list[Json] | None = None) -> Json:
    """The alerts that fire now, by severity, and since when their conditions hold."""
    by = ", ".join(LABELS)
    held = f"time() - max by ({by}) ({_of('ALERTS_FOR_STATE', names, *matchers)})"
    return table(
        "Firing alerts",
        f"The alerts of kafka-burrow-exporter that fire now, at most {AT_MOST} of them, by severity, newest first. "
        "Holds for: since when the condition of the alert holds. Empty if nothing fires, or if Prometheus has not "
        "loaded the rules.",
        {
            "alertname": "Alert",
            "severity": "Severity",
            "cluster": "Cluster",
            "consumer_group": "Consumer group",
            "topic": "Topic",
            "Value #A": "Holds for",
        },
        [query(f"bottomk({AT_MOST}, {held} and on ({by}) {_firing(names, *matchers)})")],
        width=width,
        height=height,
        unit="s",
        overrides=[
            override("Severity", custom__width=100, mappings=statuses.SEVERITY, custom__cellOptions=COLOURED_TEXT),
            override("Cluster", custom__width=150),
            override("Consumer group", links=links or []),
            override("Holds for", custom__width=110),
        ],
        sort=[("Severity", False), ("Holds for", False)],
    )


def marks(names: str, *matchers: str, each: str = "cluster") -> list[Json]:
    """The annotations of a dashboard: when an alert fired, one mark for all of a name, a severity and an ``each``."""
    return [
        {
            "builtIn": 1,
            "datasource": {"type": "grafana", "uid": "-- Grafana --"},
            "enable": True,
            "hide": True,
            "iconColor": "rgba(0, 211, 255, 1)",
            "name": "Annotations & Alerts",
            "type": "dashboard",
        },
        {
            "datasource": DATASOURCE,
            "enable": True,
            "expr": f"max by (alertname, severity, {each}) ({_firing(names, *matchers)})",
            "hide": False,
            "iconColor": "red",
            "name": "Firing alerts",
            "step": "1m",
            "tagKeys": "severity",
            "textFormat": f"{{{{{each}}}}}",
            "titleFormat": "{{alertname}}",
            "useValueForTime": False,
        },
    ]
