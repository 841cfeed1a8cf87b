"""A consumer that dies before it commits, as a process of its own.

It joins its group, reads records, and ends without a word to Kafka, which counts it as a member until its session has
timed out. Starting it again and again, after longer and longer pauses, is what a supervisor makes of a poison record.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from testbed.kafka import Kafka
from testbed.members import ConfluentMember
from testbed.processes import Process

CRASHED = 17
"""The exit code of a consumer that has crashed as it should."""

SESSION_SECONDS = 1.0
STEP_SECONDS = 0.1


def crashing_consumer(folder: Path, kafka: Kafka, group: str, topic: str) -> Process:
    """One life of such a consumer."""
    command = [sys.executable, "-m", "testbed.crashing", ",".join(kafka.bootstrap_servers), group, topic]
    return Process("crashing consumer", command, folder / f"{group}.log")


def _main() -> None:
    servers, group, topic = sys.argv[1:]
    member = ConfluentMember(Kafka(servers.split(",")), group, topic, "classic", session_seconds=SESSION_SECONDS)
    while not member.positions():
        member.read(STEP_SECONDS)
    os._exit(CRASHED)


if __name__ == "__main__":
    _main()
