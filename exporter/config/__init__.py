"""The configuration: a YAML file, flags and environment variables → frozen settings, or every mistake at once.

>>> from exporter.config import Flag, load
>>> load(None, [Flag("kafka.bootstrap_servers", "localhost:9092", "--kafka.bootstrap-servers")]).clusters[0].name
'kafka'
"""

from __future__ import annotations

from exporter.config.effective import as_yaml, in_force, reference
from exporter.config.flags import Flag
from exporter.config.loading import load
from exporter.config.warnings import oddities
from exporter.schema.mistakes import ConfigError, Mistake, Place, suggestion

__all__ = [
    "ConfigError",
    "Flag",
    "Mistake",
    "Place",
    "as_yaml",
    "in_force",
    "load",
    "oddities",
    "reference",
    "suggestion",
]
