"""Settings → YAML: the settings in force, secrets hidden; and the reference file, which explains every key."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Any

import yaml

from exporter.config.keys import CLUSTER, SECTIONS
from exporter.schema.section import Key, Section
from exporter.settings import Cluster, Settings

_HEAD = """\
# Every key of kafka-burrow-exporter's configuration, with its default.
#
# Lines that start with "# " are explanations. A key that is commented out without a space (#key: value) has no
# default; its value is an example. Durations are written as 150s, 2m30s, 900ms, or as a number of seconds. Relative
# paths start at the directory of this file. A secret is given as text, as ${NAME} to read it from the environment, or
# with the key ending in _file, which names a file that holds it. `kafka-burrow-exporter check-config` checks a file.
"""

_CLUSTERS = "The clusters, each under its name, which becomes the label `cluster`; case is preserved."
_DEFAULTS = (
    "Defaults for all clusters: any key that a cluster can have. A cluster's own keys win, one by one."
    " `replay` uses the `evaluation` here for recordings of clusters that are not listed."
)


def in_force(settings: Settings) -> dict[str, Any]:
    """The settings in the form of the file, ready for YAML or JSON; secrets are hidden, unset values left out."""
    clusters = {cluster.name: _shown(CLUSTER, cluster) for cluster in settings.clusters}
    return {"clusters": clusters, **{part.name: _shown(part, getattr(settings, part.name)) for part in SECTIONS}}


def as_yaml(shown: dict[str, Any]) -> str:
    """The settings in force as a YAML file that can be loaded again once its secrets are filled in."""
    return yaml.dump(shown, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)


class _Dumper(yaml.SafeDumper):
    """Escapes text that does not print, such as a line end, between quotes."""


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


_Dumper.add_representer(str, _text)


def reference() -> str:
    """The reference file: every key in its place, explained; loading it gives the defaults."""
    lines = [_HEAD]
    lines += [*_explained(_CLUSTERS, 0), "clusters:", "  kafka:"]
    standard = Cluster("kafka", ())
    for part in CLUSTER.parts:
        lines += _part(part, CLUSTER, standard, indent=4, live=True)
    lines += ["", *_explained(_DEFAULTS, 0), "defaults: {}"]
    for section in SECTIONS:
        lines += ["", *_section(section, section.of(), indent=0, live=True)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def _shown(section: Section, value: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for part in section.parts:
        if isinstance(part, Section):
            inner = value if part.prefix else getattr(value, part.name)
            below = _shown(part, inner) if inner is not None else {}
            # A section that is present but has nothing to show (`tls: {}`) still has a meaning.
            if below or (inner is not None and not part.prefix):
                shown[part.name] = below
        elif not part.into:
            held = getattr(value, section.prefix + part.name)
            text = part.kind.show(held)
            if text is not None:
                shown[part.name] = text
    return shown


def _section(section: Section, standard: Any, *, indent: int, live: bool) -> Iterator[str]:
    yield from _explained(section.doc, indent)
    below = [line for part in section.parts for line in _part(part, section, standard, indent=indent + 2, live=live)]
    # With only comments in it, it would be a key without a value.
    filled = any(line.strip() and not line.lstrip().startswith("#") for line in below)
    yield _line(f"{section.name}:", indent, live=live and filled)
    yield from below


def _part(part: Key | Section, section: Section, standard: Any, *, indent: int, live: bool) -> Iterator[str]:
    """The lines of one key or section; ``standard`` is the section's default, None where it has none as a whole."""
    if isinstance(part, Section):
        inner = standard if part.prefix else getattr(standard, part.name)
        yield ""
        yield from _section(part, inner, indent=indent, live=live and inner is not None)
        yield ""
        return
    default = getattr(standard, section.prefix + part.field) if standard is not None else section.default(part.field)
    yield from _explained(part.doc, indent)
    if part.required:
        yield _line(f"{part.name}: {part.example}", indent, live=live)
    elif default is None and part.kind.show(None) is None:
        yield _line(f"{part.name}: {part.example}", indent, live=False)
    else:
        yield _line(f"{part.name}: {_flow(part.kind.show(default))}", indent, live=live)


def _line(text: str, indent: int, *, live: bool) -> str:
    return " " * indent + text if live else " " * indent + "#" + text


def _explained(text: str, indent: int) -> list[str]:
    width = 110 - indent
    return [f"{' ' * indent}# {line}" for line in textwrap.wrap(text, width, break_long_words=False)]


def _flow(value: Any) -> str:
    if value == "":
        return '""'
    return (
        yaml.safe_dump(value, default_flow_style=True, width=1000, allow_unicode=True).removesuffix("\n...\n").strip()
    )
