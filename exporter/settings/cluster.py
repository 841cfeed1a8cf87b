"""A Kafka cluster: how it is read, and how its groups are judged."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from re import Pattern
from typing import Final, Literal, get_args

from exporter.core.evaluation import EvaluationSettings
from exporter.schema.addresses import SERVERS
from exporter.schema.kinds import BOOLEAN, REGEX, TEXT, choice, duration
from exporter.schema.section import Key, Section, from_key, from_section, section, setting
from exporter.settings import checks
from exporter.settings.connection import SASL, TLS, Sasl, Tls
from exporter.settings.evaluation import EVALUATION

Granularity = Literal["partition", "topic", "group"]


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


DEFAULT_GROUPS: Final = Filter(deny=re.compile("^(console-consumer-|python-kafka-consumer-|quick-).*$"))
"""As in Burrow's sample configuration: temporary groups are not monitored."""

DEFAULT_TOPICS: Final = Filter(deny=re.compile("^__(consumer_offsets|transaction_state|share_group_state)$"))
"""Kafka's own topics are not monitored: consumer groups do not normally read them."""


def _filter(which: str, default: str) -> Section:
    return section(
        Filter,
        f"Which {which} are monitored. Expressions may match anywhere in the name (use ^ and $); `deny` wins."
        f" {default}",
        parts={
            "allow": Key(REGEX, f"Only {which} that match this; all if empty."),
            "deny": Key(REGEX, f"Leave out {which} that match this; none if empty."),
        },
    )


@dataclass(frozen=True, slots=True)
class Cluster:
    """One Kafka cluster. Times in seconds."""

    name: str
    bootstrap_servers: tuple[str, ...] = field(
        metadata=from_key(
            SERVERS,
            "Brokers to connect to first; they name the others. A list, or one text with commas;"
            ' an IPv6 address needs quotes: "[::1]:9092".',
            required=True,
            example="[kafka-1:9092, kafka-2:9092]",
        )
    )
    client_id: str = setting(
        TEXT, "The exporter's name in the brokers' logs, metrics and quotas.", default="kafka-burrow-exporter"
    )
    tls: Tls | None = field(default=None, metadata=from_section(TLS))
    sasl: Sasl | None = field(default=None, metadata=from_section(SASL))
    request_timeout: float = setting(duration(), "How long one request to a broker may take.", default=10.0)
    groups: Filter = field(
        default=DEFAULT_GROUPS,
        metadata=from_section(_filter("consumer groups", "The default is Burrow's: temporary groups are left out.")),
    )
    topics: Filter = field(
        default=DEFAULT_TOPICS,
        metadata=from_section(_filter("topics", "The default leaves out Kafka's internal topics.")),
    )
    evaluation: EvaluationSettings = field(default=EvaluationSettings(), metadata=from_section(EVALUATION))
    granularity: Granularity = setting(
        choice("a granularity", *get_args(Granularity)),
        "Level of detail of the metrics: per partition, only per topic and group, or only per group."
        " Coarser means fewer series; verdicts are always reached per partition.",
        default="partition",
    )
    start_offsets: bool = setting(
        BOOLEAN, "Whether to read log start offsets too (one more request per leader).", default=True
    )
    read_committed: Pattern[str] | None = setting(
        REGEX,
        "Groups that match this read only committed records (isolation.level=read_committed): their lag is"
        " measured against the last stable offset. None if empty.",
        default=None,
    )
    members_refresh: float = setting(
        duration(zero=True), "Group members and assignments are read again when older than this.", default=60.0
    )


CLUSTER: Final = section(
    Cluster,
    "The clusters, each under its name, which becomes the label `cluster`; case is preserved.",
    check=checks.cluster,
)
