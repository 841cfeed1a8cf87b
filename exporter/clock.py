"""The clock that the exporter measures time by, and how far the system's clock has been set away from it."""

from __future__ import annotations

import time
from typing import Final

STEP: Final = 1.0
"""Seconds. Less is no step of the system's clock, but its usual slewing."""


def running() -> float:
    """Seconds since some moment in the past. They pass while the machine is suspended, too, and only forwards."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


_STARTED: Final = time.time() - running()


def now() -> float:
    """Seconds since the epoch by the system's clock as it was set when the exporter started.

    It does not jump when that is set anew, which would lengthen or shorten the time that a group seems to have been
    silent.
    """
    return _STARTED + running()


def step() -> float:
    """By how many seconds the system's clock has been set forwards since the exporter started; negative: backwards."""
    ahead = time.time() - now()
    return ahead if abs(ahead) >= STEP else 0.0
