"""A partition with one consumer group, second by second: what is produced, consumed and committed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exporter.core.model import NO_OFFSET, Int64s

SECONDS = 14_400
"""A trace is four hours long."""

Floats = npt.NDArray[np.float64]
Source = np.random.RandomState
"""Numpy promises never to change the numbers of this one, so that everybody generates the same traces."""

Span = tuple[int, int]
"""Seconds of a trace, from the first until before the second."""

State = tuple[int, str, str]
"""The second from which a group is in a state, the state and its protocol type."""

WITH_MEMBERS: tuple[State, ...] = ((0, "Stable", "consumer"),)
WITHOUT_MEMBERS: tuple[State, ...] = ((0, "Empty", ""),)


@dataclass(frozen=True, slots=True)
class Simulated:
    """All there is to know of a partition with one group.

    ``end`` and ``committed``: the offsets at each second, NO_OFFSET before the first commit. ``commits``: the seconds
    at which one was made. ``pace``: how often it usually commits (s). ``wrong``: when something really was.
    """

    end: Int64s
    committed: Int64s
    commits: Int64s
    pace: float
    wrong: tuple[Span, ...] = ()
    states: tuple[State, ...] = WITH_MEMBERS


def log_uniform(source: Source, low: float, high: float) -> float:
    """A number between the two, as likely to be in one octave as in another."""
    return float(np.exp(source.uniform(np.log(low), np.log(high))))


def steady(source: Source, low: float = 0.3, high: float = 300) -> Floats:
    """The same rate all the time."""
    return np.full(2 * SECONDS, log_uniform(source, low, high))


def wave(source: Source) -> Floats:
    """Rising and falling once in one to three hours."""
    period, phase, height = source.uniform(3_600, 10_800), source.uniform(0, 2 * np.pi), source.uniform(0.3, 0.8)
    rising_and_falling = 1 + height * np.sin(2 * np.pi * np.arange(2 * SECONDS) / period + phase)
    return steady(source) * rising_and_falling


def steps(source: Source) -> Floats:
    """Another rate every ten to sixty minutes."""
    lengths = source.randint(600, 3_600, size=2 * SECONDS // 600)
    factors = np.exp(source.uniform(np.log(0.4), np.log(2.5), size=len(lengths)))
    return steady(source) * np.repeat(factors, lengths)[: 2 * SECONDS]


def bursts(source: Source, background: float = 0.0) -> Floats:
    """Bursts of one to five minutes, eight to fifty minutes apart, and nearly nothing in between."""
    rate, at = np.full(2 * SECONDS, background), int(source.randint(60, 900))
    height = log_uniform(source, 2, 200)
    while at < 2 * SECONDS:
        rate[at : at + source.randint(60, 300)] = height
        at += int(log_uniform(source, 480, 3_000))
    return rate


def some_production(source: Source) -> Floats:
    """One of those that never pause."""
    return (steady, wave, steps)[source.randint(3)](source)


def fixed(source: Source, pace: float) -> Int64s:
    """Commits at equal distances, but for a second or two."""
    due = np.arange(source.uniform(0, pace), SECONDS, pace)
    return _whole(due + source.uniform(0, min(2, pace / 4), size=len(due)))


def uneven(source: Source, pace: float) -> Int64s:
    """Commits at distances between 0.4 and 1.6 of the pace."""
    return _renewed(source, pace * source.uniform(0.4, 1.6, size=_enough(pace)))


def lognormal(source: Source, pace: float) -> Int64s:
    """Commits mostly closer than the pace, and now and then three times as far apart."""
    return _renewed(source, pace * np.exp(source.normal(-0.125, 0.5, size=_enough(pace))))


def with_failures(source: Source, pace: float) -> Int64s:
    """Checkpoints at equal distances, one in twenty-five of which fails."""
    due = fixed(source, pace)
    return due[source.uniform(size=len(due)) > 0.04]


def _renewed(source: Source, gaps: Floats) -> Int64s:
    return _whole(source.uniform(0, gaps[0]) + np.cumsum(gaps[1:]))


def _enough(pace: float) -> int:
    return int(4 * SECONDS / pace) + 20


def _whole(times: Floats) -> Int64s:
    seconds = np.unique(times.astype(np.int64))
    return seconds[seconds < SECONDS]


def produced(source: Source, rate: Floats) -> Int64s:
    """The end offset at each second, where ``rate`` records a second are to be expected."""
    return 10_000 + np.cumsum(source.poisson(rate)).astype(np.int64)


def consumed(available: Int64s, capacity: Floats) -> Int64s:
    """How far a consumer has got at each second that can handle ``capacity`` records in it."""
    handled = np.cumsum(capacity)
    return np.floor(handled + np.minimum.accumulate(available - handled) + 1e-6).astype(np.int64)


def outside(times: Int64s, spans: Iterable[Span]) -> Int64s:
    """The times at which the consumer was at work."""
    for start, end in spans:
        times = times[(times < start) | (times >= end)]
    return times


def committed(position: Int64s, times: Int64s, fetched: Int64s | None = None) -> Int64s:
    """The newest commit at each second: the position at ``times``, or that at ``fetched``, where it is older."""
    values = position[times if fetched is None else fetched]
    latest = np.searchsorted(times, np.arange(SECONDS), side="right") - 1
    return np.where(latest >= 0, values[np.maximum(latest, 0)], NO_OFFSET)


def absent(spans: Iterable[Span]) -> tuple[State, ...]:
    """The states of a group whose members are away in each of the spans."""
    states = list(WITH_MEMBERS)
    for start, end in spans:
        states += [(start, "Empty", "consumer"), (end, "Stable", "consumer")]
    return tuple(states)
