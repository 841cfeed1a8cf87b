"""The demo: a real Kafka, six groups that behave in six ways, the exporter, and its verdicts, live.

`make demo` runs it. It ends after ``--seconds``, or by Ctrl-C, and leaves nothing behind.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from testbed.behaviours import Behaviour, consumer
from testbed.broker import Cluster
from testbed.demo_screen import Row, Screen
from testbed.distribution import FetchError
from testbed.kafka import Kafka, running_servers
from testbed.loops import Loop
from testbed.members import ClassicMember, ConfluentMember, Member
from testbed.processes import TestbedError
from testbed.producers import fill, producer
from testbed.scrape import Page, scrape
from testbed.servers import Server, exporter

LONGEST = 1800.0
"""Seconds after which the demo ends by itself at the latest; the rewinding consumer has records for that long."""

HISTORY = 4000
RATE = 20.0
SCRAPE_INTERVAL = 1.0
SCRAPE_TIMEOUT = 10.0
SETTINGS = {
    "members_refresh": "5s",
    "evaluation": {"window": "8s", "patience": "8s", "min_distance": "900ms"},
}
"""About twenty times shorter than the defaults, so that verdicts take seconds and not minutes."""


@dataclass(frozen=True, slots=True)
class Part:
    """One group of the demo: the behaviour of its consumer, and the status expected for it."""

    behaviour: Behaviour
    expected: str
    member: Callable[[Kafka, str, str], Member]
    turns_after: float = 5.0


PARTS = (
    Part(Behaviour.HEALTHY, "OK", ConfluentMember),
    Part(Behaviour.IDLE, "OK", ClassicMember),
    Part(Behaviour.SLOW, "WARN", ClassicMember),
    Part(Behaviour.STALLED, "STALL", ConfluentMember),
    # It stays for a whole window: how long a group may be silent is measured by the window it has filled.
    Part(Behaviour.STOPPED, "STOP", ClassicMember, turns_after=10.0),
    Part(Behaviour.REWINDING, "REWIND", ClassicMember),
)


class Interrupted(BaseException):
    """The demo was asked to end by the signal ``number``."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def play(seconds: float, screen: Screen) -> Sequence[Row]:
    """Runs the demo for so long from the moment Kafka is up, and returns each group as the last scrape showed it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kafka-burrow-exporter-demo-")))
        kafka, prefix = _start_kafka(stack, folder, screen)
        began = time.monotonic()
        orders, archive = (kafka.create_topic(f"{prefix}{name}", partitions=3) for name in ("orders", "archive"))
        if prefix:
            stack.callback(_delete, kafka, [orders, archive], [prefix + part.behaviour for part in PARTS])
        fill(kafka, orders, HISTORY)
        fill(kafka, archive, 100)
        server = stack.enter_context(exporter(folder, _configuration(kafka, prefix)))
        loops = [producer(kafka, [orders], rate=RATE, lifetime=seconds)]
        for part in PARTS:
            topic = archive if part.behaviour is Behaviour.IDLE else orders
            member = part.member(kafka, prefix + part.behaviour, topic)
            loops.append(consumer(member, part.behaviour, turns_after=part.turns_after, lifetime=seconds))
        for loop in loops:
            stack.enter_context(loop)
        stack.callback(_ask_to_stop, loops)
        screen.say(f"Exporter ready. Look for yourself: {server.url}/ and {server.url}/metrics")
        rows = [Row(prefix + part.behaviour, part.expected) for part in PARTS]
        for page, elapsed in _pages(server, loops, began, seconds):
            for row in rows:
                _update(row, page, elapsed)
            screen.show(rows, elapsed)
    return rows


def _start_kafka(stack: ExitStack, folder: Path, screen: Screen) -> tuple[Kafka, str]:
    """A Kafka for the demo, and a prefix that makes the names of its topics and groups unique."""
    servers = running_servers()
    if servers:
        kafka = Kafka(servers)
        if not kafka.brokers():
            raise TestbedError(f"no Kafka answers at KAFKA_BOOTSTRAP_SERVERS={','.join(servers)}")
        screen.say(f"Using the running Kafka at {', '.join(servers)}")
        return kafka, f"demo-{os.getpid()}-"
    cluster = Cluster(folder)
    screen.say(f"Starting Apache Kafka {cluster.distribution.version} (KRaft, one node) in {folder}")
    stack.enter_context(cluster)
    screen.say(f"Kafka is up at {cluster.address(1)}")
    return cluster, ""


def _configuration(kafka: Kafka, prefix: str) -> dict[str, Any]:
    """The exporter's configuration."""
    cluster: dict[str, Any] = {"bootstrap_servers": list(kafka.bootstrap_servers), **SETTINGS}
    if prefix:
        cluster["groups"] = {"allow": f"^{prefix}"}
    return {"clusters": {"demo": cluster}, "collection": {"min_interval": "500ms"}}


