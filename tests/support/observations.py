"""Observations written out by hand, and made up by hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import History, empty
from exporter.core.model import (
    NO_OFFSET,
    NOT_READ,
    Failure,
    GroupObservation,
    Int64s,
    Members,
    Observation,
    Owner,
    Status,
)
from exporter.core.report import Report

START = 1_700_000_000_000
"""When made-up observations begin, in ms."""

Offsets = Mapping[str, Sequence[int]]


def column(offsets: Sequence[int]) -> Int64s:
    """Offsets by partition id."""
    return np.array(offsets, dtype=np.int64)


def columns(offsets: Offsets) -> dict[str, Int64s]:
    """Offsets by topic and partition id."""
    return {topic: column(values) for topic, values in offsets.items()}


def group(commits: Offsets, *, state: str = "Stable", times: Offsets | None = None, **more: Any) -> GroupObservation:
    """A group as a scrape saw it."""
    return GroupObservation(state, columns(commits), commit_times=columns(times or {}), **more)


def members(owners: Mapping[str, Sequence[int]], count: int = 1) -> Members:
    """So many members, one of which has these partitions assigned."""
    return Members(count, {topic: {id_: Owner("client", "/host") for id_ in ids} for topic, ids in owners.items()})


def observation(
    seconds: float, groups: Mapping[str, GroupObservation], end_offsets: Offsets, *, cluster: str = "c", **more: Any
) -> Observation:
    """What was seen of a cluster so many seconds after START."""
    return Observation(cluster, START + int(seconds * 1000), dict(groups), columns(end_offsets), **more)


def folded(seen: Sequence[Observation], settings: EvaluationSettings | None = None) -> History:
    """The history after all of these."""
    evaluation = settings or EvaluationSettings()
    history = empty(evaluation)
    for each in seen:
        history, _ = advance(history, each, evaluation)
    return history


def reported(seen: Sequence[Observation], settings: EvaluationSettings | None = None) -> Report:
    """The report on the last of these."""
    evaluation = settings or EvaluationSettings()
    return advance(folded(seen[:-1], evaluation), seen[-1], evaluation)[1]


def statuses(of: Report, group_name: str = "g", topic: str = "t") -> list[Status]:
    """The verdicts on the readable partitions of a topic."""
    partitions = of.partitions(of.groups[group_name], topic)
    return [partition.status for partition in partitions if partition.readable]


def window(history: History, row: int = 0) -> list[tuple[int, float, int]]:
    """The commits retained in a row: offset, seconds after START, lag (-1: not known)."""
    commits = history.commits
    size, count = commits.windows.capacity, int(commits.windows.count[row])
    return [
        (
            int(commits.windows.offset[row, at]),
            (int(commits.windows.time[row, at]) - START) / 1000,
            int(commits.lag[row, at]),
        )
        for at in range(size - count, size)
    ]


NAMES = st.sampled_from(['a"b\\c', "d\ne", "f g/h", "ü→😀", "plain"])
"""Names that have to come through intact."""

SETTINGS = st.builds(
    EvaluationSettings,
    window=st.sampled_from([30.0, 60.0, 120.0]),
    patience=st.sampled_from([30.0, 200.0, 3600.0]),
    min_distance=st.sampled_from([0.0, 5.0, 27.0]),
    intervals=st.integers(1, 10),
    allowed_lag=st.sampled_from([0, 0, 5]),
    minimum_complete=st.sampled_from([0.0, 0.0, 0.5, 1.0]),
)

_OFFSET = st.sampled_from([*range(0, 31, 3), NOT_READ, 2**41])
_COMMIT = st.sampled_from([*range(0, 31, 3), NO_OFFSET, NOT_READ])
_STATES = st.sampled_from(["Stable", "Stable", "Empty", "PreparingRebalance", ""])
_SIZES = st.sampled_from([0, 1, 2, 2, 2])
_STEPS = st.sampled_from([0, 1, 5, 27, 30, 30, 30, 60, 300])


@st.composite
def observations(draw: st.DrawFn, *, own_times: bool = True) -> list[Observation]:
    """A run over one small cluster in which topics, partitions and groups come and go."""
    topics, groups = draw(_TWO_NAMES), draw(_TWO_NAMES)
    timed = own_times and draw(st.booleans())
    about_the_run = {
        "committed_readers": frozenset(draw(st.sets(st.sampled_from(groups), max_size=1))),
        "other_groups": draw(st.dictionaries(NAMES, st.just("share"), max_size=1)),
        "brokers": draw(st.integers(0, 3)),
        "failures": tuple(draw(st.lists(st.builds(Failure, st.just("topic"), NAMES, NAMES), max_size=1))),
    }
    at, run = START, []
    for _ in range(draw(st.integers(1, 8))):
        at += 1000 * draw(_STEPS)
        sizes = {topic: draw(_SIZES) for topic in draw(_some(topics))}
        run.append(
            Observation(
                "c",
                at,
                {name: draw(_group(at, topics, timed)) for name in draw(_some(groups))},
                draw(_offsets_of(sizes)),
                start_offsets=draw(_offsets_of(sizes)) if draw(_SELDOM) else {},
                stable_offsets=draw(_offsets_of(sizes)) if about_the_run["committed_readers"] else {},
                topic_ids=dict.fromkeys(sizes, draw(st.sampled_from("12"))) if draw(_SELDOM) else {},
                unread_groups=frozenset(draw(_some(groups))) if draw(_SELDOM) else frozenset(),
                **about_the_run,
            )
        )
    return run


_TWO_NAMES = st.lists(NAMES, min_size=2, max_size=2, unique=True)
_SELDOM = st.sampled_from([False, False, False, True])


def _some(names: list[str]) -> st.SearchStrategy[list[str]]:
    """Both names, as a rule."""
    return st.sampled_from([names, names, names, names[:1], names[1:], []])


@st.composite
def _offsets_of(draw: st.DrawFn, sizes: Mapping[str, int]) -> dict[str, Int64s]:
    return {topic: column([draw(_OFFSET) for _ in range(size)]) for topic, size in sizes.items()}


@st.composite
def _group(draw: st.DrawFn, at: int, topics: list[str], timed: bool) -> GroupObservation:
    commits = {topic: column([draw(_COMMIT) for _ in range(draw(_SIZES))]) for topic in draw(_some(topics))}
    times = {
        topic: np.where(offsets >= 0, at - 1000 * draw(st.integers(-1, 100)), -1) for topic, offsets in commits.items()
    }
    return GroupObservation(
        draw(_STATES),
        commits,
        commit_times=times if timed and draw(st.booleans()) else {},
        type=draw(st.sampled_from(["", "classic", "consumer"])),
        protocol=draw(st.sampled_from(["", "range"])),
        coordinator=draw(st.none() | st.integers(0, 3)),
        members=draw(_members(topics)) if draw(_SELDOM) else None,
    )


@st.composite
def _members(draw: st.DrawFn, topics: list[str]) -> Members:
    assigned = {topic: draw(st.sets(st.integers(0, 3))) for topic in draw(_some(topics))}
    owners = {topic: {id_: Owner("", "") for id_ in ids} for topic, ids in assigned.items()}
    return Members(draw(st.integers(0, 3)), None if draw(_SELDOM) else owners)


def shifted(run: Sequence[Observation], milliseconds: int) -> list[Observation]:
    """The same run at another time."""
    return [
        replace(
            seen,
            at=seen.at + milliseconds,
            groups=_each(
                seen.groups,
                lambda one: replace(
                    one,
                    commit_times=_each(one.commit_times, lambda times: np.where(times >= 0, times + milliseconds, -1)),
                ),
            ),
        )
        for seen in run
    ]


def _each(values: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    return {key: change(value) for key, value in values.items()}
