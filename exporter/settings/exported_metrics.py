"""Which metric families of a cluster are exported, and for which partitions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from exporter.schema.kinds import TEXT, choice, choices, commas
from exporter.schema.section import section, setting

Partitions = Literal["all", "unhealthy"]
Compatible = Literal["kafka_exporter", "kminion", "kafka_lag_exporter", "grafana"]
"""Another exporter whose families can be given under their own names."""

TELL_OF_REPLICAS: Final = frozenset[Compatible]({"kafka_exporter", "kminion"})
"""Those that also tell of brokers and replicas."""

FAMILIES: Final = replace(TEXT, what="a list of metric families", to_yaml=list, many=commas)
"""`exporter.config` adds which names there are: they are known a floor above this one."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """What is exported of a cluster: the families that ``include`` names (all, if None) and ``exclude`` does not."""

    include: tuple[str, ...] | None = setting(
        FAMILIES,
        "Only these metric families. `lean` stands for a small set of them: status, lag and lag in seconds of groups,"
        " status and lag of partitions, and the few that the alerts need besides.",
        default=None,
        example="[lean, burrow_kafka_consumer_members]",
    )
    exclude: tuple[str, ...] | None = setting(
        FAMILIES,
        "Leave out these metric families; they are not computed. `exclude` wins over `include`.",
        default=None,
        example="[burrow_kafka_consumer_current_offset]",
    )
    partitions: Partitions = setting(
        choice("a choice of partitions", *get_args(Partitions)),
        "Which groups have series for each partition: `all`, or only `unhealthy` ones, those that are at WARN or ERR"
        " or were within the last hour.",
        default="all",
    )
    compatibility: tuple[Compatible, ...] | None = setting(
        choices("compatible exporter", get_args(Compatible)),
        "Other exporters whose families are given too, under their own names, so that their dashboards and alerts keep"
        " working: docs/compatibility.md lists them.",
        default=None,
        example="[kafka_exporter]",
    )

    @property
    def need_placement(self) -> bool:
        """True if something that is exported tells of replicas."""
        return not TELL_OF_REPLICAS.isdisjoint(self.compatibility or ())


METRICS: Final = section(
    Metrics, "Which metric families are exported. docs/metrics.md says how many series each choice gives."
)
