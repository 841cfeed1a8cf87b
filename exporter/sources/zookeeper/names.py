"""The names under which groups in ZooKeeper are observed, so that none is mixed up with one in Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Final

from exporter.core.model import Observation

SUFFIX: Final = "@zookeeper"
"""Told after the name of a group in ZooKeeper if Kafka has a group of that name too."""


class Names:
    """Which groups are in Kafka and which in ZooKeeper, as far as that has been seen.

    A group keeps its name. Only where one of the same name is in Kafka as well, the one in ZooKeeper has SUFFIX.
    """

    def __init__(self) -> None:
        self._in_kafka: Set[str] = frozenset()
        self._in_doubt: Set[str] = frozenset()
        self._expected: Set[str] = frozenset()
        self._watched: Set[str] | None = None

    def expect(self, groups: Iterable[str]) -> None:
        """Names the groups that were observed before, in whichever of the two."""
        self._expected = frozenset(groups)
        self._in_kafka = {name for name in self._expected if name + SUFFIX in self._expected}

    def expected_in_kafka(self, in_zookeeper: Set[str] | None) -> Set[str]:
        """Those of the expected groups that are in Kafka or, if ZooKeeper could not be read, may be."""
        own = {name for name in self._expected if not name.endswith(SUFFIX)}
        if in_zookeeper is None:
            self._in_doubt = own - self._in_kafka
            return own
        return {name for name in own if name in self._in_kafka or name not in in_zookeeper}

    def see(self, kafka: Observation) -> None:
        """Learns which groups Kafka has.

        One of which it cannot say now whether it exists counts as there, unless only the history knows of it.
        """
        listed = {*kafka.groups, *kafka.other_groups, *kafka.share_groups}
        self._in_doubt -= listed
        self._in_kafka = listed | (kafka.unread_groups - self._in_doubt)

    def of(self, group: str) -> str:
        """The name of a group in ZooKeeper beside those that Kafka has."""
        while group in self._in_kafka:
            group += SUFFIX
        return group

    def watch(self, groups: Iterable[str]) -> None:
        """Names the groups of ZooKeeper that exist as long as nothing else is read."""
        self._watched = frozenset(groups)

    def watched(self) -> Set[str]:
        """What those are called; before ZooKeeper was read, all that were expected and are not in Kafka."""
        return self._expected - self._in_kafka if self._watched is None else set(map(self.of, self._watched))
