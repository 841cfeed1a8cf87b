"""What a collector would give, made from observations without a Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from exporter.core import history
from exporter.core.evaluation import Evaluation
from exporter.core.model import Failure, GroupObservation, Members, Observation, Owner
from exporter.core.report import Outcome, report

START = 1_700_000_000_000
"""The time of the first observation in ms."""


def group(commits: Mapping[str, Iterable[int]], state: str = "Stable", **more: Any) -> GroupObservation:
    return GroupObservation(state, {topic: offsets(numbers) for topic, numbers in commits.items()}, **more)


def observation(
    groups: Mapping[str, GroupObservation],
    ends: Mapping[str, Iterable[int]],
    *,
    cluster: str = "c",
    at: int = START,
    **more: Any,
) -> Observation:
    return Observation(cluster, at, groups, {topic: offsets(numbers) for topic, numbers in ends.items()}, **more)


def offsets(numbers: Iterable[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(list(numbers), dtype=np.int64)


def outcomes(observations: Iterable[Observation]) -> Iterator[Outcome]:
    """The outcome after each observation of one cluster, one following the other."""
    settings = Evaluation()
    known = history.empty(settings)
    for seen in observations:
        known = history.fold(known, seen, settings)
        yield Outcome(seen.cluster, report(known, seen, settings), seen.failures, up=True, last_read=seen.at)


def outcome(seen: Observation) -> Outcome:
    """The outcome after a first observation."""
    return next(outcomes([seen]))


def down(cluster: str, reason: str = "timeout") -> Outcome:
    return Outcome(cluster, None, (Failure("cluster", cluster, reason),), up=False)


def members(count: int, *topics: str) -> Members:
    """So many members, each of the topics assigned to one."""
    return Members(count, {topic: {0: Owner("client", "host")} for topic in topics})
