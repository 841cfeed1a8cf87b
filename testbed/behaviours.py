"""Consumers that behave in the ways that Burrow's rules tell apart."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Self

from testbed.kafka import Offsets
from testbed.loops import Loop
from testbed.members import Member


class Behaviour(StrEnum):
    """How a consumer behaves after its turning point; before it every consumer is healthy.

    ``records`` below is the number of records a step.
    """

    HEALTHY = "healthy"
    """Keeps up with its topic and commits: OK."""

    IDLE = "idle"
    """Has read all records and no more are written: OK. It behaves as a healthy one."""

    SLOW = "slow"
    """Reads and commits ``records``: WARN if more are written."""

    STALLED = "stalled"
    """Stays in the group but commits nothing: STALL."""

    STOPPED = "stopped"
    """Leaves the group: STOP."""

    REWINDING = "rewinding"
    """Seeks ``records`` further back and commits that, again and again: REWIND."""


class Consumer(Loop):
    """A member that keeps up with its topic, until it is given another behaviour."""

    def __init__(self, member: Member, *, records: int = 1, step_seconds: float = 0.5, lifetime: float = 600.0) -> None:
        self._member = member
        self._records = records
        self._step_seconds = step_seconds
        self._behaviour = Behaviour.HEALTHY
        self._turns_after = 0.0
        self._committed: Offsets = {}
        self._first_commit: float | None = None
        super().__init__("consumer", self._work, member.close, lifetime)

    def turn(self, behaviour: Behaviour, after: float = 0.0) -> Self:
        """Switches to this behaviour ``after`` seconds after the member's first commit.

        That commit is needed: a partition without one is not judged.
        """
        self._behaviour, self._turns_after = behaviour, after
        self.name = f"{behaviour} consumer"
        return self

    def _work(self) -> bool:
        self._member.read(self._step_seconds)
        positions = self._member.positions()
        behaviour = self._behaviour_now()
        if behaviour is Behaviour.STOPPED:
            return False
        if behaviour is Behaviour.STALLED:
            return True
        wanted = _next_commits(behaviour, self._committed, positions, self._records)
        if behaviour is Behaviour.REWINDING:
            self._member.go_back(wanted)
        if wanted and self._member.commit(wanted):
            self._committed.update(wanted)
            self._first_commit = self._first_commit or time.monotonic()
        return True

    def _behaviour_now(self) -> Behaviour:
        turned = self._first_commit is not None and time.monotonic() >= self._first_commit + self._turns_after
        return self._behaviour if turned else Behaviour.HEALTHY


def consumer(
    member: Member,
    behaviour: Behaviour,
    *,
    turns_after: float = 3.0,
    records: int = 1,
    step_seconds: float = 0.5,
    lifetime: float = 600.0,
) -> Consumer:
    """A consumer that keeps up for ``turns_after`` seconds from its first commit, and then changes its behaviour."""
    loop = Consumer(member, records=records, step_seconds=step_seconds, lifetime=lifetime)
    return loop.turn(behaviour, turns_after)


def _next_commits(behaviour: Behaviour, committed: Offsets, positions: Offsets, records: int) -> Offsets:
    """What a consumer that has turned commits next, given what it has committed and where it is."""
    match behaviour:
        case Behaviour.SLOW:
            return {at: min(offset, committed.get(at, offset) + records) for at, offset in positions.items()}
        case Behaviour.REWINDING:
            return {at: max(0, offset - records) for at, offset in committed.items()}
        case _:
            return positions
