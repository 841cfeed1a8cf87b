"""File and flags → settings."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from exporter.config.clusters import with_clusters
from exporter.config.family_names import knowing_families
from exporter.config.flags import CLUSTER_NAME, SERVERS, Flag
from exporter.schema import document
from exporter.schema.document import Scalar, Table, merged
from exporter.schema.inputs import Inputs
from exporter.schema.kinds import Kind
from exporter.schema.mistakes import Invalid, Mistake, Place
from exporter.schema.reading import build, read
from exporter.schema.section import Each, section
from exporter.settings import CLUSTER, EVALUATION, OVERRIDE, SETTINGS, Cluster, Settings, Shard


def _cluster_name(text: str, _: Inputs) -> str:
    if not text:
        raise Invalid("a cluster needs a name")
    return text


_CLUSTER: Final = knowing_families(CLUSTER)

DEFAULTS: Final = dataclasses.replace(
    _CLUSTER,
    doc="Defaults for all clusters: any key that a cluster can have. A cluster's own keys win, one by one."
    " `replay` uses the `evaluation` and the `groups.overrides` here for recordings of clusters that are not listed.",
    partial=True,
)

FILE: Final = section(
    Settings, parts={"clusters": Each(_CLUSTER, Kind("a name", _cluster_name)), "defaults": DEFAULTS, **SETTINGS.parts}
)
"""The whole file."""


def load(
    file: str | None,
    flags: Iterable[Flag] = (),
    *,
    environment: Mapping[str, str] | None = None,
    clusters_needed: bool = True,
) -> Settings:
    """The settings of a file (if any), with the flags overriding it.

    Raises `ConfigError` with every mistake. With ``clusters_needed`` False a configuration may have no cluster:
    `replay` needs none.
    """
    given = {flag.key: flag for flag in flags}
    root, mistakes = Table(Place("kafka-burrow-exporter"), "", {}, {}), list[Mistake]()
    if file is not None:
        empty = 'is empty; it needs at least "clusters: {NAME: {bootstrap_servers: HOST:PORT}}"'
        root, mistakes = document.load(file, FILE.parts, when_empty=empty)
    for key in sorted(given.keys() - {SERVERS, CLUSTER_NAME}):
        root = merged(root, _as_file(given[key]))
    root, more = with_clusters(root, given, needed=clusters_needed and not mistakes)
    folder = Path(file).parent if file is not None else Path()
    inputs = Inputs(folder, os.environ if environment is None else environment)
    values = dict(read(FILE, root, inputs, [*mistakes, *more]))

    clusters = values.pop("clusters", {})
    values["clusters"] = tuple(build(CLUSTER, {"name": name, **each}) for name, each in clusters.items())
    defaults = values.pop("defaults", {})
    overrides = build(Each(OVERRIDE), defaults.get("groups", {}).get("overrides", ()))
    values["evaluation"] = dataclasses.replace(build(EVALUATION, defaults.get("evaluation", {})), overrides=overrides)
    settings: Settings = build(SETTINGS, values)
    return dataclasses.replace(
        settings, clusters=tuple(_sharded(cluster, settings.shard) for cluster in settings.clusters)
    )


def _sharded(cluster: Cluster, shard: Shard) -> Cluster:
    """The cluster with only those of its groups that a shard reads."""
    return dataclasses.replace(cluster, groups=dataclasses.replace(cluster.groups, shard=shard))


def _as_file(flag: Flag) -> Table:
    """The flag in the form of the file."""
    place = Place(flag.origin)
    section, name = flag.key.split(".")
    inner = Table(place, "", {name: Scalar(place, "", flag.value)}, {name: place})
    return Table(place, "", {section: inner}, {section: place})
