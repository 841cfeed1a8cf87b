"""Starting Kafka: one or several nodes on loopback. The only module that knows how to run a broker.

Brokers from 3.3 on are KRaft nodes, older ones have a ZooKeeper.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from testbed.distribution import CURRENT, Distribution, fetch
from testbed.kafka import Kafka
from testbed.processes import LOOPBACK, Process, TestbedError, free_ports
from testbed.zookeeper import ZooKeeper

START_SECONDS = 120.0
FORMAT_SECONDS = 60.0
FIRST_WITHOUT_ZOOKEEPER = (3, 3)
FIRST_WITH_DYNAMIC_QUORUM = (3, 9)
"""From these versions on KRaft is made for production, and controllers need not be listed at every node."""

QUICK = {
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "log.segment.delete.delay.ms": "1000",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "num.recovery.threads.per.data.dir": "1",
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "3000",
}
"""Makes a broker quick for tests: groups form at once, internal topics are small, a lost node is noticed early."""


class Cluster(Kafka):
    """A Kafka cluster of its own, started on entering the context and stopped on leaving it.

    Nodes are numbered from 1 and each is broker and controller. ``properties`` are added to every node's
    ``server.properties``, where they win. ``listeners``: additional ones, name → security protocol, each on a port
    of its own on every node; further settings for them go into ``properties``. ``advertised``: of some of them, node
    → the port that clients are told instead, where something stands between. ``optimized``: nodes
    compile their code as in production, so that they start slower and serve faster. ``java``: properties of the Java
    that the nodes run in.
    """

    def __init__(
        self,
        folder: Path,
        *,
        nodes: int = 1,
        version: str = CURRENT,
        properties: Mapping[str, str] | None = None,
        listeners: Mapping[str, str] | None = None,
        advertised: Mapping[str, Mapping[int, int]] | None = None,
        heap: str = "512m",
        optimized: bool = False,
        java: Mapping[str, str] | None = None,
    ) -> None:
        self._java = dict(java or {})
        self._protocols = dict(listeners or {})
        self._advertised = dict(advertised or {})
        ports = iter(free_ports(nodes * (2 + len(self._protocols))))
        numbers = range(1, nodes + 1)
        self._broker_ports = dict(zip(numbers, ports, strict=False))
        self._controller_ports = dict(zip(numbers, ports, strict=False))
        self._listener_ports = {name: dict(zip(numbers, ports, strict=False)) for name in self._protocols}
        super().__init__([f"{LOOPBACK}:{port}" for port in self._broker_ports.values()])
        self._folder = folder
        self._properties = dict(properties or {})
        self._heap = heap
        self._optimized = optimized
        self.distribution: Distribution = fetch(version)
        self.nodes: dict[int, Process] = {}
        self._version = tuple(int(number) for number in self.distribution.version.split(".")[:2])
        self._zookeeper = ZooKeeper(folder) if self._version < FIRST_WITHOUT_ZOOKEEPER else None

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.callback(self.stop)
            if self._zookeeper is None:
                self._format()
            else:
                self._zookeeper.__enter__()
                for node in self._broker_ports:
                    self._configure(node, self._settings(node))
            for node in self._broker_ports:
                command = self.distribution.java(
                    "kafka.Kafka",
                    self._configuration(node),
                    heap=self._heap,
                    optimized=self._optimized,
                    properties=self._java,
                )
                self.nodes[node] = Process(f"kafka-{node}", command, self._folder / f"kafka-{node}.log").start()
            for node in self.nodes:
                self._wait_ready(node, len(self.nodes))
            undo.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends all nodes. They are killed, because their files are not used again."""
        for process in (*self.nodes.values(), self._zookeeper):
            if process is not None and process.running:
                process.kill()

    def stop_node(self, node: int) -> None:
        """Stops one node as an operator would; `start_node` brings it back on the same ports."""
        self.nodes[node].stop()

    def kill_node(self, node: int) -> None:
        """Ends one node at once, as a machine that loses its power; `start_node` brings it back."""
        self.nodes[node].kill()

    def start_node(self, *nodes: int) -> None:
        """Starts nodes that have ended again, and returns when they serve clients as part of the cluster."""
        for node in nodes:
            self.nodes[node].start()
        alive = sum(process.running for process in self.nodes.values())
        for node in nodes:
            self._wait_ready(node, alive)

    def freeze_node(self, node: int) -> None:
        """Halts one node: its connections stay open, and it answers nothing until `thaw_node`."""
        self.nodes[node].freeze()

    def thaw_node(self, node: int) -> None:
        """Lets a frozen node go on."""
        self.nodes[node].thaw()

    def address(self, node: int) -> str:
        """The host and port where a node serves clients."""
        return f"{LOOPBACK}:{self._broker_ports[node]}"

    def listener(self, name: str, node: int = 1) -> str:
        """The host and port of one of the ``listeners`` on a node."""
        return f"{LOOPBACK}:{self._listener_ports[name][node]}"

    def _wait_ready(self, node: int, brokers: int) -> None:
        """Waits until the node answers a client's request, and knows of so many brokers."""
        alone = Kafka([self.address(node)])
        self.nodes[node].wait_ready(lambda: alone.brokers(timeout=1.0) >= brokers, START_SECONDS)

    def _configuration(self, node: int) -> Path:
        return self._folder / f"kafka-{node}.properties"

    def _configure(self, node: int, settings: Mapping[str, str]) -> Path:
        """Writes a node's ``server.properties``."""
        configuration = self._configuration(node)
        configuration.write_text("".join(f"{key}={settings[key]}\n" for key in settings), encoding="utf-8")
        return configuration

    def _format(self) -> None:
        """Writes every node's configuration and prepares its storage, in parallel."""
        cluster_id, directory_ids = _kafka_uuid(), {node: _kafka_uuid() for node in self._broker_ports}
        quorum = ",".join(
            f"{node}@{LOOPBACK}:{port}:{directory_ids[node]}" for node, port in self._controller_ports.items()
        )
        voters = ["--standalone"] if len(directory_ids) == 1 else ["--initial-controllers", quorum]
        if self._version < FIRST_WITH_DYNAMIC_QUORUM:
            voters = []
        with ExitStack() as running:
            formats = []
            for node in self._broker_ports:
                configuration = self._configure(node, self._settings(node))
                command = self.distribution.java(
                    "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", configuration, *voters
                )
                process = Process(f"kafka-format-{node}", command, self._folder / f"kafka-format-{node}.log")
                formats.append(running.enter_context(process.start()))
            for process in formats:
                if process.wait_end(FORMAT_SECONDS):
                    raise TestbedError(f"{process.name} failed\n{process.tail()}")

    def _settings(self, node: int) -> dict[str, str]:
        """The node's ``server.properties``."""
        coordination = self._with_zookeeper(node) if self._zookeeper else self._with_controllers(node)
        listeners = [f"PLAINTEXT://{self.address(node)}"]
        advertised, protocols = list(listeners), ["PLAINTEXT:PLAINTEXT"]
        if not self._zookeeper:
            controller = f"CONTROLLER://{LOOPBACK}:{self._controller_ports[node]}"
            listeners.append(controller)
            protocols.append("CONTROLLER:PLAINTEXT")
            if self._version >= FIRST_WITH_DYNAMIC_QUORUM:
                advertised.append(controller)
        for name, protocol in self._protocols.items():
            told = self._advertised.get(name, self._listener_ports[name])
            listeners.append(f"{name}://{self.listener(name, node)}")
            advertised.append(f"{name}://{LOOPBACK}:{told[node]}")
            protocols.append(f"{name}:{protocol}")
        replicas = str(min(3, len(self._broker_ports)))
        return {
            **coordination,
            "listeners": ",".join(listeners),
            "advertised.listeners": ",".join(advertised),
            "listener.security.protocol.map": ",".join(protocols),
            "log.dirs": str(self._folder / f"kafka-{node}"),
            "default.replication.factor": "1",
            "offsets.topic.replication.factor": replicas,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": "1",
            **QUICK,
            **self._properties,
        }

    def _with_zookeeper(self, node: int) -> dict[str, str]:
        """The settings by which a node of an old cluster finds the others."""
        address = self._zookeeper.address if self._zookeeper else ""
        return {"broker.id": str(node), "zookeeper.connect": address}

    def _with_controllers(self, node: int) -> dict[str, str]:
        """The settings by which a KRaft node finds the others."""
        controllers = {id_: f"{LOOPBACK}:{port}" for id_, port in self._controller_ports.items()}
        if self._version < FIRST_WITH_DYNAMIC_QUORUM:
            quorum = {"controller.quorum.voters": ",".join(f"{id_}@{at}" for id_, at in controllers.items())}
        else:
            quorum = {"controller.quorum.bootstrap.servers": ",".join(controllers.values())}
        roles = {"process.roles": "broker,controller", "node.id": str(node)}
        return {**roles, "controller.listener.names": "CONTROLLER", **quorum}


def _kafka_uuid() -> str:
    """A random id as Kafka writes it; one that starts with a dash would look like an option."""
    return "k" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")[1:]
