"""A real Streams application."""

from __future__ import annotations

from pathlib import Path

from testbed.distribution import CURRENT, STREAMS, fetch
from testbed.kafka import Kafka
from testbed.processes import Process

SOURCE = Path(__file__).with_name("StreamsApplication.java")
STALL = "stall"
"""The record on which the application works for ever."""


def streams_application(folder: Path, kafka: Kafka, group: str, topic: str) -> Process:
    """An application that reads a topic as the only member of a group; Java compiles it when it starts."""
    arguments = (",".join(kafka.bootstrap_servers), group, topic, folder / group)
    command = fetch(CURRENT, artifact=STREAMS).java(str(SOURCE), *arguments, heap="128m")
    return Process(group, command, folder / f"{group}.log")
