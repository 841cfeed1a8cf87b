"""The journal beside a history's file: the observations that have come since it was written.

Each entry has its length and its checksum. Entries are only appended, so that a power cut costs the last one at most;
what follows an entry that is not whole is not read. The first entry names the file that the journal continues: if
that has been replaced since, the journal's observations are in it already.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from exporter.core.model import Observation
from exporter.storage.observation_chain import decoded, encoded
from exporter.storage.whole_history import new_file, sync_folder

JOURNAL_FORMAT: Final = b"kbe-journal-1 "

_HEAD: Final = struct.Struct("<II")
"""Before each entry: its length, and its checksum (CRC-32)."""


class Journal:
    """The journal that continues the file of this name; it takes the place of an earlier one with its first entry."""

    def __init__(self, path: Path, continues: bytes) -> None:
        self._path = path
        self._head = JOURNAL_FORMAT + continues
        self._last: Observation | None = None

    def append(self, observations: Sequence[Observation]) -> None:
        """Appends observations. Raises OSError: the journal's end is then unknown."""
        if not observations:
            return
        befores = [self._last, *observations[:-1]]
        entries = [encoded(each, before) for each, before in zip(observations, befores, strict=True)]
        if self._last is None:
            _write(new_file(self._path), [self._head, *entries])
            sync_folder(self._path.parent)
        else:
            _write(self._path.open("ab"), entries)
        self._last = observations[-1]


def observations_in(path: Path, continues: bytes) -> Iterator[Observation]:
    """The observations in a journal, oldest first; none if it continues another file. Raises OSError."""
    last: Observation | None = None
    entries = _entries(path.read_bytes())
    if next(entries, None) != JOURNAL_FORMAT + continues:
        return
    for entry in entries:
        last = decoded(entry, last)
        yield last


def _entries(data: bytes) -> Iterator[bytes]:
    """The entries of a journal, up to the first that is not whole."""
    start = 0
    while start + _HEAD.size <= len(data):
        length, checksum = _HEAD.unpack_from(data, start)
        start += _HEAD.size
        entry = data[start : start + length]
        if len(entry) < length or zlib.crc32(entry) != checksum:
            return
        yield entry
        start += length


def _write(file: BinaryIO, entries: Iterable[bytes]) -> None:
    """Writes entries to the disk, and closes the file."""
    with file:
        file.writelines(part for entry in entries for part in (_HEAD.pack(len(entry), zlib.crc32(entry)), entry))
        file.flush()
        os.fsync(file.fileno())
