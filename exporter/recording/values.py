"""The values in a line: how each is checked, and the error if it is wrong."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from exporter.core.model import NO_OFFSET, NOT_READ, Int64s
from exporter.quoting import quoted

MAX_INT32 = 2**31 - 1
MAX_INT64 = 2**63 - 1

MAX_PARTITION = 1_000_000
"""Ids above this are a mistake: columns are laid out up to the highest id."""

MAX_MISSING = 1_000
"""A recording lists every partition of a topic. So many may be missing before a high id is a mistake, because each
partition takes a few hundred bytes, whether it is listed or not."""

MAX_MISSING_COMMITS = 10_000
"""The same of the partitions on which a group has committed, of which any may be missing; each takes a few bytes."""

Path = tuple[str, ...]
"""Keys from the top of the line down to a value."""

_PARTITION = re.compile(r"0|[1-9][0-9]{0,6}", re.ASCII)
_PLAIN = re.compile(r"[\w-]+")


class Malformed(Exception):
    """Something in a line that cannot be used."""

    def __init__(self, path: Path, message: str) -> None:
        place = ".".join(key if _PLAIN.fullmatch(key) else quoted(key) for key in path)
        super().__init__(f"{place}: {message}" if place else message)


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these keys and values; a duplicate key, which JSON allows, would hide a mistake."""
    result = dict(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Malformed((), f"the key {quoted(twice)} appears twice in one object; keep one")
    return result


def no_constant(name: str) -> Any:
    """Refuses NaN and the infinities, which Python reads although JSON does not have them."""
    raise Malformed((), f"{name} is not JSON; offsets and times are whole numbers")


def mapping(value: Any, path: Path, *, required: Iterable[str] = (), optional: Iterable[str] = ()) -> dict[str, Any]:
    """An object; if keys are named, it has all the required ones and no unknown ones."""
    if not isinstance(value, dict):
        raise Malformed(path, f"must be an object {{...}}, not {_kind(value)}")
    known = (*required, *optional)
    if known:
        for key in value:
            if key not in known:
                raise Malformed((*path, key), f"not a known key; {_instead(key, known)}")
        for key in required:
            if key not in value:
                raise Malformed(path, f"the key {quoted(key)} is missing; add it")
    return value


def listing(value: Any, path: Path) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise Malformed(path, f"must be a list [...], not {_kind(value)}")
    return value


def text(value: Any, path: Path) -> str:
    """A string."""
    if not isinstance(value, str):
        raise Malformed(path, f"must be a string, not {_kind(value)}")
    return value


def whole(value: Any, path: Path, largest: int, meaning: str = "a whole number") -> int:
    """A whole number from 0 to the largest."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed(path, f"must be {meaning}, not {_kind(value)}")
    if not 0 <= value <= largest:
        raise Malformed(path, f"must be {meaning} from 0 to {largest}, not {_shortened(value)}")
    return value


def partition_id(value: Any, path: Path) -> int:
    """A partition's id where it is a number."""
    return whole(value, path, MAX_PARTITION, meaning="a partition id")


def partition_key(key: str, path: Path) -> int:
    """A partition's id where it is a key."""
    if not _PARTITION.fullmatch(key) or int(key) > MAX_PARTITION:
        raise Malformed((*path, key), f"must be a partition id from 0 to {MAX_PARTITION}, written in digits")
    return int(key)


def offsets(value: Any, path: Path) -> dict[int, int]:
    """Partition id → offset, NOT_READ for null."""
    found = {partition_key(key, path): _offset(offset, (*path, key)) for key, offset in mapping(value, path).items()}
    _must_be_close(found, path, MAX_MISSING)
    return found


def commits(value: Any, path: Path, latest: int) -> tuple[Int64s, Int64s | None]:
    """The committed offsets by partition id, and their times (ms, -1 where not given); None if none has its own."""
    committed: dict[int, int] = {}
    times: dict[int, int] = {}
    for key, commit in mapping(value, path).items():
        partition, place = partition_key(key, path), (*path, key)
        if isinstance(commit, list):
            if len(commit) != 2:
                raise Malformed(place, "must be an offset, or [offset, time of the commit in ms]")
            committed[partition] = whole(commit[0], (*place, "0"), MAX_INT64, meaning="an offset")
            times[partition] = whole(commit[1], (*place, "1"), latest, meaning="a time in ms since the epoch")
        else:
            none = isinstance(commit, int) and commit == NO_OFFSET
            committed[partition] = NO_OFFSET if none else _offset(commit, place)
    _must_be_close(committed, path, MAX_MISSING_COMMITS)
    size = max(committed, default=-1) + 1
    return array_of(committed, NO_OFFSET), array_of(times, -1, size) if times else None


def _must_be_close(partitions: Mapping[int, int], path: Path, missing: int) -> None:
    """Refuses ids that leave out more partitions than may be missing."""
    highest = max(partitions, default=-1)
    if highest >= len(partitions) + missing:
        raise Malformed(path, f"has partition {highest} and only {len(partitions)} in all; list those between, too")


def array_of(values: Mapping[int, int], missing: int, size: int | None = None) -> Int64s:
    """An array by partition id; without a size, as long as the highest id needs."""
    array = np.full(max(values, default=-1) + 1 if size is None else size, missing, dtype=np.int64)
    if values:
        array[list(values)] = list(values.values())
    return array


def _offset(value: Any, path: Path) -> int:
    if value is None:
        return NOT_READ
    return whole(value, path, MAX_INT64, meaning="an offset (or null if it could not be read)")


def _instead(key: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {quoted(close[0])}?" if close else f"known here: {', '.join(known)}"


def _kind(value: Any) -> str:
    """The kind of value that was given, in a word; the value itself if it is short."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return _shortened(quoted(value) if isinstance(value, str) else value)


def _shortened(value: object) -> str:
    written = str(value)
    return written if len(written) <= 40 else f"{written[:37]}..."
