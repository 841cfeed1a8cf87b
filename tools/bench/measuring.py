"""One size of cluster: the exporter, other exporters and the floor in turns, on the same Kafka."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import mean, median
from typing import Any, Final

from exporter import __version__
from exporter.settings import Cluster
from testbed import servers
from testbed.broker import Cluster as KafkaCluster
from testbed.processes import TestbedError
from tools.bench.floor import Floor, listen
from tools.bench.sizes import Say, Size, fill_kafka
from tools.bench.subjects import Cost, Scrape, Subject

THIS: Final = "this"
FLOOR: Final = "floor"
SCRAPERS: Final = 10
SCRAPERS_ROUNDS: Final = 3
WARM_UP: Final = 2
NAME: Final = "bench"

KAFKA: Final = {"offsets.topic.num.partitions": "50", "num.network.threads": "3", "num.io.threads": "8"}
"""As Kafka's defaults are, which the testbed makes smaller."""

_STAGE: Final = re.compile(rb'^burrow_exporter_collection_duration_seconds\{.*stage="(\w+)"\} (\S+)$', re.MULTILINE)
_REQUESTS: Final = re.compile(rb'^burrow_exporter_kafka_requests\{.*kind="(\w+)"\} (\S+)$', re.MULTILINE)
_COLLECTED: Final = re.compile(rb"^burrow_exporter_last_collection_timestamp_seconds\S* (\S+)$", re.MULTILINE)
_FAILURES: Final = re.compile(rb"^burrow_exporter_failures\{.*$", re.MULTILINE)
_PARTITIONS: Final = re.compile(rb"^burrow_kafka_topic_partition_status\{", re.MULTILINE)

Open = Callable[[Path, KafkaCluster], Subject]
"""Makes a subject, not started yet, for a Kafka; what it needs of files goes into the folder."""


def measure(size: Size, folder: Path, peers: Sequence[Open], say: Say) -> dict[str, Any]:
    """All numbers of one size. Raises TestbedError if an exporter's page is not complete."""
    say(f"{size}: starting Kafka")
    with ExitStack() as stack:
        kafka = stack.enter_context(KafkaCluster(folder, properties=KAFKA, heap="2g", optimized=True))
        fill_kafka(kafka, size, say)
        subjects, starts = [], {}
        for open_subject in (this, *peers):
            subject = open_subject(folder, kafka)
            started = time.perf_counter()
            stack.enter_context(subject.server.start())
            subject.scrape()
            starts[subject.name] = time.perf_counter() - started
            subjects.append(subject)
        heard, observation = listen(Cluster(NAME, kafka.bootstrap_servers))
        if observation.failures:
            raise TestbedError(f"not all of Kafka could be read: {observation.failures}")
        floor = stack.enter_context(Floor(heard).connected())
        costs: dict[str, list[Cost]] = {subject.name: [] for subject in subjects}
        floors = []
        for number in range(-WARM_UP, size.rounds):
            say(f"{size}: " + (f"round {number + 1} of {size.rounds}" if number >= 0 else "warming up"))
            at_floor = floor.run()
            costs_now = {subject.name: subject.cost() for subject in subjects}
            if number >= 0:
                floors.append(at_floor)
                for name, cost in costs_now.items():
                    costs[name].append(cost)
        exporters = {
            subject.name: {
                "version": subject.version,
                "first_page_seconds": starts[subject.name],
                **summary(costs[subject.name]),
            }
            for subject in subjects
        }
        check_complete(costs[THIS][-1].scrape, size)
        exporters[THIS] |= details(costs[THIS])
        say(f"{size}: {SCRAPERS} scrapers at once")
        return {
            "name": size.name,
            "groups": size.groups,
            "partitions": size.partitions,
            "group_partitions": size.group_partitions,
            "rounds": size.rounds,
            "floor": {"seconds": median(floors), "each": floors, "bytes": floor.received},
            "exporters": exporters,
            "scrapers_at_once": together(subjects[0]),
        }


def this(folder: Path, kafka: KafkaCluster) -> Subject:
    """This exporter with its defaults, except that each scrape collects anew."""
    config = {
        "clusters": {NAME: {"bootstrap_servers": list(kafka.bootstrap_servers)}},
        "collection": {"min_interval": "0s"},
    }
    return Subject(THIS, servers.exporter(folder, config), __version__)


def summary(costs: Sequence[Cost]) -> dict[str, Any]:
    """What can be said of any exporter."""
    text = costs[-1].scrape.text()
    return {
        "seconds": median(cost.scrape.seconds for cost in costs),
        "each": [cost.scrape.seconds for cost in costs],
        "cpu_seconds": mean(cost.cpu for cost in costs),  # counted in ticks of 10 ms
        "resident_bytes": median(cost.resident for cost in costs),
        "peak_bytes": max(cost.peak for cost in costs),
        "page_bytes": len(text),
        "packed_bytes": len(costs[-1].scrape.packed),
        "series": text.count(b"\n") - text.count(b"\n#") - text.startswith(b"#"),
    }


def details(costs: Sequence[Cost]) -> dict[str, Any]:
    """What this exporter says of itself: seconds by stage, and requests by kind."""
    stages: dict[str, list[float]] = {}
    for cost in costs:
        of_one = {name: float(value) for name, value in _numbers(_STAGE, cost.scrape)}
        of_one["page"] = cost.scrape.seconds - of_one.pop("total")
        for name, value in of_one.items():
            stages.setdefault(name, []).append(value)
    return {
        "stages": {name: median(values) for name, values in stages.items()},
        "requests": {name: int(float(value)) for name, value in _numbers(_REQUESTS, costs[-1].scrape)},
    }


def check_complete(scrape: Scrape, size: Size) -> None:
    """Raises TestbedError unless the page has a verdict on every partition, and no failure."""
    text = scrape.text()
    judged = len(_PARTITIONS.findall(text))
    if judged != size.group_partitions or (failures := _FAILURES.findall(text)):
        raise TestbedError(f"{judged:,} of {size.group_partitions:,} partitions were judged; {failures}")


def together(subject: Subject) -> Mapping[str, Any]:
    """Several scrapers that come at the same time: the seconds of each, and how many collections that took."""
    slowest, each, collections = [], [], []
    with ThreadPoolExecutor(SCRAPERS) as pool:
        for _ in range(SCRAPERS_ROUNDS):
            scrapes = list(pool.map(lambda _: subject.scrape(), range(SCRAPERS)))
            each += [scrape.seconds for scrape in scrapes]
            slowest.append(max(scrape.seconds for scrape in scrapes))
            collections.append(len({_COLLECTED.findall(scrape.text())[0] for scrape in scrapes}))
    return {
        "scrapers": SCRAPERS,
        "seconds": median(each),
        "slowest_seconds": median(slowest),
        "collections": max(collections),
    }


def _numbers(pattern: re.Pattern[bytes], scrape: Scrape) -> list[tuple[str, str]]:
    return [(name.decode(), value.decode()) for name, value in pattern.findall(scrape.text())]
