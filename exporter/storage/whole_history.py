"""A history as a file, which is written and read as a whole.

It is a zip of numpy's plain arrays (``.npz``, every member with its checksum); the first member is a JSON text that
describes the arrays. It is written to a temporary file, flushed to the disk, and then renamed: at any moment the file
is complete, either the new one or the previous one. docs/history.md describes the format.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import astuple, fields, replace
from pathlib import Path
from typing import Any, BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import numpy.typing as npt

from exporter.core.commits import Commits
from exporter.core.history import History, end_rows
from exporter.core.layout import Layout
from exporter.core.rebalances import Rebalances
from exporter.core.resting import Resting
from exporter.core.rhythm import Rhythm
from exporter.core.timeline import Timeline
from exporter.core.windows import Windows

FORMAT: Final = 2
ABOUT: Final = "about"
NAME: Final = "name"

LEVEL: Final = 1
"""zlib's fastest. It makes the file of 100,000 partitions a fraction as large; the others save little more."""


class Damaged(Exception):
    """A file that is not a complete history of this format; the message says why."""


def write(path: Path, history: History, name: bytes = b"") -> int:
    """Writes a history to its file atomically, and returns the bytes written; raises OSError.

    ``name``: by which the journal that continues the file finds it.
    """
    beside = path.with_name(path.name + ".new")
    try:
        with new_file(beside) as file:
            with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=LEVEL) as archive:
                for member, column in {**columns_of(history), NAME: np.frombuffer(name, dtype=np.uint8)}.items():
                    with archive.open(f"{member}.npy", "w", force_zip64=True) as opened:
                        np.lib.format.write_array(opened, column, allow_pickle=False)
            size = file.tell()
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        # A partial file would keep a full disk full.
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return size


def new_file(path: Path) -> BinaryIO:
    """A new file in the place of whatever there was; what a link there leads to is left alone. Raises OSError."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666), "wb")


def sync_folder(folder: Path) -> None:
    """Sees to it that the names of the files in a folder are on the disk; raises OSError."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def read(path: Path) -> History:
    """Returns the history in a file; raises Damaged, or OSError when it cannot even be opened."""
    return read_with_name(path)[0]


def read_with_name(path: Path) -> tuple[History, bytes]:
    """Returns the history in a file, and the name it was given; raises as `read`."""
    try:
        # Reading each member to its end verifies its checksum.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as members:
            columns = {name: members[name] for name in members.files}
        name = columns.pop(NAME, np.zeros(0, dtype=np.uint8)).tobytes()
        about = json.loads(columns.pop(ABOUT).tobytes().decode("utf-8"))
        if not isinstance(about, dict) or about.get("format") != FORMAT:
            raise Damaged(f"not of format {FORMAT}")
        return history_of(about, columns), name
    except (OSError, Damaged):
        raise
    except Exception as error:
        # zipfile, numpy and json raise many errors on damaged bytes, and none may keep the exporter from starting.
        raise Damaged(f"not a whole history: {error}") from error


_OF_COMMITS: Final = (
    "lag",
    "records",
    "seconds",
    "own_times",
    "last_time",
    "assigned",
    "falling",
    "deserted",
    "outlasted",
)
"""The columns of `Commits` itself, beside its windows."""


def columns_of(history: History) -> dict[str, Any]:
    """The history as named arrays; ``about`` is the JSON text that names the rows."""
    windows = history.commits.windows
    about = {
        "format": FORMAT,
        "topics": _sizes(history.topics),
        "group_topics": _sizes(history.group_topics),
        "topic_ids": dict(history.topic_ids),
        "observed_at": history.observed_at,
        "settled": history.settled,
        "trend": [[at, dict(totals)] for at, totals in history.trend],
        "rebalances": {name: astuple(counted) for name, counted in history.rebalances.items()},
        "last_unhealthy": dict(history.last_unhealthy),
        "lost_records": dict(history.lost_records),
    }
    rows = history.topics.rows
    timeline = np.array(history.timeline.columns, dtype=np.int64).reshape(len(history.timeline.times), rows)
    return {
        ABOUT: np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
        "end_offset": history.ends.offset,
        "end_time": history.ends.time,
        "end_count": history.ends.count,
        "commit_offset": windows.offset,
        "commit_time": windows.time,
        "commit_count": windows.count,
        **{f"commit_{name}": getattr(history.commits, name) for name in _OF_COMMITS},
        **{f"rhythm_{field.name}": getattr(history.commits.rhythm, field.name) for field in fields(Rhythm)},
        **{f"resting_{field.name}": getattr(history.commits.resting, field.name) for field in fields(Resting)},
        "timeline_time": np.array(history.timeline.times, dtype=np.int64),
        "timeline_offset": timeline,
    }


