"""Where observations come from. Only the source itself imports its client library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from exporter.core.model import Observation


class ClusterUnavailable(Exception):
    """Nothing of a cluster could be read; ``reason`` is a short word fit for a metric label."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Source(Protocol):
    """One cluster, as the collector sees it.

    Its methods block. Each is called by one thread at a time, but members may be refreshed during an observation.
    """

    def observe(self, timeout: float) -> Observation:
        """Returns the state of the cluster now, without the parts that do not respond.

        Waiting for a part that does not respond ends early enough to return the rest within ``timeout`` seconds.
        Raises ClusterUnavailable when nothing can be read.
        """

    def expect(self, groups: Iterable[str], topics: Mapping[str, int]) -> None:
        """Names what the retained history holds: groups, and topics with their numbers of partitions.

        What of it cannot be read is then reported as unread, as if the source had read it before, and not left out as
        if it did not exist.
        """

    def refresh_members(self, observation: Observation) -> None:
        """Describes the alive groups of an observation, if that is due; later observations carry their members.

        They also carry a failure for each group that could not be described.
        """

    def close(self) -> None:
        """Closes connections and ends threads."""
