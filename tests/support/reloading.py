"""Sources whose settings change while they are in use."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace

from exporter.core.model import Observation
from exporter.settings import Cluster, Collection, Settings
from tests.support.observations import group, observation
from tests.support.serving import PATIENCE

FRESH = Collection(min_interval=0.0)


class Source:
    """A cluster seen every half minute; each of its observations is the next, whichever of its sources makes it."""

    seen: dict[str, int]

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.closed = 0
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Semaphore(0)

    def observe(self, timeout: float) -> Observation:
        self.entered.release()
        assert self.open.wait(PATIENCE)
        if self.closed:
            raise ConnectionError("the source is closed")
        Source.seen[self.cluster.name] = at = Source.seen.get(self.cluster.name, 0) + 1
        return observation(30 * at, {"g": group({"t": [10 * at]})}, {"t": [100]}, cluster=self.cluster.name)

    def expect(self, groups: Iterable[str], topics: Mapping[str, int]) -> None:
        pass

    def refresh_members(self, seen: Observation) -> None:
        pass

    def close(self) -> None:
        self.closed += 1


def cluster(name: str = "c", **more: object) -> Cluster:
    return replace(Cluster(name, ("k:1",)), **more)  # type: ignore[arg-type]


def settings(*clusters: Cluster, collection: Collection = FRESH) -> Settings:
    return Settings(clusters or (cluster(),), collection)
