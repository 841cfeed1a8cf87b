"""The scene of all rows: three brokers with traffic, what stands between them and the exporter, and the exporter."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from testbed import servers
from testbed.broker import Cluster
from testbed.network import Proxy
from testbed.processes import TestbedError, wait_until
from testbed.servers import Server
from tests.faults.looks import CLUSTER
from tests.faults.traffic import OFFSETS_PARTITIONS, STALLED, STOPPED, Traffic
from tests.support.certificates import Authority

NODES = (1, 2, 3)
WELL_SECONDS = 150.0
WINDOW = 10.0
"""Seconds: short windows, so that a row need not last for hours."""

USER, PASSWORD = "monitor", "secret"  # the same on every machine: it protects nothing
JAAS = "org.apache.kafka.common.security"
EVALUATION = {"window": f"{WINDOW:g}s", "patience": f"{WINDOW:g}s", "min_distance": "900ms"}


class Scene:
    """The brokers and their traffic, from entering the context until leaving it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stack = ExitStack()
        self._exporters = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.proxies = {node: stack.enter_context(Proxy()) for node in NODES}
            authority = Authority(self.folder)
            self.ca_file = authority.cert
            signed = authority.sign("broker", "IP:127.0.0.1")
            store = self.folder / "broker-store.pem"
            store.write_text(signed.key.read_text() + signed.cert.read_text())
            self.cluster = stack.enter_context(
                Cluster(
                    self.folder,
                    nodes=len(NODES),
                    properties=_properties(store),
                    listeners={"TLS": "SSL", "LOGIN": "SASL_PLAINTEXT", "PROXIED": "PLAINTEXT"},
                    advertised={"PROXIED": {node: proxy.port for node, proxy in self.proxies.items()}},
                )
            )
            for node, proxy in self.proxies.items():
                proxy.target = int(self.cluster.listener("PROXIED", node).rpartition(":")[2])
            self.set_password(PASSWORD)
            self.traffic = stack.enter_context(Traffic(self.cluster))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        # What the traffic's clients wait for is over with the brokers; a client that does not end is not the row's.
        with suppress(TestbedError):
            self._stack.close()

    def servers(self, listener: str = "PLAINTEXT") -> list[str]:
        """The bootstrap servers of one listener."""
        if listener == "PLAINTEXT":
            return list(self.cluster.bootstrap_servers)
        if listener == "PROXIED":
            return [proxy.address for proxy in self.proxies.values()]
        return [self.cluster.listener(listener, node) for node in NODES]

    def config(self, listener: str = "PLAINTEXT", **cluster: Any) -> dict[str, Any]:
        """The exporter's configuration to read the cluster by this listener."""
        settings: dict[str, Any] = {
            "bootstrap_servers": self.servers(listener),
            "members_refresh": "5s",
            "evaluation": EVALUATION,
        }
        if listener == "TLS":
            settings["tls"] = {"ca_file": str(self.ca_file)}
        if listener == "LOGIN":
            settings["sasl"] = {"mechanism": "SCRAM-SHA-256", "username": USER, "password": PASSWORD}
        return {"clusters": {CLUSTER: {**settings, **cluster}}, "collection": {"min_interval": "0s"}}

    def start_exporter(self, config: Mapping[str, Any], *before: str, env: Mapping[str, str] | None = None) -> Server:
        """Starts an exporter; ``before`` are the words before its command."""
        self._exporters += 1
        folder = self.folder / f"exporter-{self._exporters}"
        folder.mkdir()
        return servers.exporter(folder, config, env=env, before=before).start()

    def set_password(self, password: str) -> None:
        """Gives the exporter's user this password."""
        wanted = UserScramCredentialUpsertion(
            USER, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096), password.encode()
        )
        self.cluster.admin.alter_user_scram_credentials([wanted])[USER].result(30)

    def wait_well(self) -> None:
        """Waits until another client than the exporter finds everything in the cluster as it should be."""
        wait_until(self._well, WELL_SECONDS, "the cluster to be well", interval=0.2)

    def _well(self) -> bool:
        since = time.time()
        try:
            metadata = self.cluster.admin.list_topics(timeout=2.0)
            led = all(
                partition.leader >= 0 for topic in metadata.topics.values() for partition in topic.partitions.values()
            )
            if len(metadata.brokers) < len(NODES) or not led:
                return False
            if self.cluster.group_states().get(STALLED) != "STABLE":
                return False
            if not all(self.cluster.committed(group) for group in STOPPED):
                return False
        except (KafkaException, TestbedError):
            return False
        with suppress(TestbedError):
            wait_until(lambda: self.traffic.flowing(since), 3.0, "the traffic to flow")
            return True
        return False


def _properties(store: Path) -> dict[str, str]:
    """What the rows need of every broker."""
    return {
        "inter.broker.listener.name": "PLAINTEXT",
        "offsets.topic.num.partitions": str(OFFSETS_PARTITIONS),
        # A busy machine must not look like a broker that is gone.
        "broker.session.timeout.ms": "6000",
        "auto.leader.rebalance.enable": "false",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(store),
        "sasl.enabled.mechanisms": "SCRAM-SHA-256",
        "listener.name.login.scram-sha-256.sasl.jaas.config": f"{JAAS}.scram.ScramLoginModule required;",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "allow.everyone.if.no.acl.found": "true",
        # Small, so that a coordinator takes long enough to load for a scrape to meet it.
        "offsets.load.buffer.size": "512",
    }
