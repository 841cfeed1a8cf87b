"""What was seen of a row, in short, as it is recorded and published."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from tests.faults.looks import FLAT, LINES, Breach, Look
from tests.faults.traffic import GROUPS
from tests.support.repository import ROOT

FOLDER = ROOT / "build" / "faults"
"""Where runs leave their results; git ignores it."""

MAY_GROW = {"memory": 64.0, "descriptors": 12.0, "threads": 6.0}
"""How much more of each (MB of memory) there may be at the end of a row than at its beginning."""

UNSEEN_CHANGES = 2
"""Changes of state that a collection may have met without a page that shows them: the log may know more."""


@dataclass(frozen=True, slots=True)
class Result:
    """A row as it was seen. ``again``: scrapes until the page was right, None if it was not."""

    name: str
    done: str
    page: str
    scrapes: int
    longest: float
    timeout: float
    again: int | None
    lines: int
    changes: int
    memory_begin: float
    memory_end: float
    memory_most: float
    notes: list[str]
    breaches: dict[str, list[str]]
    """Rule → how it was broken first, and how often."""

    def save(self, about: dict[str, str]) -> None:
        """Writes it down, with what there is to say about the run."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"about": about, "result": asdict(self)}, indent=1)
        (FOLDER / f"{self.name}.json").write_text(text, "utf-8")


def recorded(name: str) -> tuple[Result, dict[str, str]] | None:
    """The result of the last run of a row on this machine, and about that run; None if it was not run here."""
    path = Path(FOLDER / f"{name}.json")
    if not path.exists():
        return None
    found = json.loads(path.read_text("utf-8"))
    return Result(**found["result"]), found["about"]


def summed_up(
    *,
    name: str,
    done: str,
    timeout: float,
    looks: Sequence[Look],
    again: int | None,
    lines: Sequence[str],
    starts: int,
    notes: Iterable[str],
    found: Iterable[Breach],
) -> Result:
    """The result of a row from its scrapes, and from what the exporter logged during them.

    ``starts``: how often it was started anew meanwhile.
    """
    changes = _changes(looks)
    answered = [look for look in looks if look.memory] or [Look(0.0, 0.0, None)]
    memory = [look.memory / 1e6 for look in answered]
    every = [breach for look in looks for breach in look.breaches]
    every += [*found, *_in_log(lines, changes, changes + UNSEEN_CHANGES + starts), *_growth(answered)]
    counts = Counter(breach.rule for breach in every)
    firsts: dict[str, str] = {}
    for breach in every:
        firsts.setdefault(breach.rule, breach.how)
    return Result(
        name=name,
        done=done,
        page=page_of(looks),
        scrapes=len(looks),
        longest=max((look.seconds for look in looks), default=0.0),
        timeout=timeout,
        again=again,
        lines=len(lines),
        changes=changes,
        memory_begin=memory[0],
        memory_end=memory[-1],
        memory_most=max(memory),
        notes=list(notes),
        breaches={rule: [how, str(counts[rule])] for rule, how in firsts.items()},
    )


def page_of(looks: Sequence[Look]) -> str:
    """What the pages said, in words."""
    seen = [look.seen for look in looks if look.seen is not None]
    parts = []
    if len(seen) < len(looks):
        parts.append(f"{len(looks) - len(seen)} of {len(looks)} scrapes without an answer")
    if not seen:
        return "; ".join(parts)
    down = sum(not each.up for each in seen)
    parts.append("up 1" if not down else "up 0" if down == len(seen) else f"up 0 in {down} of {len(seen)} scrapes")
    counts = [len(each.statuses.keys() & GROUPS) for each in seen if each.up]
    if counts:
        fewest = min(counts)
        parts.append(f"all {len(GROUPS)} groups" if fewest == len(GROUPS) else f"{fewest} to {max(counts)} groups")
    reasons: dict[str, set[str]] = {}
    for scope, reason in (failure for each in seen for failure in each.failures):
        reasons.setdefault(scope, set()).add(reason)
    named = [f"{scope} ({', '.join(f'`{reason}`' for reason in sorted(reasons[scope]))})" for scope in sorted(reasons)]
    parts.append(f"failures: {', '.join(named)}" if named else "no failure")
    return "; ".join(parts)


def _changes(looks: Sequence[Look]) -> int:
    """How often the state of a cluster changed from one page to the next."""
    states = [look.seen.state for look in looks if look.seen is not None]
    return sum(
        before.get(cluster) != after.get(cluster)
        for before, after in pairwise(states)
        for cluster in before.keys() | after.keys()
    )


def _in_log(lines: Sequence[str], changes: int, most: int) -> Iterable[Breach]:
    """Whether the log has a line for each change of state, and at most so many."""
    tracebacks = sum("Traceback (most recent call last)" in line for line in lines)
    if tracebacks:
        yield Breach(LINES, f"{tracebacks} tracebacks")
    if len(lines) > most:
        common = Counter(_message(line) for line in lines).most_common(1)[0]
        yield Breach(LINES, f"{len(lines)} lines for {changes} changes, {common[1]} of them: {common[0]}")
    elif changes and not lines:
        yield Breach(LINES, f"no line for {changes} changes")


def _message(line: str) -> str:
    """What a line says, without its time."""
    return line.partition("msg=")[2][:80] or line[:80]


def _growth(looks: Sequence[Look]) -> Iterable[Breach]:
    """Whether there is more of anything at the end than at the beginning."""
    first, last = looks[0], looks[-1]
    pairs = {
        "memory": (first.memory / 1e6, last.memory / 1e6),
        "descriptors": (first.descriptors, last.descriptors),
        "threads": (float(first.threads), float(last.threads)),
    }
    for what, (before, after) in pairs.items():
        if after - before > MAY_GROW[what]:
            yield Breach(FLAT, f"{what} went from {before:.0f} to {after:.0f}")
