"""The whole path from a consumer to a notification: Kafka, exporter, Prometheus, Alertmanager, web hooks.

Two replicas of Prometheus scrape one exporter. The first sends to an Alertmanager of its own and to one that both
send to; each Alertmanager has its own receiver. So one receiver gets what a single Prometheus sends, and the other
what a pair sends.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from testbed import alerting, servers
from testbed.behaviours import Consumer
from testbed.kafka import Kafka
from testbed.loops import Loop
from testbed.members import Member
from testbed.processes import Process, TestbedError
from testbed.producers import producer
from testbed.receiver import PAGERDUTY, SLACK, Message, Receiver
from testbed.servers import Server, get

LIFETIME = 300.0
"""Seconds after which consumers and producers end, even if the test does not end them."""

PARTITIONS = 3
RATE = 50.0
STEP_SECONDS = 0.1
"""Many commits a second, so that the lag of a consumer that falls behind grows from scrape to scrape."""


class Spell(NamedTuple):
    """A value that a series had from its ``first`` sample to its ``last``, in seconds since 1970."""

    value: str
    first: float
    last: float


class Stage:
    """The stage, with its groups and servers. ``since`` is when it was set up, in seconds since 1970."""

    def __init__(self, clusters: Mapping[str, Kafka]) -> None:
        self.clusters = dict(clusters)
        self.since = time.time()
        self.suffix = uuid.uuid4().hex[:6]
        self.topics = dict.fromkeys(clusters, f"events-{self.suffix}")
        self.receivers: list[Receiver] = []
        self.exporter: Server
        self.prometheus: list[Server] = []
        self.alertmanagers: list[Server] = []
        self._processes: list[Process] = []
        self._loops: list[Loop] = []

    def check(self) -> None:
        """Raises the error of the first consumer, producer, process or receiver that failed."""
        for loop in self._loops:
            loop.check()
        for process in self._processes:
            if not process.running:
                raise TestbedError(f"{process.name} has ended\n{process.tail()}")
        for receiver in self.receivers:
            if receiver.refused:
                raise TestbedError(f"the web hooks refused messages: {receiver.refused}")

    def group(self, name: str) -> str:
        """The name of a group of this stage; no other stage has it."""
        return f"{name}-{self.suffix}"

    def consumer(self, cluster: str, group: str, member: Callable[[Kafka, str, str], Member]) -> Consumer:
        """A new running consumer of the group; if it is to be slow, it reads four records a step."""
        client = member(self.clusters[cluster], group, self.topics[cluster])
        found = Consumer(client, records=4, step_seconds=STEP_SECONDS, lifetime=LIFETIME).start()
        self._loops.append(found)
        return found

    def ask(self, query: str, replica: int = 0) -> list[dict[str, Any]]:
        """The result of an instant query, as Prometheus' API has it."""
        status, text = get(f"{self.prometheus[replica].url}/api/v1/query?{urlencode({'query': query})}", timeout=10.0)
        answer = json.loads(text)
        if status != 200:
            raise ValueError(f"{answer['error']}: {query}")
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def holds(self, query: str) -> bool:
        """True if the query has a result on each replica."""
        return all(self.ask(query, replica) for replica in range(len(self.prometheus)))

    def in_state(self, state: str, alert: str, group: str) -> bool:
        """True if the alert on the group is ``pending``, or ``firing``, on each replica."""
        return self.holds(f'ALERTS{{alertname="{alert}",consumer_group="{group}",alertstate="{state}"}}')

    def muted(self, alert: str, group: str) -> bool:
        """True if each Alertmanager has the alert on the group, and another alert mutes it."""
        query = urlencode({"filter": [f"alertname={alert}", f"consumer_group={group}"]}, doseq=True)
        found = [json.loads(get(f"{server.url}/api/v2/alerts?{query}")[1]) for server in self.alertmanagers]
        return all(len(alerts) == 1 and alerts[0]["status"]["inhibitedBy"] for alerts in found)

    def history(self, selector: str, replica: int = 0) -> list[tuple[dict[str, str], list[tuple[float, str]]]]:
        """All samples (time, value) of these series since the stage was set up, each under its labels."""
        seconds = int(time.time() - self.since) + 1
        return [
            (series["metric"], [(float(at), str(value)) for at, value in series["values"]])
            for series in self.ask(f"{selector}[{seconds}s]", replica)
        ]

    def spells(self, selector: str, replica: int) -> dict[str, list[Spell]]:
        """The successive values of each series on a replica, under its labels as JSON."""
        found = {}
        for labels, samples in self.history(selector, replica):
            turns = [(value, [at for at, _ in turn]) for value, turn in groupby(samples, key=lambda sample: sample[1])]
            found[json.dumps(labels, sort_keys=True)] = [Spell(value, at[0], at[-1]) for value, at in turns]
        return found

    def states(self, alert: str, group: str, replica: int = 0) -> list[tuple[str, float]]:
        """The successive states of the alert on the group, each with its start time."""
        found = self.history(f'ALERTS{{alertname="{alert}",consumer_group="{group}"}}', replica)
        seen = sorted((at, labels["alertstate"]) for labels, samples in found for at, _ in samples)
        return [(state, next(turn)[0]) for state, turn in groupby(seen, key=lambda sample: sample[1])]

    def told(self, hook: str, about: str) -> list[list[str]]:
        """The titles of the messages about something that each receiver's web hook got."""
        words = title if hook == SLACK else event
        return [[words(message) for message in each.about(about) if message.hook == hook] for each in self.receivers]

    def heard(self, about: str, slack: Sequence[str], pages: Sequence[str]) -> bool:
        """True if both receivers have got these messages about something, and no others."""
        wanted = [list(slack)] * len(self.receivers), [list(pages)] * len(self.receivers)
        return (self.told(SLACK, about), self.told(PAGERDUTY, about)) == wanted


