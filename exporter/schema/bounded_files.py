"""Files of a configuration, of which so much is read, and for which so long is waited."""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from pathlib import Path
from typing import Final

PATIENCE: Final = 5.0
"""Seconds in which a pipe (``<(pass show kafka)``) must be written and closed: a reload must not hang."""

PIECE: Final = 65_536


def content_of(path: Path, limit: int) -> bytes:
    """At most so many bytes of a file; raises OSError, also for a pipe that nobody writes to in time."""
    # A pipe without a writer is opened at once, too.
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        waiting = select.poll()
        waiting.register(file, select.POLLIN)
        deadline = time.monotonic() + PATIENCE
        pieces: list[bytes] = []
        while limit > 0:
            if not waiting.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise TimeoutError(errno.ETIMEDOUT, f"a pipe that is not written and closed within {PATIENCE:g} s")
            piece = os.read(file, min(limit, PIECE))
            if not piece:
                break
            pieces.append(piece)
            limit -= len(piece)
        return b"".join(pieces)
    finally:
        os.close(file)


def is_special(path: Path) -> bool:
    """True for a pipe, a socket or a device, which cannot be read a second time; raises OSError."""
    mode = path.stat().st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
