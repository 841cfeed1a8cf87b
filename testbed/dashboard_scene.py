"""A scene for the dashboards to show: a real Kafka's groups in every state, the exporter, and a Prometheus.

The tests play it in a minute, the pictures of the documentation in half an hour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from confluent_kafka import ShareConsumer

from testbed import alerting
from testbed.behaviours import Behaviour, consumer
from testbed.kafka import Kafka
from testbed.loops import Loop
from testbed.members import ClassicMember, ConfluentMember, Member
from testbed.processes import LOOPBACK, free_ports
from testbed.producers import fill, producer
from testbed.servers import Server, exporter, prometheus

JOB = "kafka-burrow-exporter"
CLUSTER, BY_TOPIC, UNREACHABLE = "east", "east-by-topic", "west"


@dataclass(frozen=True, slots=True)
class Part:
    """One group: what it reads, what it does, and after how many tempi it turns to that."""

    group: str
    topic: str
    behaviour: Behaviour
    turns_after: float = 1.0
    member: Callable[[Kafka, str, str], Member] = ConfluentMember
    records: int = 1


PARTS = (
    Part("billing", "orders", Behaviour.HEALTHY),
    Part("search-index", "orders", Behaviour.HEALTHY, member=ClassicMember),
    Part("returns-desk", "returns", Behaviour.IDLE),
    Part("ledger", "orders", Behaviour.SLOW, turns_after=1.0, records=4),
    Part("mailer", "returns", Behaviour.STALLED, turns_after=2.5),
    Part("fraud-check", "orders", Behaviour.STOPPED, turns_after=3.5, member=ClassicMember),
    Part("replayer", "returns", Behaviour.REWINDING, turns_after=4.5, member=ClassicMember),
)
BACKFILL, LATE, SHARED = "backfill", "late-reader", "work-queue"
ARCHIVED = 60_000
RETURNED = 4_000
EXPIRED = 400


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it is played, in seconds: ``tempo`` is the unit of the parts' turns, ``lifetime`` the whole."""

    tempo: float
    lifetime: float
    scrape_interval: float
    evaluation: Mapping[str, str]
    members_refresh: str
    backfill_rate: float


QUICK = Pace(
    tempo=2.0,
    lifetime=240.0,
    scrape_interval=1.0,
    evaluation={"window": "8s", "patience": "8s", "min_distance": "900ms"},
    members_refresh="2s",
    backfill_rate=100.0,
)
USUAL = Pace(
    tempo=180.0,
    lifetime=2400.0,
    scrape_interval=15.0,
    evaluation={},
    members_refresh="60s",
    backfill_rate=30.0,
)


@dataclass(frozen=True, slots=True)
class Played:
    """A scene that is being played, and the address of the Prometheus that watches it."""

    url: str
    loops: tuple[Loop, ...]

    def check(self) -> None:
        """Raises what went wrong with anybody in it, if anything did."""
        for loop in self.loops:
            loop.check()


@contextmanager
def played(kafka: Kafka, folder: Path, pace: Pace, *, all_kinds: bool) -> Iterator[Played]:
    """The scene, while it is played.

    ``all_kinds`` adds a cluster of coarser granularity and one that cannot be reached, and lets alerts fire sooner, for
    every query to have data.
    """
    with ExitStack() as stack:
        for topic, partitions in (("orders", 4), ("returns", 2), ("archive", 2), ("clicks", 1)):
            kafka.create_topic(topic, partitions=partitions)
        fill(kafka, "archive", ARCHIVED)
        fill(kafka, "returns", RETURNED)
        fill(kafka, "clicks", EXPIRED + 100)
        watching = stack.enter_context(exporter(folder, _configuration(kafka, pace, all_kinds=all_kinds)))
        rules = _rules(folder, faster=all_kinds)
        server = stack.enter_context(prometheus(folder, _scraping(watching, pace, rules)))
        kafka.commit(LATE, {("clicks", 0): 10})
        kafka.delete_records("clicks", 0, EXPIRED)
        loops = [
            producer(kafka, ["orders"], rate=20.0, lifetime=pace.lifetime),
            producer(kafka, ["returns"], rate=4.0, lifetime=pace.lifetime),
            _backfill(kafka, pace),
            _share(kafka, pace),
            *(_loop(kafka, part, pace) for part in PARTS),
        ]
        for loop in loops:
            stack.enter_context(loop)
        stack.callback(_ask_to_stop, loops)
        yield Played(server.url, tuple(loops))


def _ask_to_stop(loops: Sequence[Loop]) -> None:
    """Lets all end at the same time, before each is waited for."""
    for loop in loops:
        loop.ask_to_stop()


def _loop(kafka: Kafka, part: Part, pace: Pace) -> Loop:
    return consumer(
        part.member(kafka, part.group, part.topic),
        part.behaviour,
        turns_after=part.turns_after * pace.tempo,
        records=part.records,
        lifetime=pace.lifetime,
    )


def _backfill(kafka: Kafka, pace: Pace) -> Loop:
    """A group that works off an archive, steadily: the one that will have caught up some time."""
    member = ConfluentMember(kafka, BACKFILL, "archive")
    done: dict[tuple[str, int], int] = {}

    def step() -> bool:
        member.read(1.0)
        for at, offset in member.positions().items():
            done[at] = min(offset, done.get(at, 0) + int(pace.backfill_rate))
        if done:
            member.commit(done)
        return True

    return Loop("backfill", step, member.close, pace.lifetime)


def _share(kafka: Kafka, pace: Pace) -> Loop:
    """A share group, which Burrow's rules say nothing of."""
    servers = ",".join(kafka.bootstrap_servers)
    reader = ShareConsumer({"bootstrap.servers": servers, "group.id": SHARED, "log_level": 0})
    reader.subscribe(["returns"])

    def step() -> bool:
        reader.poll(timeout=0.5)
        return True

    return Loop("share consumer", step, reader.close, pace.lifetime)


def _configuration(kafka: Kafka, pace: Pace, *, all_kinds: bool) -> dict[str, Any]:
    east = {
        "bootstrap_servers": list(kafka.bootstrap_servers),
        "members_refresh": pace.members_refresh,
        "evaluation": dict(pace.evaluation),
    }
    clusters: dict[str, Any] = {CLUSTER: east}
    if all_kinds:
        (nobody,) = free_ports(1)
        clusters[BY_TOPIC] = {**east, "granularity": "topic"}
        clusters[UNREACHABLE] = {"bootstrap_servers": [f"{LOOPBACK}:{nobody}"]}
    return {"clusters": clusters, "collection": {"min_interval": f"{int(pace.scrape_interval * 500)}ms"}}


def _rules(folder: Path, *, faster: bool) -> list[str]:
    """The files of the shipped rules; ``faster``: copies with shorter durations, as the tests of alerts have them."""
    shipped = sorted(alerting.RULES.parent.glob("*.yml"))
    if not faster:
        return [str(file) for file in shipped]
    copies = [folder / f"rules-{file.name}" for file in shipped]
    for file, copy in zip(shipped, copies, strict=True):
        copy.write_text(alerting.rules(file), encoding="utf-8")
    return [str(copy) for copy in copies]


def _scraping(watching: Server, pace: Pace, rules: Sequence[str]) -> str:
    seconds = f"{pace.scrape_interval:g}s"
    job = {"job_name": JOB, "static_configs": [{"targets": [watching.address]}]}
    times = {"scrape_interval": seconds, "scrape_timeout": seconds}
    return yaml.safe_dump({"global": times, "rule_files": list(rules), "scrape_configs": [job]})
