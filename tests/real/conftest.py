"""Real servers for the tests. What they log is shown only when they fail."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from testbed import servers
from testbed.broker import Cluster
from testbed.distribution import CURRENT
from testbed.kafka import Kafka, running_servers
from testbed.scrape import Page, scrape
from testbed.servers import Server

VERSION = os.environ.get("KBE_TEST_KAFKA", CURRENT)
"""The version of the Kafka that tests share; `make test-matrix` sets it."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what the version of Kafka does not have."""

    def is_too_new(item: pytest.Item) -> bool:
        return any(numbers(mark.args[0]) > numbers(VERSION) for mark in item.iter_markers("needs_kafka"))

    too_new = [item for item in items if is_too_new(item)]
    if too_new:
        config.hook.pytest_deselected(items=too_new)
        items[:] = [item for item in items if item not in too_new]


def numbers(version: str) -> list[int]:
    """A version, to be compared with others."""
    return [int(number) for number in version.split(".")]


@pytest.fixture(scope="session")
def lists_types() -> bool:
    """True if this Kafka says of which type a group is when it lists it (KIP-848)."""
    return numbers(VERSION) >= [3, 8]


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """One Kafka that tests share; they keep out of each other's way by `unique` names."""
    named = running_servers()
    if named:
        yield Kafka(named)
        return
    with Cluster(tmp_path_factory.mktemp("kafka"), version=VERSION) as cluster:
        yield cluster


@pytest.fixture
def start_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Cluster]]:
    """Starts a cluster of the test's own, to be broken at will; takes what `Cluster` takes after the folder."""
    with ExitStack() as stack:

        def start(**options: Any) -> Cluster:
            return stack.enter_context(Cluster(tmp_path_factory.mktemp("cluster"), **options))

        yield start


@pytest.fixture
def start_exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts the exporter as a process, with the configuration it is given."""
    with ExitStack() as stack:

        def start(config: Mapping[str, Any], *arguments: str, env: Mapping[str, str] | None = None) -> Server:
            folder = tmp_path_factory.mktemp("exporter")
            return stack.enter_context(servers.exporter(folder, config, *arguments, env=env))

        yield start


@pytest.fixture(scope="module")
def server(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An exporter whose windows are seconds long, and that collects at every scrape."""
    cluster = {
        "bootstrap_servers": list(kafka.bootstrap_servers),
        "members_refresh": "1s",
        "evaluation": {"window": "8s", "patience": "8s", "min_distance": "900ms"},
    }
    config = {"clusters": {"real": cluster}, "collection": {"min_interval": "0s"}}
    with servers.exporter(tmp_path_factory.mktemp("exporter"), config) as started:
        yield started


@pytest.fixture
def look(server: Server) -> Callable[[], Page]:
    """Scrapes it."""
    return lambda: scrape(f"{server.url}/metrics")


@pytest.fixture
def unique() -> Callable[[str], str]:
    """A name that nothing else has, made from one that says what it is for."""
    return lambda name: f"{name}-{uuid.uuid4().hex[:8]}"
