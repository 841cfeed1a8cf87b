"""The lock on the folder of histories: two exporters would replace each other's files."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

LOCK: Final = "lock"
"""The file in the folder that is locked; it names the process that holds the lock, or held it last."""

MOST_OF_A_NAME: Final = 300
"""Bytes of that file that are read."""


class FolderInUse(Exception):
    """Another exporter uses the folder; the message names its process."""


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Holds the lock on a folder, which is created. Raises `FolderInUse`.

    A folder that cannot be written, or locked, is no reason not to start: it is logged when a history is not written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    except OSError as error:
        log.warning("the folder of histories is not locked: %s", error)
        yield
        return
    try:
        _take(file, folder)
        yield
    finally:
        os.close(file)


def _take(file: int, folder: Path) -> None:
    """Locks the file, until it is closed or the process ends in whatever way."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            log.warning("the folder of histories is not locked: %s", error)
            return
        holder = os.read(file, MOST_OF_A_NAME).decode("utf-8", "replace").strip()
        raise FolderInUse(f"{folder} is in use by another exporter ({holder or 'its process is not known'})") from error
    try:
        os.truncate(file, 0)
        os.write(file, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
    except OSError as error:  # the disk is full: the lock holds all the same
        log.warning("the lock on the folder of histories names no process: %s", error)
