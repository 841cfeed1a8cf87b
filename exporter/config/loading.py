"""File and flags → settings."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from exporter.config.clusters import cluster_tables
from exporter.config.flags import CLUSTER_NAME, SERVERS, Flag
from exporter.config.keys import CLUSTER, SECTIONS, TOP, known_paths
from exporter.schema.document import Scalar, Table, merged
from exporter.schema.files import document
from exporter.schema.inputs import Inputs
from exporter.schema.mistakes import ConfigError, Mistake, Place
from exporter.schema.reading import Reading
from exporter.schema.section import Section
from exporter.settings import Settings

STANDARD = Settings(clusters=())
"""The defaults."""


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
    root, malformed = _root(file)
    for key in sorted(given.keys() - {SERVERS, CLUSTER_NAME}):
        root = merged(root, _as_file(given[key]))
    folder = Path(file).parent if file is not None else Path()
    reading = Reading(
        Inputs(folder, os.environ if environment is None else environment), malformed, paths=known_paths()
    )
    reading.unknown(root, TOP)
    values = {
        section.name: reading.section(section, table)
        for section in SECTIONS
        if (table := reading.table(root.entries.get(section.name), section.name)) is not None
    }
    defaults = reading.table(root.entries.get("defaults"), "defaults") or Table(root.place, "defaults", {}, {})
    shared = reading.section(CLUSTER, defaults, partial=True)
    tables = cluster_tables(root, defaults, given, reading, needed=clusters_needed and not malformed)
    clusters = {name: reading.section(CLUSTER, table) for name, table in tables.items()}
    if reading.mistakes:
        raise ConfigError(reading.mistakes)
    evaluation = dataclasses.replace(STANDARD.evaluation, **shared.get("evaluation", {}))
    return Settings(
        clusters=tuple(_built(CLUSTER, {"name": name, **read}, None) for name, read in clusters.items()),
        evaluation=evaluation,
        **{section.name: _built(section, values.get(section.name, {}), None) for section in SECTIONS},
    )


def _root(file: str | None) -> tuple[Table, list[Mistake]]:
    """The file as a mapping (empty if there is no file), and the mistakes in its form."""
    if file is None:
        return Table(Place("kafka-burrow-exporter"), "", {}, {}), []
    node, mistakes = document(file)
    if node is None and mistakes:
        raise ConfigError(mistakes)
    if node is None or (isinstance(node, Scalar) and node.text is None):
        message = 'is empty; it needs at least "clusters: {NAME: {bootstrap_servers: HOST:PORT}}"'
        raise ConfigError([Mistake(Place(file, 1, 1), "", message)])
    if not isinstance(node, Table):
        message = f"must be a mapping of keys ({', '.join(TOP)}) at the top"
        raise ConfigError(mistakes or [Mistake(node.place, "", message)])
    return node, mistakes


def _as_file(flag: Flag) -> Table:
    """The flag in the form of the file."""
    place = Place(flag.origin)
    section, name = flag.key.split(".")
    inner = Table(place, "", {name: Scalar(place, "", flag.value)}, {name: place})
    return Table(place, "", {section: inner}, {section: place})


def _built(section: Section, values: Mapping[str, Any], start: Any) -> Any:
    """The dataclass of a section: the values that were read over ``start``, or over the dataclass' defaults."""
    fields = dict(values)
    for part in section.parts:
        if isinstance(part, Section) and not part.prefix and part.name in fields:
            fields[part.name] = _built(part, fields[part.name], section.default(part.name))
    return dataclasses.replace(start, **fields) if start is not None else section.of(**fields)
