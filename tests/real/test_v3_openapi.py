"""Schemathesis holds the running program to its own description: no request brings an answer that is not in it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from exporter.web.v3.endpoints import ENDPOINTS
from testbed.kafka import Kafka
from testbed.producers import fill
from testbed.servers import Server

pytestmark = pytest.mark.real

RUN_SECONDS = 240
EXAMPLES = 10


@pytest.mark.parametrize("names", ["any", "existing"])
def test_every_answer_is_as_described(
    kafka: Kafka,
    start_exporter: Callable[..., Server],
    unique: Callable[[str], str],
    tmp_path: Path,
    names: str,
) -> None:
    topic, group = kafka.create_topic(unique("orders"), partitions=2), unique("group")
    fill(kafka, topic, 20)
    kafka.commit(group, {(topic, 1): 5})
    server = start_exporter(
        {
            "clusters": {"c": {"bootstrap_servers": list(kafka.bootstrap_servers), "groups": {"deny": ""}}},
            "collection": {"min_interval": "1s"},
        }
    )
    existing: Mapping[str, str] = {"cluster": "c", "name": "c", "topic": topic, "consumer": group}
    lines = ["[parameters]", *(f'"path.{name}" = "{value}"' for name, value in existing.items() if names == "existing")]
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration), "run"),
            *("--checks", "all", "--max-examples", str(EXAMPLES), "--generation-deterministic", "--no-color"),
            f"{server.url}/v3/openapi.json",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # It leaves out one endpoint by itself: the one that it has the description from.
    assert f"{len(ENDPOINTS) - 1} selected / {len(ENDPOINTS) - 1} total" in done.stdout
    assert server.running
    assert "Traceback" not in server.log.read_text(encoding="utf-8")
