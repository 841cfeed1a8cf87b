"""The data model: what was observed in Kafka, what could not be, and what a verdict can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from exporter.core.placement import Placement

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NO_OFFSET: Final = -1
"""Kafka's own value for "no commit here"."""

NOT_READ: Final = -2
"""The offset could not be read this time: keep what is known, export nothing."""

ALIVE_STATES: Final = frozenset({"Stable", "PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling"})
"""Group states in which a member can consume (KIP-518, KIP-848, KIP-1071).

NotReady is none of them: a Streams group whose topics are missing or do not fit each other gives its members no tasks.
"""

MEMBERLESS_STATES: Final = frozenset({"Empty", "Dead"})
"""Group states in which there is no member."""

JUDGED_TYPES: Final = frozenset({"classic", "consumer", "streams", ""})
"""Group types that commit offsets per partition; share groups do not, and are not judged."""

EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


class Status(IntEnum):
    """A verdict, with Burrow's numbers (``core/protocol/evaluator.go``); a higher number is worse.

    Partitions are OK, WARN, STOP, STALL or REWIND. Groups are OK, WARN or ERR: anything above ERR counts as ERR.
    """

    NOTFOUND = 0
    OK = 1
    WARN = 2
    ERR = 3
    STOP = 4
    STALL = 5
    REWIND = 6

    def known(self, unreadable: int) -> Status:
        """The status of several partitions, from that of the worst that could be read and how many could not.

        What is bad stays bad, but nobody knows that all is OK where some could not be read.
        """
        return Status.NOTFOUND if self is Status.OK and unreadable else self

    def severity(self, unreadable: int) -> float:
        """The same for sorting, higher is worse: what is not known to be OK comes before what is."""
        return 1.5 if self is Status.OK and unreadable else float(self)


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that was requested from a cluster and not received.

    ``scope`` is one of cluster, broker, zookeeper, group, membership (the members of a group), topic, partition;
    ``subject`` names it ("3", "billing", "orders/7");
    ``reason`` is a short word from a small set, fit for a metric label ("timeout", "NotCoordinatorError").
    """

    scope: str
    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class Owner:
    """The group member that a partition is assigned to."""

    client_id: str
    host: str
    member_id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Members:
    """The members of a group, as last described.

    ``owners``: topic → partition id → owner. A topic of an alive group that is missing here is unassigned.
    None where the members use a protocol of their own, whose assignments cannot be read.
    ``generation`` tells one rebalance from the next. It is the group's epoch, which every rebalance raises, or in the
    classic protocol a text that stands for the members and what each is assigned; None where it is not known.
    """

    count: int
    owners: Mapping[str, Mapping[int, Owner]] | None
    generation: int | str | None = None


@dataclass(frozen=True, slots=True)
class GroupObservation:
    """One consumer group as one collection saw it.

    ``commits``: topic → committed offset by partition id; NO_OFFSET without a commit, NOT_READ where unread.
    ``commit_times``: the same shape, in ms, where the source knows when each commit was made; empty otherwise.
    ``type``: Kafka's word, or "zookeeper" for a group that commits there.
    ``members`` is None until the group has been described.
    """

    state: str
    commits: Mapping[str, Int64s]
    commit_times: Mapping[str, Int64s] = field(default_factory=lambda: EMPTY)
    type: str = ""
    protocol: str = ""
    coordinator: int | None = None
    members: Members | None = None

    @property
    def alive(self) -> bool:
        """True if the group has a member that can consume."""
        return self.state in ALIVE_STATES


@dataclass(frozen=True, slots=True)
class ShareGroup:
    """One share group as one collection saw it.

    ``lags``: topic → lag in records by partition id, as Kafka counts it; NOT_READ where it gives none.
    """

    state: str
    coordinator: int
    lags: Mapping[str, Int64s]


@dataclass(frozen=True, slots=True)
class Observation:
    """What one collection saw of one cluster at ``at`` (ms since the epoch).

    ``end_offsets`` and ``start_offsets``: topic → offset by partition id, NOT_READ where unread; a topic that
    is absent does not exist (or is filtered out). ``unread_groups`` exist, but their commits could not be read.
    ``stable_offsets``: the last stable offsets of topics that a group reads with ``read_committed``; those
    ``committed_readers`` are measured against them. ``topic_ids``: topic → its unique id.
    ``other_groups``: group → type, for types that are not evaluated; of ``share_groups`` there is more.
    ``requests``: Kafka requests sent, by kind. ``stages``: seconds spent, by stage. ``placement``: where partitions
    are, None where nothing that is exported needs it.
    """

    cluster: str
    at: int
    groups: Mapping[str, GroupObservation]
    end_offsets: Mapping[str, Int64s]
    start_offsets: Mapping[str, Int64s] = field(default_factory=lambda: EMPTY)
    stable_offsets: Mapping[str, Int64s] = field(default_factory=lambda: EMPTY)
    topic_ids: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    committed_readers: frozenset[str] = frozenset()
    unread_groups: frozenset[str] = frozenset()
    other_groups: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    share_groups: Mapping[str, ShareGroup] = field(default_factory=lambda: EMPTY)
    brokers: int = 0
    failures: tuple[Failure, ...] = ()
    requests: Mapping[str, int] = field(default_factory=lambda: EMPTY)
    stages: Mapping[str, float] = field(default_factory=lambda: EMPTY)
    placement: Placement | None = None
