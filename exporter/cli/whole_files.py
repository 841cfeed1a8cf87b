"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from exporter.cli.command_failures import BadArguments, RunFailed
from exporter.quoting import quoted


def write_whole(texts: Mapping[Path, str], *, overwrite: bool, mode: int = 0o600) -> None:
    """Writes files, in their order, with these permissions (readable only by their owner); their folders are made.

    None is written if one of them is there already, unless ``overwrite``. A file has its name only once all of it is
    on the disk.
    """
    for path in texts:
        if path.exists() and not path.is_file():
            raise BadArguments(f"{quoted(str(path))} is no file that could be written")
        if (path.exists() or path.is_symlink()) and not overwrite:
            raise BadArguments(f"{quoted(str(path))} is there already; give --overwrite, or another name")
    path = Path()
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with _temporary(path.parent, text, mode) as written:
                if overwrite:
                    written.replace(path)
                else:
                    path.hardlink_to(written)  # unlike a renaming, it fails where there is a file meanwhile
    except OSError as error:
        raise RunFailed(f"cannot write to {quoted(str(path))}: {(error.strerror or str(error)).lower()}") from error


@contextmanager
def _temporary(folder: Path, text: str, mode: int) -> Iterator[Path]:
    """A file with the text, safe on the disk, under a name that is gone afterwards."""
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".kafka-burrow-exporter-")
    try:
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - the descriptor is open already
            file.write(text)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
