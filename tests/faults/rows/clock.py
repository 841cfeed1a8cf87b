"""A clock that is wrong by an hour, while the exporter runs and across its restart (by Debian's libfaketime)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from testbed.processes import TestbedError
from tests.faults.row import Row, Stage, Step
from tests.faults.rows.storage import kept
from tests.faults.steps import watch

HOUR = 3600.0
SETTLE_SECONDS = 3.0
"""For how long after a step what pages say is not held against the clock: two scrapes, and a little more."""


def _library() -> str:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        raise TestbedError("libfaketime is missing: install it (Debian: apt-get install faketime)")
    return str(found[0])


def _offsets(stage: Stage) -> Path:
    return stage.scene.folder / "faketime"


def with_a_clock_of_its_own(stage: Stage) -> None:
    """Starts an exporter that keeps its history, and whose clock `step` sets."""
    _offsets(stage).write_text("+0\n")
    stage.start(kept(stage), env=_environment(stage))


def _environment(stage: Stage) -> dict[str, str]:
    return {
        "LD_PRELOAD": _library(),
        "FAKETIME_TIMESTAMP_FILE": str(_offsets(stage)),
        "FAKETIME_CACHE_DURATION": "1",  # seconds: the file is not read anew whenever anybody asks for the time
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def step(ahead: float) -> Callable[[Stage], None]:
    """Sets the exporter's clock to be so many seconds ahead of the machine's."""

    def act(stage: Stage) -> None:
        stage.watcher.values_hold = False
        _offsets(stage).write_text(f"{ahead:+.0f}\n")
        stage.watcher.clock_ahead = ahead
        time.sleep(SETTLE_SECONDS)
        stage.watcher.values_hold = True

    return act


def restart_into(ahead: float) -> Callable[[Stage], None]:
    """Stops the exporter, and starts it again with another clock."""

    def act(stage: Stage) -> None:
        with stage.watcher.paused():
            stage.exporters.pop().stop()
            _offsets(stage).write_text(f"{ahead:+.0f}\n")
            stage.watcher.clock_ahead = ahead
            stage.start(kept(stage), env=_environment(stage))

    return act


def _steps(way: str, ahead: float) -> tuple[Step, ...]:
    return (
        Step(f"the clock is set an hour {way} while the exporter runs", step(ahead)),
        watch(15),
        Step("then set right", step(0.0)),
    )


def _restarts(way: str, ahead: float) -> tuple[Step, ...]:
    return (
        Step(f"while the exporter is stopped the clock is set an hour {way}", restart_into(ahead)),
        watch(20),
        Step("then, while it is stopped again, set right", restart_into(0.0)),
    )


ROWS = (
    Row("clock-forward", _steps("forward", HOUR), start=with_a_clock_of_its_own),
    Row("clock-back", _steps("back", -HOUR), start=with_a_clock_of_its_own),
    Row("clock-forward-restart", _restarts("forward", HOUR), start=with_a_clock_of_its_own),
    Row("clock-back-restart", _restarts("back", -HOUR), start=with_a_clock_of_its_own),
)
