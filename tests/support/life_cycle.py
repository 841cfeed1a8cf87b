"""One healthy group and its window, from which the tests of the life cycles start."""

from __future__ import annotations

from exporter.core.model import Observation, Status
from exporter.core.report import Report
from tests.support.observations import group, observation

WINDOW = range(0, 181, 30)
"""Seconds of observations that fill a window of 120 s."""


def healthy(at: int) -> Observation:
    return observation(at, {"g": group({"t": [1000 + at]})}, {"t": [1000 + at]})


def young(found: Report, name: str = "g") -> bool:
    return found.groups[name].complete == 0


def status_of(found: Report, name: str = "g") -> Status:
    return found.groups[name].status
