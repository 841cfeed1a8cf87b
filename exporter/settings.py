"""The settings of the exporter: frozen values, complete and checked.

`exporter.config` makes them from the file, the flags and the environment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from re import Pattern
from typing import Literal

from exporter.core.evaluation import Evaluation

Granularity = Literal["partition", "topic", "group"]


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS towards the brokers. Paths of PEM files; ``ca_file`` None trusts the system's store."""

    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    key_password: str | None = field(default=None, repr=False)
    verify_hostname: bool = True


@dataclass(frozen=True, slots=True)
class Sasl:
    """SASL towards the brokers.

    ``oauth_*`` are for OAUTHBEARER, ``kerberos_*`` for GSSAPI; MSK IAM uses AWS' own environment.
    """

    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "GSSAPI", "AWS_MSK_IAM"]
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    oauth_token_url: str | None = None
    oauth_client_id: str | None = None
    oauth_client_secret: str | None = field(default=None, repr=False)
    oauth_scope: str | None = None
    kerberos_service_name: str = "kafka"
    kerberos_domain_name: str | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which names are monitored: those that ``allow`` matches (all, if None) and ``deny`` does not; deny wins.

    As in Burrow the expressions may match anywhere in the name.
    """

    allow: Pattern[str] | None = None
    deny: Pattern[str] | None = None

    def admits(self, name: str) -> bool:
        """True if the name is monitored."""
        if self.deny is not None and self.deny.search(name):
            return False
        return self.allow is None or self.allow.search(name) is not None


DEFAULT_GROUPS = Filter(deny=re.compile("^(console-consumer-|python-kafka-consumer-|quick-).*$"))
"""As in Burrow's sample configuration: temporary groups are not monitored."""

DEFAULT_TOPICS = Filter(deny=re.compile("^__(consumer_offsets|transaction_state|share_group_state)$"))
"""Kafka's own topics are not monitored: consumer groups do not normally read them."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One Kafka cluster. Times in seconds.

    ``read_committed``: groups that match it read only committed records, and are measured against the last stable
    offset instead of the end offset.
    """

    name: str
    bootstrap_servers: tuple[str, ...]
    client_id: str = "kafka-burrow-exporter"
    tls: Tls | None = None
    sasl: Sasl | None = None
    request_timeout: float = 10.0
    groups: Filter = DEFAULT_GROUPS
    topics: Filter = DEFAULT_TOPICS
    evaluation: Evaluation = Evaluation()
    granularity: Granularity = "partition"
    start_offsets: bool = True
    read_committed: Pattern[str] | None = None
    members_refresh: float = 60.0


@dataclass(frozen=True, slots=True)
class Collection:
    """How scrapes become collections. Times in seconds.

    ``min_interval``: a report younger than this is served again. ``scrape_timeout``: the timeout of a scraper
    that sends none. ``timeout_offset``: how much earlier than its deadline a scraper is answered.
    ``max_report_age``: while a collection is late, the previous report is served instead, up to this age.
    """

    min_interval: float = 5.0
    scrape_timeout: float = 10.0
    timeout_offset: float = 0.5
    max_report_age: float = 120.0


@dataclass(frozen=True, slots=True)
class Web:
    """The exporter's own port.

    ``api_delete``: Burrow's API may discard a group's history, on a port that requires authentication.
    ``config_file``: the web configuration file (TLS, passwords). ``unauthenticated_health``: health needs no password.
    """

    listen_address: str = ":8000"
    telemetry_path: str = "/metrics"
    access_control_allow_origin: str | None = None
    api_delete: bool = False
    config_file: str | None = None
    unauthenticated_health: bool = False
    enable_lifecycle: bool = False


@dataclass(frozen=True, slots=True)
class Storage:
    """Where the retained history is stored across restarts; with ``path`` None nothing is written."""

    path: str | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """Logging to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["logfmt", "json"] = "logfmt"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of the exporter.

    ``evaluation`` judges recordings of clusters that are not among ``clusters``.
    """

    clusters: tuple[Cluster, ...]
    collection: Collection = Collection()
    web: Web = Web()
    storage: Storage = Storage()
    log: Log = Log()
    evaluation: Evaluation = Evaluation()
