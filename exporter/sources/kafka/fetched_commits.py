"""The commits of an OffsetFetch response as columns over all of its partitions.

The library makes an object for each partition. Nearly all of them have one fixed shape within a topic: index, offset,
epoch, metadata of one length (mostly none), error. Those are read by numpy straight from the bytes; a response with
anything else in it is left to the library, and its objects are made columns.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from exporter.core.model import Int64s

READ_VERSIONS: Final = (8, 9)
"""The versions of OffsetFetch whose bytes are read here: many groups, and topics by name."""

_LENGTH_AT: Final = 16
"""Where a partition's metadata begins with its length: after index (4 bytes), offset (8) and epoch (4)."""

_ONE_BYTE: Final = 128
"""Lengths below this take one byte; the byte is one more than the length, and 0 stands for null."""


@dataclass(frozen=True, slots=True)
class FetchedGroup:
    """One group of a response: its error code (0: none), and its topics, each with its number of partitions."""

    name: str
    error_code: int
    topics: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class FetchedCommits:
    """A whole response; the columns have a row for each partition of each topic of each group, in that order."""

    groups: list[FetchedGroup]
    partition: Int64s
    offset: Int64s
    error_code: Int64s
    throttle_time_ms: int = 0


def commits_of(response: Any) -> FetchedCommits:
    """The commits in a response that the library has decoded, or that has been read here already."""
    return response if isinstance(response, FetchedCommits) else _of_objects((g.group_id, g) for g in response.groups)


def commits_of_one(name: str, response: Any) -> FetchedCommits:
    """The commits in a response to a request for one group, as brokers before Kafka 3.0 send it."""
    return _of_objects([(name, response)])


def _of_objects(groups: Iterable[tuple[str, Any]]) -> FetchedCommits:
    named = list(groups)
    partitions = [partition for _, group in named for topic in group.topics for partition in topic.partitions]

    def column(values: Iterable[int]) -> Int64s:
        return np.fromiter(values, dtype=np.int64, count=len(partitions))

    return FetchedCommits(
        [
            FetchedGroup(name, group.error_code, [(topic.name, len(topic.partitions)) for topic in group.topics])
            for name, group in named
        ],
        partition=column(partition.partition_index for partition in partitions),
        offset=column(partition.committed_offset for partition in partitions),
        error_code=column(partition.error_code for partition in partitions),
    )


def read_commits(body: bytes, start: int = 0) -> FetchedCommits | None:
    """The commits in a response of one of READ_VERSIONS that begins there; None if the library has to decode it."""
    reader = _Reader(body, start)
    try:
        throttle_time_ms = reader.integer(_INT32)
        shapes: list[tuple[int, int, int, int]] = []
        groups = [_group(reader, shapes) for _ in range(reader.count())]
    except (IndexError, ValueError, struct.error):
        # Behind a partition of another shape the rest is misread. The library says whether it is a response at all.
        return None
    columns = _columns(body, np.array(shapes, dtype=np.int64).reshape(-1, 4))
    return None if columns is None else FetchedCommits(groups, *columns, throttle_time_ms)


def _group(reader: _Reader, shapes: list[tuple[int, int, int, int]]) -> FetchedGroup:
    """The next group; the shape of each of its topics, as in `_columns`, is added to ``shapes``.

    Raises IndexError, ValueError or struct.error where the bytes are no group of the usual shape.
    """
    name, topics = reader.text(), []
    for _ in range(reader.count()):
        topic, partitions = reader.text(), reader.count()
        topics.append((topic, partitions))
        length = reader.byte_ahead(_LENGTH_AT) if partitions else 0
        if length >= _ONE_BYTE:
            raise ValueError("long metadata")
        # After the metadata come two bytes of an error code and one that says that there are no tags.
        size = _LENGTH_AT + max(length, 1) + 3
        shapes.append((reader.at, partitions, size, length))
        reader.skip(partitions * size)
        reader.no_tags()
    group = FetchedGroup(name, reader.integer(_INT16), topics)
    reader.no_tags()
    return group


def _columns(body: bytes, shapes: Int64s) -> tuple[Int64s, Int64s, Int64s] | None:
    """Index, offset and error code of each partition; None if one of a topic has another shape than its first.

    ``shapes`` (topics × 4): where a topic's partitions begin, how many they are, and of its first one the size in bytes
    and the byte for the length of its metadata.
    """
    counts = shapes[:, 1]
    start, _, size, length = np.repeat(shapes, counts, axis=0).T
    at = start + size * (np.arange(len(size)) - np.repeat(np.cumsum(counts) - counts, counts))
    if (_anywhere(body, "u1", at + _LENGTH_AT) != length).any() or _anywhere(body, "u1", at + size - 1).any():
        return None
    return _anywhere(body, ">i4", at), _anywhere(body, ">i8", at + 4), _anywhere(body, ">i2", at + size - 3)


def _anywhere(body: bytes, kind: str, at: Int64s) -> Int64s:
    """The numbers of a kind that begin at these bytes."""
    size = np.dtype(kind).itemsize
    each: npt.NDArray[Any] = np.ndarray((max(len(body) - size + 1, 0),), kind, body, strides=(1,))
    return each[at].astype(np.int64)


_INT32: Final = struct.Struct(">i")
_INT16: Final = struct.Struct(">h")


class _Reader:
    """Reads the fields of Kafka's flexible encoding one after the other; ``at`` is the position of the next."""

    def __init__(self, body: bytes, at: int) -> None:
        self.at = at
        self._body = body

    def integer(self, kind: struct.Struct) -> int:
        """A number of a fixed size."""
        (number,) = kind.unpack_from(self._body, self.at)
        self.at += kind.size
        return int(number)

    def count(self) -> int:
        """The length of a text or an array. Raises ValueError for null."""
        encoded = shift = 0
        while True:
            byte = self._body[self.at]
            self.at += 1
            encoded |= (byte & 0x7F) << shift
            if byte < _ONE_BYTE:
                break
            shift += 7
        if encoded == 0:
            raise ValueError("null instead of a text or an array")
        return encoded - 1

    def text(self) -> str:
        """A text."""
        length = self.count()
        start = self.at
        self.skip(length)
        return self._body[start : self.at].decode()

    def no_tags(self) -> None:
        """The end of a structure without tagged fields. Raises ValueError if there are some."""
        if self._body[self.at] != 0:
            raise ValueError("tagged fields")
        self.at += 1

    def byte_ahead(self, distance: int) -> int:
        """The byte that is so far ahead."""
        return self._body[self.at + distance]

    def skip(self, size: int) -> None:
        """Leaves out so many bytes. Raises IndexError if there are fewer."""
        self.at += size
        if self.at > len(self._body):
            raise IndexError(f"{size} bytes where fewer are left")
