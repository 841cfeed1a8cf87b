"""Collections: which scrape starts one, which ones share it, how long they wait, and what is published."""

from exporter.collector.cluster_collector import INTERNAL_ERROR, LATE, NO_THREAD
from exporter.collector.collector import Collector

__all__ = ["INTERNAL_ERROR", "LATE", "NO_THREAD", "Collector"]
