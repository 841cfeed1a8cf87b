"""The exporter's own state: the last collection, what failed in it, the effective configuration, versions."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from exporter import __version__
from exporter.config import effective_settings
from exporter.core.report import Outcome, Report
from exporter.schema import as_yaml
from exporter.settings import Settings
from exporter.web.pages import words
from exporter.web.pages.overview import ClusterCard, cluster_card

VERSIONS: Final = (
    ("kafka-burrow-exporter", __version__),
    ("Python", platform.python_version()),
    *(
        (name, version(name))
        for name in ("kafka-python", "numpy", "prometheus-client", "starlette", "uvicorn", "jinja2")
    ),
)
"""Read once: reading them takes an open file each, and there may be none left."""

WHOLE: Final = "total"
"""The stage that includes all others."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a collection: how long it took, and its share of the longest in percent."""

    name: str
    seconds: str
    percent: float


@dataclass(frozen=True, slots=True)
class LastCollection:
    """The last collection of a cluster."""

    card: ClusterCard
    stages: Sequence[Stage]
    requests: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class StatePage:
    """The page about the exporter itself."""

    collections: Sequence[LastCollection]
    versions: Sequence[tuple[str, str]]
    configuration: str


def state_page(outcomes: Sequence[Outcome], settings: Settings, now: int) -> StatePage:
    """The exporter's state as seen at ``now`` (ms)."""
    return StatePage(
        collections=[_last_collection(of, now) for of in outcomes],
        versions=VERSIONS,
        configuration=as_yaml(effective_settings(settings)),
    )


def _last_collection(of: Outcome, now: int) -> LastCollection:
    found = of.report
    return LastCollection(
        card=cluster_card(of, now),
        stages=_stages(found) if found is not None else (),
        requests=[(kind, words.number(count)) for kind, count in found.requests.items()] if found is not None else (),
    )


def _stages(found: Report) -> list[Stage]:
    longest = max(found.stages.values(), default=0.0) or 1.0
    ordered = sorted(found.stages.items(), key=lambda stage: stage[0] == WHOLE)
    return [Stage(name, _seconds(taken), round(100 * taken / longest, 1)) for name, taken in ordered]


def _seconds(taken: float) -> str:
    return f"{taken:.2f} s" if taken >= 1 else f"{taken * 1000:.1f} ms"
