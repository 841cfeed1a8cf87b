"""Groups that commit to ZooKeeper, read through kazoo; nothing outside this folder imports it.

Nodes are asked for all at once, in the scrape and without a watch, and every answer is waited for within one deadline.
"""

from exporter.sources.zookeeper.source import WithZooKeeper

__all__ = ["WithZooKeeper"]
