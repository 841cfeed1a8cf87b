"""What is known of the members of groups between the times when they are described."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from dataclasses import replace
from typing import Final

from exporter.core.model import EMPTY, MEMBERLESS_STATES, Failure, Members
from exporter.sources.kafka.connections import BrokerConnections
from exporter.sources.kafka.coordinated_groups import ListedGroup
from exporter.sources.kafka.members import DescribedGroups, StateAndMembers, describe
from exporter.sources.kafka.request_round import RequestRound

REBALANCING: Final = frozenset({"PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling"})
"""The states of groups whose members are not all assigned what they will be."""


class KnownMembers:
    """The state and the members of each group as last described, every ``interval`` seconds.

    A group that was rebalancing is described again each time, and one that could not be described stays as it was.
    """

    def __init__(self, interval: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = interval
        self._clock = clock
        self._described = DescribedGroups()
        self._described_at = float("-inf")

    def of(self, group: ListedGroup) -> StateAndMembers:
        """The state and the members of a group; None for members that are not known."""
        state, members = self._described.groups.get(group.name, ("", None))
        state = group.state or state
        return state, Members(0, EMPTY) if state in MEMBERLESS_STATES else members

    def failures(self, groups: Container[str]) -> tuple[Failure, ...]:
        """A failure for each of the groups that could not be described."""
        return tuple(failure for failure in self._described.failures if failure.subject in groups)

    def refresh(
        self,
        connections: BrokerConnections,
        timeout: float,
        groups: Iterable[ListedGroup],
        unread: Collection[str],
        sizes: Mapping[str, int],
    ) -> None:
        """Describes those of the groups that may have members, if that is due.

        A broker has ``timeout`` seconds for each response. Groups that are ``unread`` keep their members as well.
        ``sizes``: topic → number of partitions.
        """
        now, known = self._clock(), self._described.groups
        due = now - self._described_at >= self._interval
        wanted = {
            group.name: group
            for group in groups
            if group.state not in MEMBERLESS_STATES
            and (due or (group.name in known and known[group.name][0] in REBALANCING))
        }
        if due:
            self._described_at = now
        elif not wanted:
            return
        described = connections.run(describe, RequestRound(connections, timeout), wanted.values(), sizes)
        failed = {failure.subject for failure in described.failures}
        kept = {
            name: group
            for name, group in known.items()
            if name in failed or name in unread or not (due or name in wanted)
        }
        earlier = () if due else self._described.failures
        self._described = DescribedGroups(
            kept | {name: while_rebalancing(group, known.get(name)) for name, group in described.groups.items()},
            (*described.failures, *(failure for failure in earlier if failure.subject not in wanted)),
        )


def while_rebalancing(now: StateAndMembers, before: StateAndMembers | None) -> StateAndMembers:
    """The state and the members of a group, with the owners known before where a rebalance leaves none for now.

    While members are being assigned, Kafka describes them without assignments, or with what they have kept.
    """
    state, members = now
    if state not in REBALANCING or members is None or members.owners is None:
        return now
    if before is None or before[1] is None or before[1].owners is None:
        return state, replace(members, owners=None)
    known = before[1].owners
    owners = {topic: {**known.get(topic, {}), **members.owners.get(topic, {})} for topic in {*known, *members.owners}}
    return state, replace(members, owners=owners)
