"""Brokers that are killed, frozen, restarted one after the other, and coordinators that move."""

from __future__ import annotations

import time
from contextlib import closing

from confluent_kafka import Consumer, ElectionType, TopicPartition

from testbed.processes import wait_until
from tests.faults.row import Row, Stage, Step
from tests.faults.scene import NODES
from tests.faults.steps import freeze, kill, setting, start, thaw, watch
from tests.faults.traffic import OFFSETS_PARTITIONS, ORDERS, SIZES, offsets_partition

ELECTIONS = 3
HEAVY = "heavy"
"""A group with so many commits, each with much to load, that a coordinator takes its time."""
HEAVY_COMMITS = 300
HEAVY_METADATA = "m" * 4_000
OFFSETS = "__consumer_offsets"


def reads_tls(stage: Stage) -> None:
    """Starts an exporter that reads the brokers' TLS listeners."""
    stage.start(stage.scene.config("TLS"))


def _rolling_restart(stage: Stage) -> None:
    for node in NODES:
        stage.scene.cluster.stop_node(node)
        stage.scene.cluster.start_node(node)
        stage.scene.wait_well()


def _elect(stage: Stage) -> None:
    """Moves every coordinator away from a broker and back again, by elections of preferred leaders."""
    cluster = stage.scene.cluster
    everything = [TopicPartition(OFFSETS, number) for number in range(OFFSETS_PARTITIONS)]
    for node in NODES[:ELECTIONS]:
        cluster.stop_node(node)
        cluster.start_node(node)
        wait_until(lambda: _in_sync(stage), 60.0, "all replicas to be in sync")
        cluster.admin.elect_leaders(ElectionType.PREFERRED, everything).result(30)
        time.sleep(3.0)


def _in_sync(stage: Stage) -> bool:
    partitions = stage.scene.cluster.admin.list_topics(OFFSETS, timeout=5.0).topics[OFFSETS].partitions
    return all(len(partition.isrs) == len(partition.replicas) for partition in partitions.values())


def _burden(stage: Stage) -> None:
    """Commits so much for one group that whoever becomes its coordinator has to load for a while."""
    servers = ",".join(stage.scene.cluster.bootstrap_servers)
    offsets = [TopicPartition(ORDERS, number, 0, HEAVY_METADATA) for number in range(SIZES[ORDERS])]
    with closing(Consumer({"bootstrap.servers": servers, "group.id": HEAVY, "enable.auto.commit": False})) as consumer:
        for _ in range(HEAVY_COMMITS):
            consumer.commit(offsets=offsets, asynchronous=False)


def _coordinator(stage: Stage) -> int:
    number = offsets_partition(HEAVY)
    return int(stage.scene.cluster.admin.list_topics(OFFSETS, timeout=5.0).topics[OFFSETS].partitions[number].leader)


def _kill_coordinator(stage: Stage) -> None:
    """Kills the coordinator of the group with the many commits, twice, so that two others have to load them."""
    for _ in range(2):
        node = _coordinator(stage)
        stage.scene.cluster.kill_node(node)
        wait_until(lambda killed=node: _coordinator(stage) not in {killed, -1}, 30.0, "another coordinator")  # type: ignore[misc]
        time.sleep(5.0)
        stage.scene.cluster.start_node(node)
        stage.scene.wait_well()
    stage.scene.cluster.delete_group(HEAVY)


ROLLING = Step("each broker is stopped and started, one after the other", _rolling_restart)
FREEZES = (freeze(2), watch(15), thaw(2), watch(10), freeze(3), watch(15), thaw(3))

ROWS = (
    Row("broker-killed", (kill(2), watch(15), start(2))),
    Row("all-brokers-killed", (kill(*NODES), watch(10), start(*NODES))),
    Row("broker-frozen", (freeze(3), watch(30), thaw(3))),
    Row("broker-frozen-tls", (freeze(3), watch(40), thaw(3)), start=reads_tls),
    Row(
        "exporter-starts-beside-frozen-broker-tls",
        (watch(20), thaw(1)),
        start=reads_tls,
        before=(freeze(1), setting("the exporter starts, reading over TLS")),
    ),
    Row("freezes-watched-closely", FREEZES, every=0.1),
    Row("rolling-restart", (ROLLING,), every=3.0),
    Row("rolling-restart-watched-closely", (ROLLING,), every=0.3),
    Row(
        "elections",
        (Step(f"{ELECTIONS} brokers restart, and after each the preferred leaders are elected", _elect),),
        every=0.3,
    ),
    Row(
        "coordinator-loads",
        (
            Step(f"a group has {HEAVY_COMMITS:,} large commits", _burden),
            Step("its coordinator is killed and started, twice: others have to load them first", _kill_coordinator),
        ),
        every=0.1,
    ),
)