def _pages(server: Server, loops: Sequence[Loop], began: float, seconds: float) -> Iterator[tuple[Page, float]]:
    """Scrapes each second until ``seconds`` after ``began``: the page, and the seconds since then."""
    due = time.monotonic()
    while (elapsed := time.monotonic() - began) < seconds:
        for loop in loops:
            loop.check()
        try:
            yield scrape(f"{server.url}/metrics", SCRAPE_TIMEOUT), elapsed
        except TestbedError as error:
            raise TestbedError(f"{error}\n{server.tail()}") from error
        # At fixed times, so that the length of a scrape does not add to the interval.
        due = max(due + SCRAPE_INTERVAL, time.monotonic() - SCRAPE_INTERVAL)
        time.sleep(max(0.0, due - time.monotonic()))


def _update(row: Row, page: Page, elapsed: float) -> None:
    """Updates the row from the page."""
    group = row.group
    row.status = page.worst_status(group)
    row.lag = page.value("burrow_kafka_consumer_lag_total", consumer_group=group)
    row.complete = page.value("burrow_kafka_consumer_complete_ratio", consumer_group=group)
    row.members = page.value("burrow_kafka_consumer_members", consumer_group=group)
    info = next(page.select("burrow_kafka_consumer_info", consumer_group=group), None)
    row.kind = info.labels["type"] if info else None
    # A verdict on a window that is still filling is preliminary; only one on a whole window counts.
    if row.reached is None and row.as_expected and row.complete == 1.0:
        row.reached = elapsed


def _ask_to_stop(loops: Sequence[Loop]) -> None:
    """Asks all to end, then waits for each, so that they end at the same time."""
    for loop in loops:
        loop.ask_to_stop()


def _delete(kafka: Kafka, topics: Sequence[str], groups: Sequence[str]) -> None:
    """Removes what the demo created on a Kafka that it did not start."""
    for group in set(groups) & set(kafka.group_states()):
        kafka.delete_group(group)
    for topic in topics:
        kafka.delete_topic(topic)


def _interrupt(number: int, _: FrameType | None) -> NoReturn:
    """Ends the demo; later signals are ignored, so that they do not interrupt the cleaning up."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise Interrupted(number)


@click.command()
@click.option("--seconds", type=click.FloatRange(min=1.0), help="End by itself so long after Kafka is up.")
def main(seconds: float | None) -> None:
    """Show six consumer groups on a real Kafka being judged.

    Exits with 0 if every group was given the status it should, else with 1.
    """
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _interrupt)
    screen = Screen(sys.stdout)
    try:
        rows = play(LONGEST if seconds is None else seconds, screen)
    except Interrupted as interrupted:
        screen.say("Everything is stopped.")
        sys.exit(128 + interrupted.number)
    except (TestbedError, FetchError) as error:
        click.echo(f"The demo failed: {error}", err=True)
        sys.exit(1)
    screen.say("Everything is stopped.")
    amiss = [row for row in rows if row.reached is None or not row.as_expected]
    for row in amiss:
        click.echo(f"{row.group}: expected {row.expected}, ended as {row.status or 'nothing'}", err=True)
    sys.exit(1 if amiss else 0)


if __name__ == "__main__":
    main()
