"""Sharding: several exporters, each of which reads a part of the groups of every cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from exporter.quoting import quoted
from exporter.schema.document import Table
from exporter.schema.inputs import Inputs
from exporter.schema.kinds import Kind, integer
from exporter.schema.mistakes import Invalid
from exporter.schema.section import Complaint, Values, section, setting

MAX_SHARDS: Final = 1000
_ORDINAL: Final = re.compile(r"(?:.*-)?(\d{1,4})", re.DOTALL)


def _index(text: str, _: Inputs) -> int:
    ordinal = _ORDINAL.fullmatch(text)
    if ordinal is None:
        raise Invalid(f"{quoted(text)} is neither a number nor the name of a StatefulSet's pod, which ends in one")
    return int(ordinal[1])


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``count`` exporters between which the groups of each cluster are split, by their names."""

    count: int = setting(
        integer(1, MAX_SHARDS),
        "How many exporters share the groups of each cluster. What is about a topic or a cluster, and not about a"
        " group, is exported by the first of them only.",
        default=1,
        flag="--shard.count",
    )
    index: int = setting(
        Kind("a number, or the name of a StatefulSet's pod", _index, metavar="INDEX"),
        "Which of them this one is, counted from 0. The name of a StatefulSet's pod will do: it ends in that number.",
        default=0,
        flag="--shard.index",
    )

    @property
    def first(self) -> bool:
        """True for the one that exports what is not about a group."""
        return self.index == 0

    def of(self, group: str) -> int:
        """The index of the shard that reads a group; the same in every process, and after every restart."""
        return crc32(group.encode("utf-8", "surrogatepass")) % self.count

    def holds(self, group: str) -> bool:
        """True if this shard reads the group."""
        return self.count == 1 or self.of(group) == self.index

    def __str__(self) -> str:
        return f"shard {self.index} of {self.count}"


def _exists(_: Table, values: Values, __: Inputs) -> Iterator[Complaint]:
    """There is a shard of this index."""
    given = Shard(**values)
    if given.index >= given.count:
        last = f"0 to {given.count - 1}" if given.count > 1 else "0, the only one"
        yield "index", f"there is no shard {given.index}; with count {given.count} the index is {last}"


SHARD: Final = section(Shard, "Several exporters that share the groups of each cluster.", check=_exists)
