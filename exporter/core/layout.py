"""Which row of the columns belongs to which partition.

History is kept as columns over all rows of a cluster at once, because Burrow's rules are array expressions and
numpy's cost is per call, not per row. A layout names the rows: one *block* of consecutive rows per key, row
``n`` of a block being partition ``n``. Rows of end offsets are keyed by topic, rows of commits by (group, topic).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from exporter.core.model import Int64s

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Layout(Generic[Key]):
    """Blocks in their order, and where each starts; ``starts`` has one more entry than keys, the row count."""

    keys: tuple[Key, ...]
    starts: Int64s
    index: Mapping[Key, int]

    @classmethod
    def of(cls, blocks: Iterable[tuple[Key, int]]) -> Layout[Key]:
        """Lays out blocks of (key, number of partitions) in the given order."""
        pairs = tuple(blocks)
        starts = np.zeros(len(pairs) + 1, dtype=np.int64)
        np.cumsum([size for _, size in pairs], out=starts[1:])
        keys = tuple(key for key, _ in pairs)
        return cls(keys, starts, {key: position for position, key in enumerate(keys)})

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return int(self.starts[-1])

    def block(self, key: Key) -> slice | None:
        """The rows of a key, or None if it has none."""
        position = self.index.get(key)
        if position is None:
            return None
        return slice(int(self.starts[position]), int(self.starts[position + 1]))

    def sizes(self) -> dict[Key, int]:
        """The number of rows of each key."""
        return dict(zip(self.keys, np.diff(self.starts).tolist(), strict=True))

    def place(self, row: int) -> tuple[Key, int]:
        """The key and the partition id that a row belongs to."""
        position = int(np.searchsorted(self.starts, row, side="right")) - 1
        return self.keys[position], row - int(self.starts[position])

    def same_as(self, other: Layout[Key]) -> bool:
        """True if both give every row to the same partition."""
        return self.keys == other.keys and np.array_equal(self.starts, other.starts)

    def column(self, values: Mapping[Key, Int64s], missing: int) -> Int64s:
        """One value per row, from arrays by partition id; ``missing`` where an array is absent or too short."""
        result = np.full(self.rows, missing, dtype=np.int64)
        if not values:
            return result
        starts = self.starts.tolist()
        for position, key in enumerate(self.keys):
            array = values.get(key)
            if array is not None:
                start, stop = starts[position], starts[position + 1]
                result[start : min(stop, start + len(array))] = array[: stop - start]
        return result

    def rows_of(self, other: Layout[Key], without: Callable[[Key], bool] = lambda _: False) -> Int64s:
        """For each row of this layout the same partition's row in ``other``; -1 if it has none or is left out."""
        result = np.full(self.rows, -1, dtype=np.int64)
        for key in self.keys:
            here, there = self.block(key), other.block(key)
            if here is not None and there is not None and not without(key):
                size = min(here.stop - here.start, there.stop - there.start)
                result[here.start : here.start + size] = np.arange(there.start, there.start + size)
        return result
