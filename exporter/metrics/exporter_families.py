"""The families of the exporter itself, with a value for each page."""

from __future__ import annotations

from typing import Final

from exporter.metrics.family import Family

SCRAPE_DEADLINE: Final = Family(
    name="burrow_exporter_scrape_deadline_seconds",
    help="Seconds that this scrape allowed for the collection: its timeout minus a margin and what the page takes.",
)
BUILD_INFO: Final = Family(
    name="burrow_exporter_build_info",
    help="Always 1; the labels hold the versions that are running.",
    labels=("kafka_python_version", "python_version", "version"),
)

SHARDS: Final = Family(
    name="burrow_exporter_shards",
    help="Number of exporters that share the groups of each cluster; the label says which of them this is, from 0.",
    labels=("shard",),
)
RELOAD_SUCCESSFUL: Final = Family(
    name="burrow_exporter_config_last_reload_successful",
    help="1 if the last load of the configuration succeeded, 0 if it failed and the previous one is still used.",
)
RELOAD_SUCCESS_AT: Final = Family(
    name="burrow_exporter_config_last_reload_success_timestamp_seconds",
    help="Time at which the configuration in use was loaded, in seconds since 1970.",
)
