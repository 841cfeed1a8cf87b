"""The settings of the exporter: frozen values, complete and checked, and the keys that set them.

`exporter.config` makes them from the file, the flags and the environment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from exporter.core.evaluation import EvaluationSettings
from exporter.schema.addresses import LISTEN_ADDRESS, ORIGIN, page_path
from exporter.schema.document import Table
from exporter.schema.inputs import Inputs
from exporter.schema.kinds import BOOLEAN, DIRECTORY, FILE, choice, duration
from exporter.schema.section import Complaint, Values, from_section, section, setting
from exporter.settings.cluster_settings import CLUSTER, Cluster, Filter, Groups
from exporter.settings.connection import Kerberos, OAuth, Sasl, Tls
from exporter.settings.evaluation import EVALUATION
from exporter.settings.exported_metrics import Compatible, Metrics
from exporter.settings.overrides import OVERRIDE, Granularity, GroupOverride, described
from exporter.settings.sharding import SHARD, Shard
from exporter.settings.zookeeper import ZooKeeper

__all__ = [
    "CLUSTER",
    "EVALUATION",
    "OVERRIDE",
    "SETTINGS",
    "Cluster",
    "Collection",
    "Compatible",
    "Filter",
    "Granularity",
    "GroupOverride",
    "Groups",
    "Kerberos",
    "Log",
    "Metrics",
    "OAuth",
    "Sasl",
    "Settings",
    "Shard",
    "Storage",
    "Tls",
    "Web",
    "ZooKeeper",
    "described",
]

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["logfmt", "json"]

RESERVED: Final = ("/-", "/v3", "/burrow", "/sd", "/clusters", "/state", "/assets")
"""The exporter's other paths, and all below them."""

TELEMETRY_PATH: Final = page_path("metrics", "/metrics", taken=RESERVED)


@dataclass(frozen=True, slots=True)
class Collection:
    """How scrapes become collections. Times in seconds."""

    min_interval: float = setting(
        duration(zero=True), "A report younger than this is served again without asking Kafka.", default=5.0
    )
    scrape_timeout: float = setting(
        duration(), "Timeout of a scraper that sends none; Prometheus sends its own.", default=10.0
    )
    timeout_offset: float = setting(
        duration(zero=True), "How much earlier than its timeout a scraper is answered.", default=0.5
    )
    max_report_age: float = setting(
        duration(zero=True),
        "While a collection is late, the previous report is served instead, up to this age.",
        default=120.0,
    )


def _answers_in_time(table: Table, values: Values, _: Inputs) -> Iterator[Complaint]:
    """A scrape that sends no timeout has time to collect."""
    given = Collection(**values)
    if given.timeout_offset >= given.scrape_timeout:
        key = "timeout_offset" if "timeout_offset" in table.entries else "scrape_timeout"
        offset, timeout = (f"{seconds:g}s" for seconds in (given.timeout_offset, given.scrape_timeout))
        yield key, f"timeout_offset ({offset}) must be shorter than scrape_timeout ({timeout})"


@dataclass(frozen=True, slots=True)
class Web:
    """The exporter's own port."""

    listen_address: str = setting(
        LISTEN_ADDRESS,
        "Address to listen on; without a host, all interfaces.",
        default=":8000",
        flag="--web.listen-address",
    )
    telemetry_path: str = setting(
        TELEMETRY_PATH, "Path of the metrics.", default="/metrics", flag="--web.telemetry-path"
    )
    access_control_allow_origin: str | None = setting(
        ORIGIN,
        "Web pages from this origin may call Burrow's API in a browser; without it none may.",
        default=None,
        example="https://dashboard.example.com",
    )
    api_delete: bool = setting(
        BOOLEAN,
        "Whether DELETE requests to Burrow's API may discard the retained history of a group. Only on a port that"
        " requires authentication; offsets in Kafka are never touched.",
        default=False,
    )
    api_log_level: bool = setting(
        BOOLEAN,
        "Whether POST requests to Burrow's API may set the log level. Only on a port that requires authentication.",
        default=False,
    )
    config_file: str | None = setting(
        FILE,
        "Web configuration file in the format of Prometheus' exporter-toolkit: TLS, client certificates, passwords,"
        " headers, a rate limit. It is reloaded when it changes.",
        default=None,
        example="/etc/kafka-burrow-exporter/web.yml",
        flag="--web.config.file",
    )
    unauthenticated_health: bool = setting(
        BOOLEAN,
        "Whether /-/healthy, /-/ready, /burrow/admin and /burrow/admin/ready need no password where everything else"
        " does. Where client certificates are required, they are required for these too.",
        default=False,
    )
    enable_lifecycle: bool = setting(
        BOOLEAN,
        "Allow POST /-/reload to reload the configuration; SIGHUP always does.",
        default=False,
        flag="--web.enable-lifecycle",
    )


@dataclass(frozen=True, slots=True)
class Storage:
    """Where the retained history is stored across restarts; with ``path`` None nothing is written."""

    path: str | None = setting(
        DIRECTORY,
        "Directory for the retained history, created if missing: verdicts then continue after a restart as if"
        " there had been none. Without it nothing is written.",
        default=None,
        example="/var/lib/kafka-burrow-exporter",
        flag="--storage.path",
    )


@dataclass(frozen=True, slots=True)
class Log:
    """Logging to standard error."""

    level: Level = setting(
        choice("a level", *get_args(Level)), "The lowest level that is logged.", default="info", flag="--log.level"
    )
    format: Format = setting(
        choice("a format", *get_args(Format)),
        "One line per event: key=value pairs, or a JSON object.",
        default="logfmt",
        flag="--log.format",
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of the exporter.

    ``evaluation`` judges recordings of clusters that are not among ``clusters``.
    """

    clusters: tuple[Cluster, ...]
    collection: Collection = field(
        default=Collection(),
        metadata=from_section(section(Collection, "How scrapes read from Kafka.", check=_answers_in_time)),
    )
    web: Web = field(default=Web(), metadata=from_section(section(Web, "The exporter's own port.")))
    storage: Storage = field(default=Storage(), metadata=from_section(section(Storage, "The history on disk.")))
    shard: Shard = field(default=Shard(), metadata=from_section(SHARD))
    log: Log = field(default=Log(), metadata=from_section(section(Log, "Logging, to standard error.")))
    evaluation: EvaluationSettings = EvaluationSettings()


SETTINGS: Final = section(Settings)
