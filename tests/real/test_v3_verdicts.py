"""Burrow, which sees every commit, and the exporter, which samples them, judge the same six consumers alike."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final

import pytest

from testbed import servers
from testbed.behaviours import Behaviour, consumer
from testbed.broker import Cluster
from testbed.burrow import burrow
from testbed.distribution import OLDER
from testbed.loops import Loop
from testbed.members import ClassicMember
from testbed.producers import fill, producer
from testbed.servers import Server
from testbed.zookeeper import ZooKeeper
from tests.support.side_by_side import EVALUATION, ask

pytestmark = pytest.mark.real

EXPECTED: Final = {
    Behaviour.HEALTHY: "OK",
    Behaviour.IDLE: "OK",
    Behaviour.SLOW: "WARN",
    Behaviour.STALLED: "ERR",
    Behaviour.STOPPED: "ERR",
    Behaviour.REWINDING: "ERR",
}
HISTORY = 4000
FILLS_A_WINDOW = 14.0
"""Seconds after which a consumer has filled both windows, and may turn."""

PATIENCE = 180.0
ROUNDS = 8
"""So many seconds on end both have to agree."""


@pytest.fixture(scope="module")
def judges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server, list[Loop]]]:
    """Burrow with windows of ten seconds, the exporter with windows as long, and all six consumers at work."""
    folder = tmp_path_factory.mktemp("verdicts")
    with ExitStack() as stack:
        kafka = stack.enter_context(Cluster(folder, version=OLDER))
        zookeeper = stack.enter_context(ZooKeeper(folder))
        for topic in ("orders", "archive"):
            kafka.create_topic(topic, partitions=2)
            fill(kafka, topic, HISTORY)
        kafka.commit("first", {("archive", 0): HISTORY})
        theirs = stack.enter_context(burrow(folder, kafka, zookeeper, clusters=["c"], intervals=10, min_distance=1))
        configuration = {
            "clusters": {"c": {"bootstrap_servers": list(kafka.bootstrap_servers), "members_refresh": "2s"}},
            "defaults": {"evaluation": EVALUATION},
            "collection": {"min_interval": "500ms"},
        }
        ours = stack.enter_context(servers.exporter(folder, configuration))
        loops = [producer(kafka, ["orders"], rate=40)]
        for behaviour in Behaviour:
            topic = "archive" if behaviour is Behaviour.IDLE else "orders"
            member = ClassicMember(kafka, behaviour, topic)
            loops.append(consumer(member, behaviour, turns_after=FILLS_A_WINDOW, records=1))
        for loop in loops:
            stack.enter_context(loop)
        yield theirs, ours, loops
        for loop in loops:
            loop.ask_to_stop()


def judged(server: Server) -> dict[str, Any]:
    """Group → what the server says of it."""
    path = "/v3/kafka/c/consumer/{}/lag"
    return {behaviour: ask(server, path.format(behaviour.value)).json["status"] for behaviour in Behaviour}


def test_both_reach_the_same_level_for_each_group_and_stay_with_it(judges: tuple[Server, Server, list[Loop]]) -> None:
    theirs, ours, loops = judges
    agreed = 0
    rounds: list[str] = []
    deadline = time.monotonic() + PATIENCE
    due = time.monotonic()
    while agreed < ROUNDS:
        for loop in loops:
            loop.check()
        both = judged(theirs), judged(ours)
        one, other = ({behaviour: status["status"] for behaviour, status in each.items()} for each in both)
        full = all(status["complete"] == 1 for each in both for status in each.values())
        odd = [
            f"{each.value} {one[each]}/{other[each]}"
            for each in Behaviour
            if not one[each] == other[each] == EXPECTED[each]
        ]
        agreed = agreed + 1 if full and not odd else 0
        rounds.append(("" if full else "not full ") + ", ".join(odd))
        assert time.monotonic() < deadline, "what was odd each second, by Burrow/by us: " + "; ".join(rounds)
        due += 1.0
        # By the clock, and not by the length of a nap: the exporter is to be asked each second, like a scrape.
        time.sleep(max(0.0, due - time.monotonic()))
