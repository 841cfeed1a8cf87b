"""Debian's Burrow (1.2.1), to compare its answers with the exporter's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from testbed.kafka import Kafka
from testbed.servers import Server
from testbed.zookeeper import ZooKeeper

KAFKA_VERSION = "2.0.0"
"""A protocol version that this Burrow supports."""

Section = Mapping[str, object]


def burrow(
    folder: Path,
    kafka: Kafka,
    zookeeper: ZooKeeper,
    *,
    clusters: Iterable[str],
    intervals: int = 10,
    min_distance: int = 1,
    origin: str = "",
    topic_refresh: int = 2,
    offset_refresh: int = 1,
    offsets_root: str = "",
    program: str | Path = "Burrow",
) -> Server:
    """A Burrow that watches ``kafka`` under each of the names.

    It keeps ``intervals`` commits of each partition, at least ``min_distance`` seconds apart. ``origin``: the origin
    whose pages may read its API. ``topic_refresh`` and ``offset_refresh``: how often it looks for new topics and end
    offsets, in seconds. ``offsets_root``: the path below which it reads groups that commit to ZooKeeper, too.
    """
    client = {"client-id": "burrow", "kafka-version": KAFKA_VERSION}
    servers = list(kafka.bootstrap_servers)

    def command(address: str) -> list[str]:
        sections: dict[str, Section] = {
            "general": {"pidfile": str(folder / "burrow.pid"), "access-control-allow-origin": origin},
            "logging": {"level": "info"},
            "zookeeper": {"servers": [zookeeper.address], "timeout": 6, "root-path": "/burrow"},
            "client-profile.testbed": client,
            "httpserver.default": {"address": address},
            "storage.default": {"class-name": "inmemory", "intervals": intervals, "min-distance": min_distance},
            "evaluator.default": {"class-name": "caching", "expire-cache": 1},
        }
        for name in clusters:
            there = {"class-name": "kafka", "servers": servers, "client-profile": "testbed"}
            sections[f"cluster.{name}"] = {**there, "topic-refresh": topic_refresh, "offset-refresh": offset_refresh}
            sections[f"consumer.{name}"] = {**there, "cluster": name, "offsets-topic": "__consumer_offsets"}
            if offsets_root:
                sections[f"consumer.{name}-zk"] = {
                    "class-name": "kafka_zk",
                    "cluster": name,
                    "servers": [zookeeper.address],
                    "zookeeper-path": offsets_root,
                    "zookeeper-timeout": 30,
                }
        text = "".join(f"[{name}]\n{_settings(section)}\n" for name, section in sections.items())
        (folder / "burrow.toml").write_text(text, encoding="utf-8")
        return [str(program), "--config-dir", str(folder)]

    return Server("burrow", command, folder, ready_path="/burrow/admin")


def _settings(section: Section) -> str:
    """The lines of a section in TOML, which writes texts, numbers and lists as JSON does."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in section.items())
