"""The names of metric families in the configuration: which there are."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from exporter.metrics.catalogue import CATALOGUE, CLUSTER_FAMILIES
from exporter.metrics.presets import PRESETS
from exporter.quoting import quoted
from exporter.schema.inputs import Inputs
from exporter.schema.mistakes import Invalid, suggestion
from exporter.schema.section import Key, Part, Section

KNOWN: Final = (*PRESETS, *(family.name for family in CLUSTER_FAMILIES))
OF_THE_EXPORTER: Final = frozenset(family.name for family in CATALOGUE) - frozenset(KNOWN)


def knowing_families(cluster: Section) -> Section:
    """The section of a cluster with its names of families checked; the settings, a floor below them, know none."""
    metrics = cluster.parts["metrics"]
    if not isinstance(metrics, Section):
        raise TypeError("metrics is no section")
    parts = {name: _checked(part) if name in ("include", "exclude") else part for name, part in metrics.parts.items()}
    return replace(cluster, parts={**cluster.parts, "metrics": replace(metrics, parts=parts)})


def _checked(part: Part) -> Part:
    return replace(part, kind=replace(part.kind, read=_read)) if isinstance(part, Key) else part


def _read(text: str, _: Inputs) -> str:
    """The name of a family of clusters, or of a preset. Raises Invalid for another one."""
    if text in KNOWN:
        return text
    if text in OF_THE_EXPORTER:
        raise Invalid(f"{quoted(text)} is about the exporter and not about a cluster; it is always exported")
    hint = suggestion(text, KNOWN) or "docs/metrics.md lists them"
    raise Invalid(f"{quoted(text)} is not a metric family; {hint}")
