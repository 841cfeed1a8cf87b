"""A Kafka cluster: how it is read, and how its groups are judged."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from exporter.core.evaluation import EvaluationSettings
from exporter.name_pattern import NamePattern
from exporter.schema.addresses import SERVERS
from exporter.schema.kinds import BOOLEAN, REGEX, TEXT, duration
from exporter.schema.section import Each, Key, Part, Section, from_key, from_section, section, setting
from exporter.settings import checks
from exporter.settings.connection import SASL, TLS, Sasl, Tls
from exporter.settings.evaluation import EVALUATION
from exporter.settings.exported_metrics import METRICS, Metrics
from exporter.settings.overrides import GRANULARITY, OVERRIDE, Granularity, GroupOverride
from exporter.settings.sharding import Shard
from exporter.settings.zookeeper import ZOOKEEPER, ZooKeeper


@dataclass(frozen=True, slots=True)
class Filter:
    """Which names are monitored: those that ``allow`` matches (all, if None) and ``deny`` does not; deny wins.

    As in Burrow the expressions may match anywhere in the name.
    """

    allow: NamePattern | None = None
    deny: NamePattern | None = None

    def admits(self, name: str) -> bool:
        """True if the name is monitored."""
        if self.deny is not None and self.deny.search(name):
            return False
        return self.allow is None or self.allow.search(name)


@dataclass(frozen=True, slots=True)
class Groups(Filter):
    """Which groups are monitored, and what is otherwise for some of them; of the overrides the first that matches.

    Those that another ``shard`` reads are not.
    """

    overrides: tuple[GroupOverride, ...] = ()
    shard: Shard = Shard()

    def admits(self, name: str) -> bool:
        """True if the group is monitored here."""
        return self.shard.holds(name) and Filter.admits(self, name)

    def override_of(self, group: str) -> GroupOverride | None:
        """The override that says what concerns a group as a whole; None if none does."""
        return next((override for override in self.overrides if override.takes_group(group)), None)


DEFAULT_GROUPS: Final = Groups(deny=NamePattern("^(console-consumer-|python-kafka-consumer-|quick-).*$"))
"""As in Burrow's sample configuration: temporary groups are not monitored."""

DEFAULT_TOPICS: Final = Filter(deny=NamePattern("^__(consumer_offsets|transaction_state|share_group_state)$"))
"""Kafka's own topics are not monitored: consumer groups do not normally read them."""


def _filter(of: type[Filter], which: str, default: str, **more: Part) -> Section:
    return section(
        of,
        f"Which {which} are monitored. Expressions may match anywhere in the name (use ^ and $); `deny` wins."
        f" {default}",
        parts={
            "allow": Key(REGEX, f"Only {which} that match this; all if empty."),
            "deny": Key(REGEX, f"Leave out {which} that match this; none if empty."),
            **more,
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
    zookeeper: ZooKeeper | None = field(default=None, metadata=from_section(ZOOKEEPER))
    request_timeout: float = setting(duration(), "How long one request to a broker may take.", default=10.0)
    groups: Groups = field(
        default=DEFAULT_GROUPS,
        metadata=from_section(
            _filter(
                Groups,
                "consumer groups",
                "The default is Burrow's: temporary groups are left out.",
                overrides=Each(OVERRIDE),
            )
        ),
    )
    topics: Filter = field(
        default=DEFAULT_TOPICS,
        metadata=from_section(_filter(Filter, "topics", "The default leaves out Kafka's internal topics.")),
    )
    evaluation: EvaluationSettings = field(default=EvaluationSettings(), metadata=from_section(EVALUATION))
    granularity: Granularity = setting(
        GRANULARITY,
        "Level of detail of the metrics: per partition, only per topic and group, or only per group."
        " Coarser means fewer series; verdicts are always reached per partition.",
        default="partition",
    )
    metrics: Metrics = field(default=Metrics(), metadata=from_section(METRICS))
    start_offsets: bool = setting(
        BOOLEAN, "Whether to read log start offsets too (one more request per leader).", default=True
    )
    read_committed: NamePattern | None = setting(
        REGEX,
        "Groups that match this read only committed records (isolation.level=read_committed): their lag is"
        " measured against the last stable offset. None if empty.",
        default=None,
    )
    members_refresh: float = setting(
        duration(zero=True), "Group members and assignments are read again when older than this.", default=60.0
    )

    @property
    def judging(self) -> EvaluationSettings:
        """How its groups are judged, with what is otherwise for some."""
        return replace(self.evaluation, overrides=self.groups.overrides)

    def reads_committed(self, group: str) -> bool:
        """True if the group's lag is measured against the last stable offset."""
        override = self.groups.override_of(group)
        if override is not None and override.read_committed is not None:
            return override.read_committed
        return self.read_committed is not None and self.read_committed.search(group)

    def granularity_of(self, group: str) -> Granularity:
        """The level of detail of the group's metrics."""
        override = self.groups.override_of(group)
        return override.granularity if override is not None and override.granularity is not None else self.granularity


CLUSTER: Final = section(
    Cluster,
    "The clusters, each under its name, which becomes the label `cluster`; case is preserved.",
    check=checks.cluster,
)
