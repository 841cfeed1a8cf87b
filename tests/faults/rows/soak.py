"""Many scrapes for a long time, while topics and groups come and go."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable

from testbed.kafka import Kafka
from testbed.loops import Loop
from testbed.scrape import Page
from tests.faults.looks import FLAT, GHOST, Breach, Look
from tests.faults.row import Row, Stage, Step

MINUTES = 20
ALIVE = 8
"""So many of the topics and groups that come and go exist at a time."""

PAUSE_SECONDS = 0.5
WARM_SHARE = 0.25
"""The share of the time after which nothing may grow any more."""

MAY_GROW_MB = 8.0

SPREAD_SECONDS = 2.0
"""Within which every broker has heard that a topic is gone, after one of them has said so."""


class Churn:
    """Creates a topic and a group that commits on it, and deletes the oldest ones; remembers when they were gone."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka
        self._number = 0
        self._alive: deque[int] = deque()
        self._gone: dict[str, float] = {}

    @property
    def made(self) -> int:
        """How many topics and groups there were."""
        return self._number

    def step(self) -> bool:
        """One comes, one goes."""
        self._number += 1
        name = f"churn-{self._number}"
        self._kafka.create_topic(name, 2, replicas=1)
        self._kafka.commit(name, {(name, 0): 0, (name, 1): 0})
        self._alive.append(self._number)
        if len(self._alive) > ALIVE:
            self._delete(self._alive.popleft())
        time.sleep(PAUSE_SECONDS)
        return True

    def close(self) -> None:
        """Deletes what is left."""
        while self._alive:
            self._delete(self._alive.popleft())

    def ghosts(self, page: Page, asked_at: float) -> Iterable[Breach]:
        """What is on a page although it was gone before the page was asked for."""
        gone = {name for name, at in list(self._gone.items()) if at < asked_at - SPREAD_SECONDS}
        for sample in page.samples:
            name = sample.labels.get("consumer_group", sample.labels.get("topic"))
            if name in gone:
                yield Breach(GHOST, f"{sample.name} of {name}")
                return

    def _delete(self, number: int) -> None:
        name = f"churn-{number}"
        self._kafka.delete_group(name)
        self._kafka.delete_topic(name)
        self._gone[name] = time.time()


def _soak(stage: Stage) -> None:
    churn = Churn(stage.scene.cluster)
    stage.watcher.further.append(churn.ghosts)
    began = len(stage.watcher.looks)
    with Loop("churn", churn.step, churn.close, lifetime=MINUTES * 60.0) as churning:
        deadline = time.monotonic() + MINUTES * 60.0
        while time.monotonic() < deadline:
            churning.check()
            time.sleep(1.0)
    looks = [look for look in stage.watcher.looks[began:] if look.memory]
    stage.notes.append(f"{churn.made} topics and groups came, and all but the last {ALIVE} went")
    stage.found.extend(_not_flat(stage, looks))


def _not_flat(stage: Stage, looks: list[Look]) -> Iterable[Breach]:
    """What grew after the first part; says how much there was of it."""
    after, end = looks[int(len(looks) * WARM_SHARE)], looks[-1]
    memory = f"memory {after.memory / 1e6:.0f} → {end.memory / 1e6:.0f} MB"
    others = f"threads {after.threads} → {end.threads}, descriptors {after.descriptors:.0f} → {end.descriptors:.0f}"
    stage.notes.append(f"from minute {MINUTES * WARM_SHARE:g} to {MINUTES}: {memory}, {others}")
    if end.memory - after.memory > MAY_GROW_MB * 1e6:
        yield Breach(FLAT, memory)


ROWS = (
    Row(
        "soak",
        (Step(f"topics and groups come and go for {MINUTES} minutes, at a scrape each 0.5 s", _soak),),
        every=0.5,
        long=True,
    ),
)