def history_of(about: Mapping[str, Any], columns: Mapping[str, npt.NDArray[Any]]) -> History:
    """The history from its named arrays; raises Damaged if they do not fit each other."""
    topics = Layout.of((str(topic), int(size)) for topic, size in about["topics"])
    group_topics = Layout.of(((str(group), str(topic)), int(size)) for (group, topic), size in about["group_topics"])
    ends = Windows(columns["end_offset"], columns["end_time"], columns["end_count"])
    windows = Windows(columns["commit_offset"], columns["commit_time"], columns["commit_count"])
    _check(windows, group_topics.rows)
    expected = Commits.empty(group_topics.rows, windows.capacity)
    # Files of before there was such a column are as good as ever.
    columns = {"commit_outlasted": expected.outlasted, **columns}
    commits = replace(
        expected,
        windows=windows,
        rhythm=Rhythm(**{field.name: columns[f"rhythm_{field.name}"] for field in fields(Rhythm)}),
        resting=Resting(**{field.name: columns[f"resting_{field.name}"] for field in fields(Resting)}),
        **{name: columns[f"commit_{name}"] for name in _OF_COMMITS},
    )
    for part, whole in ((commits, expected), (commits.rhythm, expected.rhythm), (commits.resting, expected.resting)):
        for field in fields(part):
            if isinstance(column := getattr(part, field.name), np.ndarray):
                _fits(column, getattr(whole, field.name).shape, getattr(whole, field.name).dtype.type)
    times = columns["timeline_time"]
    _check(ends, topics.rows)
    _fits(times, (len(times),), np.int64)
    _fits(columns["timeline_offset"], (len(times), topics.rows), np.int64)
    if any(topics.block(topic) is None for _, topic in group_topics.keys):
        raise Damaged("a group's topic is not among the topics")
    end_row = end_rows(topics, group_topics)
    _fits(end_row, (group_topics.rows,), np.int64)
    return History(
        topics,
        ends,
        group_topics,
        commits,
        end_row,
        Timeline(tuple(times.tolist()), tuple(columns["timeline_offset"])),
        observed_at=None if about["observed_at"] is None else int(about["observed_at"]),
        settled=bool(about["settled"]),
        trend=tuple((int(at), {str(name): int(lag) for name, lag in totals.items()}) for at, totals in about["trend"]),
        topic_ids={str(topic): str(id_) for topic, id_ in about["topic_ids"].items()},
        rebalances={name: _rebalances(*values) for name, values in about.get("rebalances", {}).items()},
        last_unhealthy={name: int(at) for name, at in about.get("last_unhealthy", {}).items()},
        lost_records={name: int(count) for name, count in about.get("lost_records", {}).items()},
    )


def _rebalances(count: Any, state: Any, generation: Any, explained: Any) -> Rebalances:
    """What was counted of one group. Raises Damaged if something else than that is there."""
    if not isinstance(generation, int | str | None):
        raise Damaged(f"{generation} is not a generation")
    return Rebalances(int(count), str(state), generation, bool(explained))


def _sizes(layout: Layout[Any]) -> list[list[Any]]:
    return [[key, size] for key, size in layout.sizes().items()]


def _check(windows: Windows, rows: int) -> None:
    """Checks that windows have this many rows, and no more entries than capacity; raises Damaged."""
    if windows.offset.ndim != 2 or windows.offset.shape[1] < 1:
        raise Damaged("windows without columns")
    _fits(windows.offset, (rows, windows.capacity), np.int64)
    _fits(windows.time, (rows, windows.capacity), np.int64)
    _fits(windows.count, (rows,), np.int64)
    if rows and (windows.count.min() < 0 or windows.count.max() > windows.capacity):
        raise Damaged("a window with more entries than it has room for")


def _fits(column: npt.NDArray[Any], shape: tuple[int, ...], kind: type[np.generic]) -> None:
    if column.shape != shape or column.dtype != kind:
        raise Damaged(f"an array of {column.dtype} {column.shape} where {np.dtype(kind)} {shape} is expected")
