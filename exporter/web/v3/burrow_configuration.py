"""The settings in the form of Burrow's: its fields, empty where this exporter has no counterpart.

For each cluster there is one module of each kind, under the cluster's name. No secret is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from exporter.core.history import capacity
from exporter.settings import Cluster, Settings
from exporter.web.server.http_connection import REQUEST_SECONDS
from exporter.web.v3.go_json import Value

COORDINATORS: Final = ("storage", "evaluator", "cluster", "consumer", "notifier")
"""The kinds of modules in Burrow."""


def main(settings: Settings) -> Mapping[str, Value]:
    """What `/v3/config` shows, in Burrow's order."""
    return {
        "general": {
            "pidfile": "",
            "stdout-logfile": "",
            "access-control-allow-origin": settings.web.access_control_allow_origin or "",
        },
        "logging": {
            "filename": "",
            "max-size": 0,
            "max-backups": 0,
            "max-age": 0,
            "use-local-time": False,
            "use-compression": False,
            "level": settings.log.level,
        },
        "zookeeper": {"servers": [], "timeout": 0, "root-path": ""},
        "httpserver": {
            "default": {"address": settings.web.listen_address, "tls": "", "timeout": int(REQUEST_SECONDS)},
        },
    }


def modules(settings: Settings, coordinator: str) -> list[str]:
    """The names of a coordinator's modules, in order; there are no notifiers, because Alertmanager does their job."""
    return [] if coordinator == "notifier" else sorted(cluster.name for cluster in settings.clusters)


def module(settings: Settings, coordinator: str, name: str) -> Mapping[str, Value] | None:
    """The configuration of one module, in Burrow's order; None if there is none of that name."""
    if name not in modules(settings, coordinator):
        return None
    cluster = next(cluster for cluster in settings.clusters if cluster.name == name)
    lifetime = _seconds(settings.collection.min_interval)
    match coordinator:
        case "storage":
            return {
                "class-name": "inmemory",
                "intervals": capacity(cluster.judging),
                "min-distance": _seconds(cluster.evaluation.min_distance),
                "group-allowlist": _groups(cluster),
                "expire-group": 0,
            }
        case "evaluator":
            return {"class-name": "caching", "expire-cache": lifetime}
        case "cluster":
            return {
                "class-name": "kafka",
                "servers": list(cluster.bootstrap_servers),
                "client-profile": _profile(cluster),
                "topic-refresh": lifetime,
                "offset-refresh": lifetime,
            }
        case _:
            return {
                "class-name": "kafka",
                "cluster": cluster.name,
                "servers": list(cluster.bootstrap_servers),
                "group-allowlist": _groups(cluster),
                "zookeeper-path": "",
                "zookeeper-timeout": 0,
                "client-profile": _profile(cluster),
                "offsets-topic": "",
                "start-latest": False,
            }


def _profile(cluster: Cluster) -> Mapping[str, Value]:
    tls, sasl = cluster.tls, cluster.sasl
    return {
        "name": cluster.name,
        "client-id": cluster.client_id,
        "kafka-version": "",
        "tls": None
        if tls is None
        else {
            "name": cluster.name,
            "noverify": not tls.verify_hostname,
            "certfile": tls.cert_file or "",
            "keyfile": tls.key_file or "",
            "cafile": tls.ca_file or "",
        },
        "sasl": None
        if sasl is None
        else {"name": cluster.name, "handshake-first": False, "username": sasl.username or ""},
    }


def _groups(cluster: Cluster) -> str:
    return "" if cluster.groups.allow is None else cluster.groups.allow.pattern


def _seconds(duration: float) -> int:
    """Whole seconds, as Burrow's clients expect."""
    return round(duration)