def title(message: Message) -> str:
    """The title of a message to Slack."""
    (attachment,) = message.body["attachments"]
    return str(attachment["title"])


def event(message: Message) -> str:
    """The action and the summary of a message to PagerDuty: ``trigger STALL: orders on prod``."""
    return f"{message.body['event_action']} {message.body['payload']['summary']}"


@contextmanager
def staged(folder: Path, clusters: Mapping[str, Kafka]) -> Iterator[Stage]:
    """The stage with everything running, and records being written to a topic of each cluster."""
    stage = Stage(clusters)
    with ExitStack() as stack:
        for name, kafka in clusters.items():
            kafka.create_topic(stage.topics[name], partitions=PARTITIONS)
            stage._loops.append(producer(kafka, [stage.topics[name]], rate=RATE, lifetime=LIFETIME).start())
        stack.callback(_end, stage._loops)
        allow = f"-{stage.suffix}$"
        stage.exporter = servers.exporter(
            folder,
            alerting.exporter(
                {
                    name: {"bootstrap_servers": list(kafka.bootstrap_servers), "groups": {"allow": allow}}
                    for name, kafka in clusters.items()
                }
            ),
        )
        stage._processes.append(stack.enter_context(stage.exporter))
        for number in range(2):
            receiver = stack.enter_context(Receiver())
            stage.receivers.append(receiver)
            home = folder / f"alertmanager-{number}"
            home.mkdir()
            config = alerting.alertmanager(home, receiver.url)
            stage.alertmanagers.append(stack.enter_context(servers.alertmanager(home, config)))
        # One path for both, as on two replicas: from it Prometheus derives when it evaluates a group of rules.
        rules = folder / "rules.yml"
        rules.write_text(alerting.rules(), encoding="utf-8")
        for number, targets in enumerate((stage.alertmanagers, stage.alertmanagers[1:])):
            home = folder / f"prometheus-{number}"
            home.mkdir()
            config = alerting.prometheus(rules, stage.exporter, targets, f"replica-{number}")
            server = servers.prometheus(home, config, *alerting.prometheus_flags())
            stage.prometheus.append(stack.enter_context(server))
        stage._processes += [*stage.alertmanagers, *stage.prometheus]
        yield stage


def _end(loops: Sequence[Loop]) -> None:
    """Ends all at the same time, and raises the first error of any of them."""
    for loop in loops:
        loop.ask_to_stop()
    for loop in loops:
        loop.stop()
