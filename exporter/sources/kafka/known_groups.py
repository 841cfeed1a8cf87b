"""Which groups are gone, and which are only not listed at the moment."""

from __future__ import annotations

import struct
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from exporter.core.model import JUDGED_TYPES
from exporter.sources.kafka.connections import Node
from exporter.sources.kafka.coordinated_groups import GONE, CoordinatorResponse, ListedGroup
from exporter.sources.kafka.failure_reasons import NO_COORDINATOR, UNSUPPORTED_VERSION, reason_of_code
from exporter.sources.kafka.messages import (
    ConsumerGroupDescribeRequest,
    DescribeGroupsRequest,
    StreamsGroupDescribeRequest,
)
from exporter.sources.kafka.metadata import NO_LEADER, Metadata
from exporter.sources.kafka.request_round import NoResponse, RequestRound

GROUPS_PER_REQUEST: Final = 1000

SETTLED_ROUNDS: Final = 3
SETTLED_SECONDS: Final = 60.0
"""A group about which no coordinator says anything is gone once all brokers have listed their groups without it in so
many rounds in a row, and for so long."""

FORBIDDEN: Final = "group_authorization_failed"
NOT_LISTED: Final = "not_listed"
"""The reason for a group that its coordinator describes, but does not list."""

DEAD: Final = "Dead"
"""The state that DescribeGroups gives a group that does not exist, before version 6 of the request."""


def coordinator_partition(group: str, partitions: int) -> int:
    """The partition of ``__consumer_offsets`` that holds a group, of so many partitions.

    The absolute value of Java's ``String.hashCode()``, which works on UTF-16, modulo the number of partitions; the one
    number that has no absolute value counts as 0.
    """
    encoded = group.encode("utf-16-be", "surrogatepass")
    code = 0
    for unit in struct.unpack(f">{len(encoded) // 2}H", encoded):
        code = (31 * code + unit) & 0xFFFF_FFFF
    signed = code - (1 << 32) if code >= 1 << 31 else code
    return (0 if signed == -(1 << 31) else abs(signed)) % partitions


@dataclass(slots=True)
class _Absence:
    """How long a group has been missing while everything else was in order."""

    since: float
    rounds: int = 0


class KnownGroups:
    """Remembers the groups of a cluster, to tell a deleted one from one that cannot be listed now.

    ListGroups does not say what it leaves out: a broker that does not coordinate a group yet, or no longer, lists the
    rest without an error, and so does one that has lost the leader of some of the commits. So a group that is missing
    counts as gone only once its coordinator says that it does not exist.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._groups: dict[str, ListedGroup] = {}
        self._absences: dict[str, _Absence] = {}
        self._brokers: frozenset[Node] = frozenset()

    def expect(self, names: Iterable[str]) -> None:
        """Adds groups that are known from elsewhere, so that they do not count as gone before Kafka says so."""
        for name in names:
            self._groups.setdefault(name, ListedGroup(name, "", "", "", NO_LEADER))

    async def missing(
        self, requests: RequestRound, metadata: Metadata, responses: Iterable[CoordinatorResponse]
    ) -> dict[str, str | None]:
        """Takes in a round of responses, and returns the groups that are missing from it without being gone.

        With each comes the reason, None where the failure of a broker already says why.
        """
        by_node = {response.node: response for response in responses}
        listed = {name: group for response in by_node.values() for name, group in response.groups.items()}
        absent = {name: group for name, group in self._groups.items() if name not in listed}
        reasons = await self._reasons(requests, metadata, by_node, absent)
        missing = self._without_settled(reasons, metadata, by_node)
        self._groups = {name: group for name, group in listed.items() if group.type in JUDGED_TYPES}
        self._groups |= {name: absent[name] for name in missing}
        return missing

    async def _reasons(
        self,
        requests: RequestRound,
        metadata: Metadata,
        responses: Mapping[Node, CoordinatorResponse],
        absent: Mapping[str, ListedGroup],
    ) -> dict[str, str | None]:
        """Why each absent group that is not known to be gone is not listed."""
        reasons: dict[str, str | None] = {}
        to_check: dict[Node, list[str]] = defaultdict(list)
        for name, group in absent.items():
            nodes: set[Node] = {group.coordinator} & responses.keys()
            if metadata.coordinators:
                coordinator = metadata.coordinators[coordinator_partition(name, len(metadata.coordinators))]
                reasons[name] = None if coordinator in responses else NO_COORDINATOR
                # The former one is asked too: not every implementation of Kafka's protocol places groups alike.
                nodes |= {coordinator} & responses.keys()
            else:
                reasons[name] = None
                nodes = nodes or set(responses)
            for node in nodes:
                if responses[node].listed:
                    to_check[node].append(name)
        checks = [check_absent(requests, node, names) for node, names in to_check.items()]
        for found in await requests.connections.gather(checks):
            for name, reason in found.items():
                if reason == GONE:
                    reasons.pop(name, None)
                elif name in reasons:
                    reasons[name] = reasons[name] or reason
        return reasons

    def _without_settled(
        self,
        reasons: dict[str, str | None],
        metadata: Metadata,
        responses: Mapping[Node, CoordinatorResponse],
    ) -> dict[str, str | None]:
        """The missing groups without those that have been missing for long although everything is in order."""
        brokers, now = frozenset(responses), self._clock()
        in_order = (
            brokers == self._brokers
            and all(response.listed for response in responses.values())
            and NO_LEADER not in metadata.coordinators
        )
        self._brokers = brokers
        if not in_order:
            self._absences = {}
            return reasons
        absences = {
            name: self._absences.get(name, _Absence(now))
            for name in reasons
            if reasons[name] not in (FORBIDDEN, NOT_LISTED)
        }
        for absence in absences.values():
            absence.rounds += 1
        settled = {
            name
            for name, absence in absences.items()
            if absence.rounds >= SETTLED_ROUNDS and now - absence.since >= SETTLED_SECONDS
        }
        self._absences = {name: absence for name, absence in absences.items() if name not in settled}
        return {name: reason for name, reason in reasons.items() if name not in settled}


async def check_absent(requests: RequestRound, node: Node, names: list[str]) -> dict[str, str]:
    """What a broker says about groups that it has not listed: GONE if it coordinates them and they do not exist.

    NOT_LISTED about a group that does exist, otherwise why it does not say.
    """
    said: dict[str, str] = {}
    for start in range(0, len(names), GROUPS_PER_REQUEST):
        batch = names[start : start + GROUPS_PER_REQUEST]
        request = DescribeGroupsRequest(groups=batch, include_authorized_operations=False)
        said |= await _described(requests, node, request, batch)
        # A group of one protocol does not exist to the request for another.
        for kind in (ConsumerGroupDescribeRequest, StreamsGroupDescribeRequest):
            if gone := [name for name in batch if said.get(name) == GONE]:
                request = kind(group_ids=gone, include_authorized_operations=False)
                new = await _described(requests, node, request, gone, has_alternative=True)
                said |= {name: reason for name, reason in new.items() if reason != UNSUPPORTED_VERSION}
    return said


async def _described(
    requests: RequestRound, node: Node, request: Any, names: list[str], *, has_alternative: bool = False
) -> dict[str, str]:
    """Group → GONE, NOT_LISTED if it exists, or why it was not described."""

    def read(response: Any) -> dict[str, str]:
        return {
            group.group_id: GONE if group.group_state == DEAD else reason_of_code(group.error_code) or NOT_LISTED
            for group in response.groups
        }

    try:
        return await requests.send(node, request, read, has_alternative=has_alternative)
    except NoResponse as failure:
        return dict.fromkeys(names, failure.reason)
