"""The names of metric families in the configuration: which there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from exporter.quoting import quoted
from exporter.schema.inputs import Inputs
from exporter.schema.mistakes import Invalid, suggestion
from exporter.schema.section import Key, Part, Section


@dataclass(frozen=True, slots=True)
class _Families:
    """The names that there are: ``known`` of clusters, presets included, ``of_the_exporter`` itself, and ``of_peers``.

    The last are other exporters' families, by the name of their exporter; ``metrics.compatibility`` includes them all,
    and ``metrics.exclude`` leaves some out.
    """

    known: tuple[str, ...]
    of_the_exporter: frozenset[str]
    of_peers: Mapping[str, str]


@cache
def _families() -> _Families:
    """Read once a configuration names families: the catalogue is made of columns, which are slow to load."""
    from exporter.metrics.catalogue import CATALOGUE, CLUSTER_FAMILIES  # noqa: PLC0415
    from exporter.metrics.compatibility import PEERS  # noqa: PLC0415
    from exporter.metrics.presets import PRESETS  # noqa: PLC0415

    known = (*PRESETS, *(family.name for family in CLUSTER_FAMILIES))
    return _Families(
        known=known,
        of_the_exporter=frozenset(family.name for family in CATALOGUE) - frozenset(known),
        of_peers={family.name: peer.name for peer in PEERS for family in peer.families()},
    )


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
    families = _families()
    if text in families.of_peers:
        raise Invalid(f"{quoted(text)} is not chosen here; give compatibility: [{families.of_peers[text]}]")
    return _known(text, families.known)


def _excluded(text: str, _: Inputs) -> str:
    families = _families()
    return _known(text, (*families.known, *families.of_peers))


def _known(text: str, names: Sequence[str]) -> str:
    """The name of a family of clusters, or of a preset. Raises Invalid for another one."""
    if text in names:
        return text
    if text in _families().of_the_exporter:
        raise Invalid(f"{quoted(text)} is about the exporter and not about a cluster; it is always exported")
    hint = suggestion(text, names) or "docs/metrics.md lists them"
    raise Invalid(f"{quoted(text)} is not a metric family; {hint}")
