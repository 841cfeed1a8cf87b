"""The shipped alerting files with all durations divided by SCALE, sending to web hooks on this machine.

Only durations and addresses are changed, and every duration by the same factor: what takes minutes in production takes
seconds here. Scrapes, windows, hold times and the waits of Alertmanager keep their proportions.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from exporter.core.evaluation import EvaluationSettings
from exporter.settings import Cluster, Collection
from testbed.receiver import PAGERDUTY, SLACK
from testbed.servers import Server

SCALE = 10
"""A scrape every 3 s instead of 30 s: slow enough for a busy machine, and short enough to wait for."""

ROOT = Path(__file__).parents[1]
RULES = ROOT / "alerts/rules/kafka-burrow-exporter.yml"
ALERTMANAGER = ROOT / "alerts/alertmanager.yml"
TEMPLATES = ROOT / "alerts/templates"
PROMETHEUS = ROOT / "deploy/compose/prometheus.yml"

ROUTING_KEY = "0123456789abcdef0123456789abcdef"
MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
DURATION = re.compile(r"(\d+)(ms|[smhd])")
RANGE = re.compile(r"(?<=\[)\d+(?:ms|[smhd])(?=])|(?<=\boffset )\d+(?:ms|[smhd])\b")
SECONDS_SETTING = re.compile(r"burrow:\w+:seconds")

PROMETHEUS_DEFAULTS = {"query.lookback-delta": "5m", "rules.alert.resend-delay": "1m"}
"""Durations that Prometheus takes only as flags, and their defaults."""


def faster(duration: str) -> str:
    """A duration in Prometheus' notation that is SCALE times as short: ``3s`` for ``30s``, ``2700ms`` for ``27s``."""
    number, unit = DURATION.fullmatch(duration).groups()  # type: ignore[union-attr]
    milliseconds, rest = divmod(int(number) * MILLISECONDS[unit], SCALE)
    if rest:
        raise ValueError(f"{duration} cannot be divided by {SCALE}")
    seconds, rest = divmod(milliseconds, 1_000)
    return f"{milliseconds}ms" if rest else f"{seconds}s"


def faster_everywhere(tree: Any) -> Any:
    """The same tree of YAML with every duration shortened: values that are one, ranges and offsets within text."""
    match tree:
        case {"record": str(name), "expr": str(expr)} if SECONDS_SETTING.fullmatch(name):
            # A threshold or hold time of the rules, as a constant: vector(300)
            return {**tree, "expr": re.sub(r"\d+", lambda number: f"{int(number[0]) / SCALE:g}", expr)}
        case dict():
            return {key: faster_everywhere(value) for key, value in tree.items()}
        case list():
            return [faster_everywhere(value) for value in tree]
        case str() if DURATION.fullmatch(tree):
            return faster(tree)
        case str():
            return RANGE.sub(lambda found: faster(found[0]), tree)
        case _:
            return tree


def rules(file: Path = RULES) -> str:
    """The rules of a file (YAML)."""
    return _dump(faster_everywhere(_load(file)))


def alertmanager(folder: Path, hooks: str) -> str:
    """Alertmanager's configuration (YAML) that sends to the web hooks of the receiver at the URL ``hooks``.

    The templates and secrets that it refers to are written to ``folder``, where the caller writes it too.
    """
    slack = _written(folder / "slack_api_url", hooks + SLACK)
    routing_key = _written(folder / "pagerduty_routing_key", ROUTING_KEY)
    shutil.copytree(TEMPLATES, folder / TEMPLATES.name)
    config = faster_everywhere(_load(ALERTMANAGER))
    config["global"]["slack_api_url_file"] = str(slack)
    config["global"]["pagerduty_url"] = hooks + PAGERDUTY
    for receiver in config["receivers"]:
        for pagerduty in receiver.get("pagerduty_configs", []):
            pagerduty["routing_key_file"] = str(routing_key)
    return _dump(config)


def prometheus(rules_file: Path, exporter: Server, alertmanagers: Sequence[Server], replica: str) -> str:
    """Prometheus' configuration (YAML): one of two replicas, set up as the guide to alerting says."""
    config = faster_everywhere(_load(PROMETHEUS))
    (job,) = (job for job in config["scrape_configs"] if job["job_name"] == "kafka-burrow-exporter")
    targets = [{"targets": [server.address for server in alertmanagers]}]
    return _dump(
        {
            "global": {**config["global"], "external_labels": {"replica": replica}},
            "rule_files": [str(rules_file)],
            "alerting": {
                "alertmanagers": [{"static_configs": targets}],
                "alert_relabel_configs": [{"action": "labeldrop", "regex": "replica"}],
            },
            "scrape_configs": [{**job, "static_configs": [{"targets": [exporter.address]}]}],
        }
    )


def prometheus_flags() -> list[str]:
    """The flags for the durations that are in no file."""
    return [f"--{name}={faster(duration)}" for name, duration in PROMETHEUS_DEFAULTS.items()]


def exporter(clusters: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The exporter's configuration for these clusters: its defaults, in time."""
    evaluation, collection, cluster = EvaluationSettings(), Collection(), Cluster("", ())
    return {
        "defaults": {
            "evaluation": {name: getattr(evaluation, name) / SCALE for name in ("window", "patience", "min_distance")},
            "members_refresh": cluster.members_refresh / SCALE,
        },
        "collection": {
            name: getattr(collection, name) / SCALE for name in ("min_interval", "timeout_offset", "max_report_age")
        },
        "clusters": clusters,
    }


def _load(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _dump(tree: Any) -> str:
    return yaml.safe_dump(tree, sort_keys=False)


def _written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file
