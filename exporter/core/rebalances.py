"""How often each group has rebalanced, as far as it can be seen from outside.

The groups of the consumer and the streams protocol have an epoch, so that no rebalance is missed, however rarely the
cluster is observed. The classic protocol tells only a state and the members, so that what is over between two
observations, and leaves everything as it was, is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from exporter.core.model import MEMBERLESS_STATES, GroupObservation, Observation

WITHOUT_EPOCH: Final = frozenset({"classic", ""})
"""The types of groups whose protocol has no epoch."""

ORDER: Final = {
    **dict.fromkeys(MEMBERLESS_STATES, 0),
    "PreparingRebalance": 1,
    "CompletingRebalance": 2,
    "Stable": 3,
}
"""The states of a classic group in the order in which a rebalance passes through them."""


@dataclass(frozen=True, slots=True)
class Rebalances:
    """How many rebalances of a group have been counted, and the state and generation (see `Members`) seen last.

    ``explained``: a rebalance has been counted since that generation, so that another one is no news.
    """

    count: int = 0
    state: str = ""
    generation: int | str | None = None
    explained: bool = False


def count_rebalances(known: Mapping[str, Rebalances], observation: Observation) -> dict[str, Rebalances]:
    """The rebalances of each group after an observation; those of a group that could not be read stay as they are."""
    unread = {name: known[name] for name in observation.unread_groups if name in known}
    return unread | {name: _after(known.get(name, Rebalances()), group) for name, group in observation.groups.items()}


def _after(known: Rebalances, group: GroupObservation) -> Rebalances:
    generation = group.members.generation if group.members is not None else None
    if group.type not in WITHOUT_EPOCH:
        return _by_epoch(replace(known, state=group.state), generation)
    return _by_what_is_seen(known, group.state, generation)


def _by_epoch(known: Rebalances, epoch: int | str | None) -> Rebalances:
    """Counts by how much the epoch has risen; a lower one is that of a group that was deleted and made anew."""
    if not isinstance(epoch, int):
        return known
    risen = epoch - known.generation if isinstance(known.generation, int) else 0
    return replace(known, count=known.count + max(risen, 0), generation=epoch, explained=False)


def _by_what_is_seen(known: Rebalances, state: str, generation: int | str | None) -> Rebalances:
    """Counts a state that only a rebalance leads to, and other members or assignments that no such state announced."""
    before, now = ORDER.get(known.state), ORDER.get(state)
    began = before is not None and now is not None and (0 < now < before or before == 0 < now)
    changed = isinstance(generation, str) and generation != known.generation
    moved = changed and isinstance(known.generation, str) and not known.explained
    return Rebalances(
        known.count + began + moved,
        state or known.state,
        generation if isinstance(generation, str) else known.generation,
        began or (known.explained and not changed),
    )
