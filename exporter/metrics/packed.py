"""A text that is compressed piece by piece while it is made, so that the whole of it is nowhere in memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

GZIP_LEVEL: Final = 1
"""On these pages the highest level takes five times as long and saves a tenth more."""

UNPACKED_BYTES: Final = 256 * 1024

_GZIP_WINDOW: Final = 31
"""zlib's value for the largest window with a gzip header."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The beginning of a gzip stream: its ``pieces``, and a compressor to go on from there.

    ``length``: of the text, ``packed_length``: of the pieces, both in bytes.
    """

    pieces: tuple[bytes, ...]
    length: int
    packed_length: int
    _packer: zlib._Compress

    @classmethod
    def of(cls, text: Iterable[bytes]) -> Packed:
        """A text that comes in pieces."""
        return _packed((), 0, zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW), text)

    def followed_by(self, text: Iterable[bytes]) -> Packed:
        """The same stream, with more text; this one stays as it is."""
        return _packed(self.pieces, self.length, self._packer.copy(), text)

    def ending(self, text: bytes) -> bytes:
        """What completes the stream, so that it ends with a text."""
        packer = self._packer.copy()
        return packer.compress(text) + packer.flush()

    def text(self) -> Iterator[bytes]:
        """The text, unpacked while it is read, at most UNPACKED_BYTES at a time."""
        unpacker = zlib.decompressobj(_GZIP_WINDOW)
        for piece in self.pieces:
            rest = piece
            while rest:
                yield unpacker.decompress(rest, UNPACKED_BYTES)
                rest = unpacker.unconsumed_tail


def _packed(before: tuple[bytes, ...], length: int, packer: zlib._Compress, text: Iterable[bytes]) -> Packed:
    """The stream ``before`` with a text after it; ``length`` (bytes): of the text before."""
    pieces = list(before)
    for piece in text:
        length += len(piece)
        if compressed := packer.compress(piece):
            pieces.append(compressed)
    # All of the text must be in the pieces: a plain page is unpacked from them.
    pieces.append(packer.flush(zlib.Z_SYNC_FLUSH))
    return Packed(tuple(pieces), length, sum(map(len, pieces)), packer)
