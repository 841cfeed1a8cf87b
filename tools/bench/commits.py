"""Commits that flow: what they cost Burrow, which reads each of them, and this exporter, which reads at scrapes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from confluent_kafka import TopicPartition

from testbed.broker import Cluster
from testbed.burrow import burrow
from testbed.distribution import OLDER
from testbed.loops import Loop
from testbed.processes import wait_until
from testbed.producers import producer
from testbed.servers import get
from testbed.zookeeper import ZooKeeper
from tools.bench.measuring import KAFKA, NAME, this
from tools.bench.peers import BurrowProgram
from tools.bench.sizes import COMMITTED, SIZES, Commits, Say, fill_kafka
from tools.bench.subjects import Subject

RATES: Final = (1_000, 5_000)
"""Commits a second, each of one group on one partition."""

SECONDS: Final = 120.0
INTERVALS: Final = (30.0, 15.0)
WARM_UP_SECONDS: Final = 30.0
SIZE: Final = SIZES["1k"]
CATCH_UP_SECONDS: Final = 60.0
SLACK: Final = 10
TICK_SECONDS: Final = 0.02
OFFSET_REFRESH: Final = 10
TOPIC_REFRESH: Final = 60
"""Seconds, as in Burrow's sample configuration."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A subject and how often it is scraped; Burrow is not, since it reads on its own."""

    subject: Subject
    interval: float | None = None

    def __str__(self) -> str:
        return self.subject.name if self.interval is None else f"{self.subject.name}, every {self.interval:g} s"


def measure_commits(folder: Path, program: BurrowProgram, say: Say) -> list[dict[str, Any]]:
    """CPU seconds a minute of Burrow, and of this exporter scraped every 30 s and every 15 s, at each rate."""
    say(f"commits that flow, {SIZE}: starting Kafka, Burrow, and an exporter for each interval")
    with ExitStack() as stack:
        kafka = stack.enter_context(
            # Kafka 4.4 writes commits in a format that Burrow cannot decode.
            Cluster(folder, version=OLDER, properties=KAFKA, heap="2g", optimized=True)
        )
        fill_kafka(kafka, SIZE, say)
        zookeeper = stack.enter_context(ZooKeeper(folder))
        reading = burrow(
            folder,
            kafka,
            zookeeper,
            clusters=[NAME],
            offset_refresh=OFFSET_REFRESH,
            topic_refresh=TOPIC_REFRESH,
            program=program.path,
        )
        all_watched = [Watched(Subject(f"Burrow ({program.version})", reading, program.version))]
        for interval in INTERVALS:
            own = folder / f"every-{interval:g}s"
            own.mkdir()
            all_watched.append(Watched(this(own, kafka), interval))
        for watched in all_watched:
            stack.enter_context(watched.subject.server.start())
        flow = Flow(kafka)
        return [_at_rate(rate, kafka, flow, all_watched, say) for rate in RATES]


class Flow:
    """Commits of all groups in turn, each of them on all partitions at once."""

    def __init__(self, kafka: Cluster) -> None:
        self._commits = Commits(kafka.admin)
        self._groups = list(SIZE.group_names())
        self._partitions = [(topic, number) for topic, size in SIZE.topics().items() for number in range(size)]
        self.requests = 0

    @property
    def count(self) -> int:
        """How many commits there were."""
        return self.requests * len(self._partitions)

    @property
    def last(self) -> tuple[str, int]:
        """The group that committed last, and the offset."""
        turn, position = divmod(self.requests - 1, len(self._groups))
        return self._groups[position], COMMITTED + 1 + turn

    def loop(self, rate: float) -> Loop:
        """A thread that lets so many commits a second flow, evenly."""
        before, started = self.requests, time.monotonic()

        def step() -> bool:
            due = before + int((time.monotonic() - started) * rate / len(self._partitions))
            while self.requests < due:
                self.requests += 1
                group, offset = self.last
                wanted = [TopicPartition(topic, number, offset) for topic, number in self._partitions]
                self._commits.send_offsets(group, wanted)
            time.sleep(TICK_SECONDS)
            return True

        return Loop("commits", step, self._commits.wait, WARM_UP_SECONDS + 2 * SECONDS)


def _at_rate(rate: int, kafka: Cluster, flow: Flow, watched: Sequence[Watched], say: Say) -> dict[str, Any]:
    """The CPU seconds a minute of each at one rate."""
    topics = list(SIZE.topics())
    with producer(kafka, topics, rate=rate / SIZE.group_partitions), flow.loop(rate) as loop:
        say(f"{rate:,} commits a second: warming up")
        _scrape(watched, WARM_UP_SECONDS)
        started, commits = time.monotonic(), flow.count
        before = [one.subject.cpu() for one in watched]
        say(f"{rate:,} commits a second: for {SECONDS:g} s")
        _scrape(watched, SECONDS)
        seconds, reached = time.monotonic() - started, flow.count - commits
        used = [one.subject.cpu() - earlier for one, earlier in zip(watched, before, strict=True)]
        loop.check()
    _check_burrow(watched[0].subject, flow)
    return {
        "rate": rate,
        "reached": reached / seconds,
        "seconds": seconds,
        "subjects": [
            {
                "name": str(one),
                "cpu_seconds_per_minute": 60 * cpu / seconds,
                "resident_bytes": one.subject.memory()["VmRSS"],
            }
            for one, cpu in zip(watched, used, strict=True)
        ],
    }


def _scrape(watched: Sequence[Watched], seconds: float) -> None:
    """Scrapes each at its interval for so many seconds, the first time at half an interval."""
    started = time.monotonic()
    plan: list[tuple[float, Callable[[], object]]] = []
    for one in watched:
        if one.interval is not None:
            times = int(seconds / one.interval)
            plan += [((number + 0.5) * one.interval, one.subject.scrape) for number in range(times)]
    for at, scrape in sorted(plan, key=lambda planned: planned[0]):
        time.sleep(max(started + at - time.monotonic(), 0.0))
        scrape()
    time.sleep(max(started + seconds - time.monotonic(), 0.0))


def _check_burrow(subject: Subject, flow: Flow) -> None:
    """Raises TestbedError unless Burrow reads the last commit too: a Burrow that reads nothing costs nothing."""
    group, offset = flow.last

    def known() -> bool:
        _, text = get(f"{subject.server.url}/v3/kafka/{NAME}/consumer/{group}")
        partitions = [one for topic in json.loads(text).get("topics", {}).values() for one in topic]
        # It keeps one commit a second, so that the last but one may be the last that it has.
        newest = (one["offsets"][-1] for one in partitions if one["offsets"])
        return bool(partitions) and all(entry is not None and entry["offset"] >= offset - SLACK for entry in newest)

    wait_until(known, CATCH_UP_SECONDS, f"Burrow to know that {group} has committed {offset}", 0.5)
