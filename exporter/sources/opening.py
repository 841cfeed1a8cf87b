"""Opens the source of a cluster: Kafka and, where its settings name one, ZooKeeper beside it."""

from __future__ import annotations

from exporter.settings import Cluster
from exporter.sources import Source
from exporter.sources.kafka import KafkaSource


def open_source(cluster: Cluster) -> Source:
    """The source of a cluster, not connected yet."""
    kafka = KafkaSource(cluster)
    if cluster.zookeeper is None:
        return kafka
    # Its library is an extra, which only those need who name a ZooKeeper.
    from exporter.sources.zookeeper import WithZooKeeper  # noqa: PLC0415

    return WithZooKeeper(cluster, cluster.zookeeper, kafka)
