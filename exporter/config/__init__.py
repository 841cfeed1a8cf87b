"""The configuration: a YAML file, flags and environment variables → frozen settings, or every mistake at once.

>>> from exporter.config import Flag, load
>>> load(None, [Flag("kafka.bootstrap_servers", "localhost:9092", "--kafka.bootstrap-servers")]).clusters[0].name
'kafka'
"""

from __future__ import annotations

from exporter.config.effective import effective_settings, reference
from exporter.config.flags import Flag, Option, options
from exporter.config.loading import load
from exporter.config.warnings import warnings

__all__ = ["Flag", "Option", "effective_settings", "load", "options", "reference", "warnings"]
