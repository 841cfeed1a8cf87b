"""Timelines: what is done at which time, and what must hold between which times.

A timeline is a generator of steps. Several are played at the same time, each by its own clock::

    def a_consumer_stalls(stage):
        yield at(0, "it stalls", stage.stall)
        yield want(between(27, 72), "one message", lambda: len(stage.messages) == 1)
        yield keep(15, "no second one", lambda: len(stage.messages) == 1)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field

from testbed.processes import TestbedError

LOOK_SECONDS = 0.25

Condition = Callable[[], bool]
Timeline = Generator["At | Want | Keep", None, None]


@dataclass(frozen=True, slots=True)
class At:
    """Something that is done ``after`` seconds; the times of the steps that follow count from then."""

    after: float
    what: str
    do: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Want:
    """A condition that must begin to hold between two times, in seconds after the last `At`."""

    earliest: float
    latest: float
    what: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Keep:
    """A condition that must hold at every check for so many seconds from now."""

    seconds: float
    what: str
    condition: Condition


def at(after: float, what: str, do: Callable[[], object]) -> At:
    """Does this ``after`` seconds from the step before."""
    return At(after, what, do)


def between(earliest: float, latest: float) -> tuple[float, float]:
    """From when to when, in seconds after what was last done."""
    return earliest, latest


def by(latest: float) -> tuple[float, float]:
    """Until when, in seconds after what was last done."""
    return 0.0, latest


def want(when: tuple[float, float], what: str, condition: Condition) -> Want:
    """Goes on as soon as the condition holds. It fails if that is too early, or has not come in time."""
    return Want(*when, what, condition)


def keep(seconds: float, what: str, condition: Condition) -> Keep:
    """Goes on after so many seconds. It fails as soon as the condition does not hold."""
    return Keep(seconds, what, condition)


@dataclass(slots=True)
class Played:
    """The result of a timeline: the steps that passed, with the seconds since its beginning, and what failed."""

    steps: list[str] = field(default_factory=list)
    failure: Exception | None = None

    def check(self) -> None:
        """Raises the failure, if there is one, with the steps before it."""
        if self.failure is not None:
            raise self.failure


class _Running:
    """One timeline, its clock, and the step it is at."""

    def __init__(self, timeline: Timeline, now: float) -> None:
        self.played = Played()
        self._timeline = timeline
        self._began = self._since = self._acted = now
        self._step = next(timeline, None)

    def look(self, now: float) -> bool:
        """Runs all steps that are due, and returns whether there are more."""
        try:
            while self._step is not None and self._done(self._step, now):
                self.played.steps.append(f"{now - self._began:6.1f} s  {self._step.what}")
                self._since = now
                self._step = next(self._timeline, None)
        except Exception as error:
            error.add_note("\n".join(["The story so far:", *self.played.steps]))
            self.played.failure = error
            self._step = None
        return self._step is not None

    def _done(self, step: At | Want | Keep, now: float) -> bool:
        match step:
            case At():
                if now - self._since < step.after:
                    return False
                step.do()
                self._acted = now
                return True
            case Want():
                return self._wanted(step, now - self._acted)
            case Keep():
                if not step.condition():
                    raise TestbedError(f"{step.what}: no more after {now - self._since:.1f} s of {step.seconds:g} s")
                return now - self._since >= step.seconds

    def _wanted(self, step: Want, elapsed: float) -> bool:
        if step.condition():
            if elapsed < step.earliest:
                raise TestbedError(f"{step.what}: after {elapsed:.1f} s, {step.earliest:g} s at the earliest")
            return True
        if elapsed > step.latest:
            raise TestbedError(f"{step.what}: not within {step.latest:g} s")
        return False


def play(timelines: Mapping[str, Timeline], each_look: Callable[[], None] = lambda: None) -> dict[str, Played]:
    """Runs all at the same time, in this thread, and returns the result of each.

    ``each_look`` is called before every check; an error from it ends the run.
    """
    began = time.monotonic()
    running = {name: _Running(timeline, began) for name, timeline in timelines.items()}
    while True:
        each_look()
        going_on = [each.look(time.monotonic()) for each in running.values()]
        if not any(going_on):
            return {name: each.played for name, each in running.items()}
        time.sleep(LOOK_SECONDS)
