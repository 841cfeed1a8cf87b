"""The configuration: a YAML file, flags and environment variables → frozen settings, or every mistake at once.

>>> from exporter.config import Flag, load
>>> load(None, [Flag("kafka.bootstrap_servers", "localhost:9092", "--kafka.bootstrap-servers")]).clusters[0].name
'kafka'
"""

from __future__ import annotations

from exporter.config.advice import oddities
from exporter.config.flags import Flag
from exporter.config.loading import load
from exporter.config.mistakes import ConfigError, Mistake, Place, suggestion
from exporter.config.shown import as_yaml, in_force, reference

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
