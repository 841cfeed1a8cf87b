"""The settings that the exporter runs with: frozen values, complete and checked.

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

    ``oauth_*`` serve OAUTHBEARER, ``kerberos_*`` GSSAPI; MSK IAM takes AWS' own environment.
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
    """Which names are looked at: those that ``allow`` finds (all, if None) and ``deny`` does not; deny wins.

    As in Burrow the expressions may match anywhere in the name.
    """

    allow: Pattern[str] | None = None
    deny: Pattern[str] | None = None

    def admits(self, name: str) -> bool:
        """True if the name is to be looked at."""
        if self.deny is not None and self.deny.search(name):
            return False
        return self.allow is None or self.allow.search(name) is not None


DEFAULT_GROUPS = Filter(deny=re.compile("^(console-consumer-|python-kafka-consumer-|quick-).*$"))
"""As in Burrow's sample configuration: throw-away groups are not looked at."""

DEFAULT_TOPICS = Filter(deny=re.compile("^__(consumer_offsets|transaction_state|share_group_state)$"))
"""Kafka's own topics are not looked at: nobody reads them by committed offsets."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One Kafka cluster. Times in seconds.

    ``read_committed``: groups that it finds read committed records only, and are measured against the last stable
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

    ``min_interval``: a report younger than this is served again. ``scrape_timeout``: the deadline of a scraper
    that names none. ``timeout_offset``: how much earlier than its deadline a scraper is answered.
    ``max_report_age``: a report of an earlier collection may stand in for one that is late, up to this age.
    """

    min_interval: float = 5.0
    scrape_timeout: float = 10.0
    timeout_offset: float = 0.5
    max_report_age: float = 120.0


@dataclass(frozen=True, slots=True)
class Web:
    """The exporter's own port.

    ``api_delete``: clients of Burrow's API may have a group forgotten, on a port that asks who is there.
    ``config_file``: path of the file that locks the port. ``unauthenticated_health``: health is told to everybody.
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
    """Where the retained history is kept over a restart; with ``path`` None nothing is written."""

    path: str | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """Logging to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["logfmt", "json"] = "logfmt"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the exporter runs with.

    ``evaluation`` judges recordings of clusters that are not among ``clusters``.
    """

    clusters: tuple[Cluster, ...]
    collection: Collection = Collection()
    web: Web = Web()
    storage: Storage = Storage()
    log: Log = Log()
    evaluation: Evaluation = Evaluation()
