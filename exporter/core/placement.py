"""Where a cluster's partitions are: its brokers, and by partition the leader and the replicas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]

NOWHERE: Final = -1
"""The broker of a partition without a leader."""


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker as clients reach it; ``rack`` is empty where it has none."""

    id: int
    host: str
    port: int
    rack: str


@dataclass(frozen=True, slots=True)
class Replicas:
    """By partition id of a topic: the leader and the preferred leader (NOWHERE without one), and numbers of replicas.

    ``in_sync``: those of ``count`` that have all records.
    """

    leader: Int64s
    preferred: Int64s
    count: Int64s
    in_sync: Int64s


@dataclass(frozen=True, slots=True)
class Placement:
    """What a cluster's metadata says of its brokers and of each topic's replicas; ``controller`` may be NOWHERE."""

    cluster_id: str
    controller: int
    brokers: tuple[Broker, ...]
    topics: Mapping[str, Replicas]
