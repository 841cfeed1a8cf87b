"""Debian's Burrow and the exporter beside each other, and how their answers are compared."""

from __future__ import annotations

import http.client
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bcrypt

from testbed import servers
from testbed.behaviours import Behaviour, consumer
from testbed.broker import Cluster
from testbed.burrow import burrow
from testbed.distribution import OLDER
from testbed.members import ConfluentMember
from testbed.processes import wait_until
from testbed.producers import fill
from testbed.servers import Server
from testbed.zookeeper import ZooKeeper

PATIENCE = 40.0
ORIGIN = "https://dashboard.example.com"
RECORDS = 50
HASH: Final = bcrypt.hashpw(b"open sesame", bcrypt.gensalt(4)).decode()
PASSWORD: Final = "Basic " + b64encode(b"somebody:open sesame").decode()
EVALUATION: Final = {"window": "9s", "patience": "9s", "min_distance": "900ms"}
KEPT: Final = 26
"""How many commits the exporter keeps with this evaluation."""


@dataclass(frozen=True)
class Said:
    """An answer, and what of its headers a client may look at."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def ask(server: Server, path: str, method: str = "GET", body: str | None = None, *, password: str = PASSWORD) -> Said:
    """What a server says; Burrow asks for no password, the exporter needs one before a level may be set."""
    with closing(http.client.HTTPConnection(server.address, timeout=30)) as connection:
        connection.request(method, path, body, {"Authorization": password})
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Said(answer.status, headers, answer.read().decode())


@dataclass(frozen=True)
class Both:
    """The two, and the Kafka that they watch."""

    kafka: Cluster
    burrow: Server
    exporter: Server

    def ask(self, path: str, method: str = "GET", body: str | None = None) -> tuple[Said, Said]:
        return ask(self.burrow, path, method, body), ask(self.exporter, path, method, body)

    def until(self, path: str, condition: Callable[[Any], bool]) -> None:
        """Waits until both answer so; nobody promises that one of them does so first."""
        wait_until(lambda: all(condition(said.json) for said in self.ask(path)), PATIENCE, f"both to agree on {path}")


@contextmanager
def side_by_side(folder: Path) -> Iterator[Both]:
    """Two clusters by name, one by fact; groups with and without members, on all partitions and on some."""
    with ExitStack() as stack:
        kafka = stack.enter_context(Cluster(folder, version=OLDER))
        zookeeper = stack.enter_context(ZooKeeper(folder))
        kafka.create_topic("orders", partitions=3)
        kafka.create_topic("Archive", partitions=2)
        fill(kafka, "orders", RECORDS)
        # The first commit of all makes Kafka create the topic that Burrow reads.
        kafka.commit("some", {("orders", 0): 10})
        theirs = stack.enter_context(
            burrow(folder, kafka, zookeeper, clusters=["local", "Mixed"], intervals=KEPT, origin=ORIGIN)
        )
        there = {"bootstrap_servers": list(kafka.bootstrap_servers), "members_refresh": "0s"}
        configuration = {
            "clusters": {"local": there, "Mixed": there},
            "defaults": {"evaluation": EVALUATION},
            "collection": {"min_interval": "100ms"},
            "web": {"access_control_allow_origin": ORIGIN, "api_log_level": True, "unauthenticated_health": True},
        }
        protected = folder / "web.yml"
        protected.write_text(f"basic_auth_users: {{somebody: '{HASH}'}}\n", encoding="utf-8")
        ours = stack.enter_context(servers.exporter(folder, configuration, f"--web.config.file={protected}"))
        found = Both(kafka, theirs, ours)
        wait_until(
            lambda: ask(theirs, "/v3/kafka/mixed/topic/orders").status == 200, PATIENCE, "Burrow to know offsets"
        )
        stack.enter_context(consumer(ConfluentMember(kafka, "member", "orders", protocol="classic"), Behaviour.IDLE))
        kafka.commit("some", {("orders", 0): 20, ("orders", 2): 5})
        for group in ("a/b", "a b", "<b>&", "grüße", "100%"):
            kafka.commit(group, {("orders", 0): 1})
        found.until("/v3/kafka/local/consumer", lambda body: len(body["consumers"]) == 7)
        member = "/v3/kafka/local/consumer/member"
        wait_until(
            lambda: '"client_id":"member"' in ask(ours, member).text, PATIENCE, "the exporter to know the member"
        )
        for group in ("member", "some"):
            found.until(f"/v3/kafka/local/consumer/{group}", lambda body: len(body["topics"]["orders"]) == 3)
        yield found


Difference = tuple[str, Any, Any]
"""Where in the body, what Burrow says, and what is said here; MISSING where nothing is."""

MISSING = object()


def differences(theirs: Any, ours: Any, at: str = "") -> Iterator[Difference]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        common = [key for key in theirs if key in ours]
        if common != [key for key in ours if key in theirs] and not at.endswith("/topics"):
            yield f"{at}/(order)", list(theirs), list(ours)
        for key in {**theirs, **ours}:
            yield from differences(theirs.get(key, MISSING), ours.get(key, MISSING), f"{at}/{key}")
    elif isinstance(theirs, list) and isinstance(ours, list):
        yield from lists(theirs, ours, at)
    elif type(theirs) is not type(ours) or theirs != ours:
        yield at, theirs, ours


def lists(theirs: list[Any], ours: list[Any], at: str) -> Iterator[Difference]:
    if at in {"/clusters", "/topics", "/consumers", "/modules"}:
        # What is in random order there is in order here.
        assert ours == sorted(ours)
        for name in sorted({*theirs} ^ {*ours}):
            yield f"{at}/*", name if name in theirs else MISSING, name if name in ours else MISSING
        return
    if at == "/status/partitions":
        theirs = sorted(theirs, key=lambda each: (each["topic"], each["partition"]))
    if len(theirs) != len(ours):
        yield f"{at}/(length)", len(theirs), len(ours)
    for index, pair in enumerate(zip(theirs, ours, strict=False)):
        yield from differences(*pair, f"{at}/{index}")


COMMIT = r"/(start|end|offsets/\d+)"
RULES: Final = [
    ("cluster-case", "/v3/kafka", r"/clusters/\*", lambda _, __: True),
    ("cluster-case", r"/v3/config/(cluster|consumer)", r"/modules/\*", lambda _, __: True),
    ("internal-topics", r".*/topic", r"/topics/\*", lambda theirs, _: theirs == "__consumer_offsets"),
    ("modules", r"/v3/config/(storage|evaluator)", r"/modules/\*", lambda _, __: True),
    ("modules", ".*", r"/module/(client-profile/(name|client-id|kafka-version))", lambda _, __: True),
    ("settings", "/v3/config", r"/(general|logging|zookeeper|httpserver)/.*", lambda _, ours: ours is not MISSING),
    (
        "settings",
        ".*",
        r"/module/(topic-refresh|offset-refresh|expire-cache|expire-group|min-distance|offsets-topic)",
        lambda _, ours: ours is not MISSING,
    ),
    ("old-whitelist", ".*", "/module/group-(allow|white)list", lambda _, __: True),
    ("old-no-observed-at", ".*", f".*{COMMIT}/observedAt", lambda theirs, ours: theirs is MISSING and ours % 1000 == 0),
    ("sampled-commits", ".*", rf".*{COMMIT}/timestamp", lambda _, ours: ours is not MISSING),
    # Clients with strict types cannot read a null, which Burrow gives only for commits that came out of order.
    ("sampled-commits", ".*", rf".*{COMMIT}/lag", lambda _, ours: isinstance(ours, int)),
    # Burrow keeps each commit, and the exporter each observation: windows are filled at their own pace.
    ("sampled-commits", ".*/consumer/[^/]*", r"/topics/[^/]+/\d+/offsets/\d+(/offset)?", lambda _, __: True),
    ("old-no-owners", ".*", ".*/(owner|client_id)", lambda theirs, _: theirs == ""),
    ("windows-in-time", ".*", "/status/(.*/)?(complete|start/offset)", lambda _, ours: ours is not MISSING),
    ("young-windows", ".*/(lag|status)", "/status/(.*/)?status", lambda _, ours: ours == "OK"),
    ("young-windows", ".*/status", r"/status/partitions/(\(length\)|\d+)", lambda _, __: True),
]


def explained(path: str, theirs: Any, ours: Any) -> set[str]:
    """The documented differences that explain all there are between two bodies."""
    found = set()
    for at, their, our in differences(theirs, ours):
        names = [
            name
            for name, paths, places, condition in RULES
            if re.fullmatch(paths, path) and re.fullmatch(places, at) and condition(their, our)
        ]
        assert names, f"{path} differs at {at}: Burrow says {their!r}, the exporter {our!r}"
        found.add(names[0])
    return found
