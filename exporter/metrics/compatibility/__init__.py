"""The families of other exporters under their own names, so that their dashboards and alerts keep working.

`peer` builds families from the same report as the exporter's own; there is a module for each of the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from exporter.metrics.compatibility.grafana import GRAFANA
from exporter.metrics.compatibility.kafka_exporter import KAFKA_EXPORTER
from exporter.metrics.compatibility.kafka_lag_exporter import KAFKA_LAG_EXPORTER
from exporter.metrics.compatibility.kminion import KMINION
from exporter.metrics.compatibility.peer import Peer
from exporter.metrics.family import Family
from exporter.settings import Cluster

__all__ = ["PEERS", "compatible_families"]

PEERS: Final[tuple[Peer, ...]] = (KAFKA_EXPORTER, KMINION, KAFKA_LAG_EXPORTER, GRAFANA)


def compatible_families(clusters: Iterable[Cluster]) -> tuple[Family, ...]:
    """The families that the clusters ask for.

    Those whose labels do not tell the cluster get the label `cluster` where several clusters ask for them.
    """
    asked = [peer for cluster in clusters for peer in cluster.metrics.compatibility or ()]
    return tuple(
        family for peer in PEERS if peer.name in asked for family in peer.families(several=asked.count(peer.name) > 1)
    )
