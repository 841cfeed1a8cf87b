"""Observations as a chain of short messages, each of which says what differs from the observation before.

Only what the core learns from is kept: of members which partitions they are assigned, of failures their scopes.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from exporter.core.model import Failure, GroupObservation, Int64s, Members, Observation, Owner

LEVEL: Final = 1
"""zlib's fastest: of these columns the others save little more."""

SOMEBODY: Final = Owner("", "")
"""Stands for the owner of a partition: who it is makes no difference to what is learnt."""

_LENGTH: Final = struct.Struct("<I")
_KINDS: Final = ("<i1", "<i2", "<i4", "<i8")
_OFFSETS: Final = ("end_offsets", "start_offsets", "stable_offsets")

Shape = list[list[Any]]
"""Pairs of a name and a number of partitions, or of a group and its topics in the same form."""


def encoded(observation: Observation, before: Observation | None) -> bytes:
    """What makes `decoded` return the observation after the one ``before``; None begins a chain."""
    shapes, columns = _shapes(observation), _columns(observation)
    known = _shapes(before) if before is not None else {}
    known_columns = _columns(before) if before is not None else {}
    same = {name for name, shape in shapes.items() if known.get(name) == shape}
    packed = [_narrow(column - known_columns[name] if name in same else column) for name, column in columns.items()]
    facts = _facts(observation)
    facts_before = _facts(before) if before is not None else {}
    message = {
        "cluster": observation.cluster,
        "at": observation.at,
        "shapes": {name: shape for name, shape in shapes.items() if name not in same},
        "kinds": [column.dtype.str for column in packed],
        "groups": {name: _as_data(*each) for name, each in facts.items() if facts_before.get(name) != each},
        "topic_ids": None
        if before is not None and before.topic_ids == observation.topic_ids
        else observation.topic_ids,
        "committed_readers": sorted(observation.committed_readers),
        "unread_groups": sorted(observation.unread_groups),
        "failures": sorted({failure.scope for failure in observation.failures}),
    }
    about = json.dumps(message, default=dict).encode()
    return zlib.compress(b"".join([_LENGTH.pack(len(about)), about, *(column.tobytes() for column in packed)]), LEVEL)


def decoded(data: bytes, before: Observation | None) -> Observation:
    """The observation after the one ``before``, of which the message says what differs."""
    text = zlib.decompress(data)
    (length,) = _LENGTH.unpack_from(text)
    start = _LENGTH.size + length
    message = json.loads(text[_LENGTH.size : start])
    shapes = (_shapes(before) if before is not None else {}) | message["shapes"]
    known = _columns(before) if before is not None else {}
    columns: dict[str, Int64s] = {}
    for (name, shape), kind in zip(shapes.items(), message["kinds"], strict=True):
        column = np.frombuffer(text, kind, _rows(shape), start).astype(np.int64)
        start += column.size * np.dtype(kind).itemsize
        columns[name] = column if name in message["shapes"] else column + known[name]
    commits, times = (_by_group(shapes[name], columns[name]) for name in ("commits", "commit_times"))
    facts = (_facts(before) if before is not None else {}) | {
        name: _from_data(*each) for name, each in message["groups"].items()
    }
    ids = message["topic_ids"]
    offsets = {name: _by_name(shapes[name], columns[name]) for name in _OFFSETS}
    return Observation(
        cluster=message["cluster"],
        at=message["at"],
        groups={
            name: GroupObservation(state, commits[name], times.get(name, {}), type_, protocol, members=members)
            for name in commits
            for state, type_, protocol, members in [facts[name]]
        },
        topic_ids=before.topic_ids if ids is None and before is not None else ids,
        committed_readers=frozenset(message["committed_readers"]),
        unread_groups=frozenset(message["unread_groups"]),
        failures=tuple(Failure(scope, "", "") for scope in message["failures"]),
        end_offsets=offsets["end_offsets"],
        start_offsets=offsets["start_offsets"],
        stable_offsets=offsets["stable_offsets"],
    )


Facts = tuple[str, str, str, Members | None]
"""What is known of a group beside its commits: state, type, protocol, members."""


def _facts(observation: Observation) -> dict[str, Facts]:
    return {
        name: (group.state, group.type, group.protocol, group.members) for name, group in observation.groups.items()
    }


def _as_data(state: str, type_: str, protocol: str, members: Members | None) -> list[Any]:
    if members is None:
        return [state, type_, protocol, None]
    owners = members.owners
    assigned = None if owners is None else {topic: list(partitions) for topic, partitions in owners.items()}
    return [state, type_, protocol, [members.count, assigned, members.generation]]


def _from_data(state: str, type_: str, protocol: str, members: list[Any] | None) -> Facts:
    if members is None:
        return state, type_, protocol, None
    count, assigned, generation = members
    owners = assigned and {topic: dict.fromkeys(partitions, SOMEBODY) for topic, partitions in assigned.items()}
    return state, type_, protocol, Members(count, owners, generation)


def _shapes(observation: Observation) -> dict[str, Shape]:
    """Which offsets each of the columns holds, in the order of the columns."""
    groups = observation.groups.items()
    return {
        "commits": [[name, _sizes(group.commits)] for name, group in groups],
        "commit_times": [[name, _sizes(group.commit_times)] for name, group in groups if group.commit_times],
        **{name: _sizes(getattr(observation, name)) for name in _OFFSETS},
    }


def _columns(observation: Observation) -> dict[str, Int64s]:
    """All offsets of a kind, one after the other."""
    groups = observation.groups.values()
    return {
        "commits": _joined(column for group in groups for column in group.commits.values()),
        "commit_times": _joined(column for group in groups for column in group.commit_times.values()),
        **{name: _joined(getattr(observation, name).values()) for name in _OFFSETS},
    }


def _sizes(offsets: Mapping[str, Int64s]) -> Shape:
    return [[name, len(column)] for name, column in offsets.items()]


def _rows(shape: Shape) -> int:
    return sum(size if isinstance(size, int) else _rows(size) for _, size in shape)


def _joined(columns: Iterable[Int64s]) -> Int64s:
    return np.concatenate([np.zeros(0, dtype=np.int64), *columns])


def _by_name(shape: Sequence[Any], column: Int64s) -> dict[str, Int64s]:
    """Name → its part of a column."""
    ends = np.cumsum([size for _, size in shape], dtype=np.int64).tolist()
    return {name: column[end - size : end] for (name, size), end in zip(shape, ends, strict=True)}


def _by_group(shape: Sequence[Any], column: Int64s) -> dict[str, dict[str, Int64s]]:
    """Group → topic → its part of a column."""
    parts = _by_name([[name, _rows(topics)] for name, topics in shape], column)
    return {name: _by_name(topics, parts[name]) for name, topics in shape}


def _narrow(column: Int64s) -> npt.NDArray[Any]:
    """The same numbers in as few bytes each as all of them fit in."""
    lowest, highest = int(column.min(initial=0)), int(column.max(initial=0))
    kind = next(kind for kind in _KINDS if np.iinfo(kind).min <= lowest and highest <= np.iinfo(kind).max)
    return column.astype(kind)
