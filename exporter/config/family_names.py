"""The names of metric families in the configuration: which there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from exporter.metrics.catalogue import CATALOGUE, CLUSTER_FAMILIES
from exporter.metrics.compatibility import PEERS
from exporter.metrics.presets import PRESETS
from exporter.quoting import quoted
from exporter.schema.inputs import Inputs
from exporter.schema.mistakes import Invalid, suggestion
from exporter.schema.section import Key, Part, Section

KNOWN: Final = (*PRESETS, *(family.name for family in CLUSTER_FAMILIES))
OF_THE_EXPORTER: Final = frozenset(family.name for family in CATALOGUE) - frozenset(KNOWN)
OF_PEERS: Final = {family.name: peer.name for peer in PEERS for family in peer.families()}
"""Other exporters' families; ``metrics.compatibility`` includes them all, and ``metrics.exclude`` leaves some out."""


def knowing_families(cluster: Section) -> Section:
    """The section of a cluster with its names of families checked; the settings, a floor below them, know none."""
    metrics = cluster.parts["metrics"]
    if not isinstance(metrics, Section):
        raise TypeError("metrics is no section")
    parts = dict(metrics.parts)
    for name, read in (("include", _included), ("exclude", _excluded)):
        parts[name] = _checked(parts[name], read)
    return replace(cluster, parts={**cluster.parts, "metrics": replace(metrics, parts=parts)})


def _checked(part: Part, read: Callable[[str, Inputs], str]) -> Part:
    return replace(part, kind=replace(part.kind, read=read)) if isinstance(part, Key) else part


def _included(text: str, _: Inputs) -> str:
    if text in OF_PEERS:
        raise Invalid(f"{quoted(text)} is not chosen here; give compatibility: [{OF_PEERS[text]}]")
    return _known(text, KNOWN)


def _excluded(text: str, _: Inputs) -> str:
    return _known(text, (*KNOWN, *OF_PEERS))


def _known(text: str, names: Sequence[str]) -> str:
    """The name of a family of clusters, or of a preset. Raises Invalid for another one."""
    if text in names:
        return text
    if text in OF_THE_EXPORTER:
        raise Invalid(f"{quoted(text)} is about the exporter and not about a cluster; it is always exported")
    hint = suggestion(text, names) or "docs/metrics.md lists them"
    raise Invalid(f"{quoted(text)} is not a metric family; {hint}")
