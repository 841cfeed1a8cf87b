"""Consumers that behave in the ways that Burrow's rules tell apart."""

from __future__ import annotations

import time
from enum import StrEnum

from testbed.kafka import Offsets
from testbed.loops import Loop
from testbed.members import Member


class Behaviour(StrEnum):
    """What a consumer does once it has turned; until then every one is healthy.

    ``records`` below is the number of records a step.
    """

    HEALTHY = "healthy"
    """Keeps up with its topic and commits: OK."""

    IDLE = "idle"
    """Has read all there was and nothing comes any more: OK. What it does is what a healthy one does."""

    SLOW = "slow"
    """Works off, and commits, ``records``: WARN if more come."""

    STALLED = "stalled"
    """Stays in the group but commits nothing: STALL."""

    STOPPED = "stopped"
    """Leaves the group: STOP."""

    REWINDING = "rewinding"
    """Seeks ``records`` further back and commits that, again and again: REWIND."""


def consumer(
    member: Member,
    behaviour: Behaviour,
    *,
    turns_after: float = 3.0,
    records: int = 1,
    step_seconds: float = 0.5,
    lifetime: float = 600.0,
) -> Loop:
    """A loop that lets the member keep up for ``turns_after`` seconds from its first commit, then behave as told.

    The time before is for it to read what is there: a partition without a commit is not judged.
    """
    committed: Offsets = {}
    turns_at: float | None = None

    def step() -> bool:
        nonlocal turns_at
        member.read(step_seconds)
        positions = member.positions()
        turned = turns_at is not None and time.monotonic() >= turns_at
        if turned and behaviour is Behaviour.STOPPED:
            return False
        if turned and behaviour is Behaviour.STALLED:
            return True
        wanted = _next_commits(behaviour, committed, positions, records) if turned else positions
        if turned and behaviour is Behaviour.REWINDING:
            member.go_back(wanted)
        if wanted and member.commit(wanted):
            committed.update(wanted)
            turns_at = turns_at or time.monotonic() + turns_after
        return True

    return Loop(f"{behaviour} consumer", step, member.close, lifetime)


def _next_commits(behaviour: Behaviour, committed: Offsets, positions: Offsets, records: int) -> Offsets:
    """What a consumer that has turned commits next, given what it has committed and where it is."""
    match behaviour:
        case Behaviour.SLOW:
            return {at: min(offset, committed.get(at, offset) + records) for at, offset in positions.items()}
        case Behaviour.REWINDING:
            return {at: max(0, offset - records) for at, offset in committed.items()}
        case _:
            return positions
