"""A group that is deleted through Burrow's API begins anew, and Kafka's commits stay as they are."""

from __future__ import annotations

import http.client
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from testbed.kafka import Kafka
from testbed.processes import wait_until
from testbed.producers import fill
from testbed.servers import Server

pytestmark = pytest.mark.real

PATIENCE = 30.0
WORD = "open sesame"


def test_a_deleted_group_begins_anew(
    kafka: Kafka, start_exporter: Callable[..., Server], unique: Callable[[str], str], tmp_path: Path
) -> None:
    topic, group, other = kafka.create_topic(unique("orders")), unique("a/b"), unique("other")
    fill(kafka, topic, 50)
    for name in (group, other):
        kafka.commit(name, {(topic, 0): 5})
    file = tmp_path / "web.yml"
    word = bcrypt.hashpw(WORD.encode(), bcrypt.gensalt(4)).decode()
    file.write_text(f"basic_auth_users: {{somebody: '{word}'}}\n", encoding="utf-8")
    server = start_exporter(
        {
            "clusters": {"c": {"bootstrap_servers": list(kafka.bootstrap_servers)}},
            "defaults": {"evaluation": {"min_distance": "100ms"}},
            "collection": {"min_interval": "100ms"},
            "web": {"api_delete": True, "unauthenticated_health": True},
        },
        f"--web.config.file={file}",
    )
    known = {"Authorization": "Basic " + b64encode(f"somebody:{WORD}".encode()).decode()}

    def ask(path: str, method: str = "GET", headers: Mapping[str, str] = known) -> tuple[int, Any]:
        with closing(http.client.HTTPConnection(server.address, timeout=PATIENCE)) as connection:
            connection.request(method, f"/v3/kafka/c/consumer/{path}", headers=dict(headers))
            answer = connection.getresponse()
            body = answer.read()
            return answer.status, json.loads(body) if body.startswith(b"{") else body

    def entries(name: str) -> list[Any]:
        partition = ask(name.replace("/", "%2F"))[1]["topics"][topic][0]
        return [entry for entry in partition["offsets"] if entry is not None]

    def move(offset: int) -> None:
        for name in (group, other):
            kafka.commit(name, {(topic, 0): offset})
        wait_until(lambda: entries(other)[-1]["offset"] == offset, PATIENCE, f"offset {offset} to be seen")

    for offset in (6, 7, 8):
        move(offset)
    path = group.replace("/", "%2F")
    assert len(entries(group)) >= 3
    assert ask(path, "DELETE", {})[0] == 401
    assert ask(path, "DELETE")[1]["message"] == "consumer group removed"
    move(9)
    assert [entry["offset"] for entry in entries(group)][-1] == 9
    assert len(entries(group)) <= 2
    assert len(entries(other)) >= 4
    assert kafka.committed(group) == {(topic, 0): 9}
