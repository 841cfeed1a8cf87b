"""Kinds of consumers, healthy and not, with rhythms of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from exporter.core.model import Int64s
from tests.accuracy.simulation import (
    SECONDS,
    WITH_MEMBERS,
    WITHOUT_MEMBERS,
    Floats,
    Simulated,
    Source,
    Span,
    State,
    absent,
    bursts,
    committed,
    consumed,
    fixed,
    log_uniform,
    lognormal,
    outside,
    produced,
    some_production,
    steady,
    steps,
    uneven,
    wave,
    with_failures,
)

Rhythm = Callable[[Source, float], Int64s]
"""When (s) a consumer with a pace commits."""

Pace = Callable[[Source], float]
Kind = Callable[[Source], Simulated]


def _group(
    source: Source,
    rate: Floats,
    rhythm: Rhythm,
    pace: float,
    *,
    away: tuple[Span, ...] = (),
    wrong: tuple[Span, ...] = (),
    slow: Span | None = None,
    delay: int = 0,
    batches: bool = False,
    speed: float | None = None,
    states: tuple[State, ...] = WITH_MEMBERS,
) -> Simulated:
    """A consumer that is not at work while ``away``, and cannot keep up while ``slow``."""
    all_produced = produced(source, rate[: SECONDS + delay])
    end, available = all_produced[delay:], all_produced[:SECONDS]
    usual = speed if speed is not None else source.uniform(1.5, 5) * max(float(rate.max()), 20)
    capacity = np.full(SECONDS, usual)
    if slow is not None:
        capacity[slow[0] : slow[1]] = rate[slow[0] : slow[1]] * source.uniform(0.5, 0.85)
    for start, stop in away:
        capacity[start:stop] = 0
    position = consumed(available, capacity)
    times = outside(rhythm(source, pace), away)
    fetched = np.concatenate(([0], times[:-1])) if batches else None
    return Simulated(end, committed(position, times, fetched), times, pace, wrong, states)


def _slow(source: Source) -> float:
    return log_uniform(source, 90, 1_800)


def _fast(source: Source) -> float:
    return log_uniform(source, 1, 60)


def _incident(source: Source, pace: float = 0) -> Span:
    """Somewhere after the first two hours, long enough that a consumer of this pace can be told from a healthy one."""
    length = int(max(source.uniform(1_200, 3_600), min(4 * pace, 5_400)))
    start = int(source.randint(7_200, SECONDS - length - 300))
    return start, start + length


def _healthy(rhythm: Rhythm, *, batches: bool = False, states: tuple[State, ...] = WITH_MEMBERS) -> Kind:
    return lambda source: _group(source, some_production(source), rhythm, _slow(source), batches=batches, states=states)


def _stalled(rhythm: Rhythm, pace_of: Pace, *, batches: bool = False, delayed: bool = False) -> Kind:
    def make(source: Source) -> Simulated:
        pace = pace_of(source)
        span = _incident(source, pace)
        delay = int(source.randint(300, 3_600)) if delayed else 0
        rate = some_production(source)
        return _group(source, rate, rhythm, pace, away=(span,), wrong=(span,), batches=batches, delay=delay)

    return make


def _stopped(rhythm: Rhythm, pace_of: Pace, *, members: bool = True) -> Kind:
    def make(source: Source) -> Simulated:
        pace = pace_of(source)
        span = _incident(source, pace)
        states = absent((span,)) if members else WITHOUT_MEMBERS
        return _group(source, some_production(source), rhythm, pace, away=(span,), wrong=(span,), states=states)

    return make


def _behind(rhythm: Rhythm, pace_of: Pace) -> Kind:
    def make(source: Source) -> Simulated:
        pace = pace_of(source)
        span = (int(source.randint(7_200, 9_000)), SECONDS)
        return _group(source, steady(source, 2), rhythm, pace, slow=span, wrong=(span,))

    return make


def _beat(source: Source) -> Simulated:
    """Commits nearly as often as somebody scrapes, so that from scrape to scrape they look a little older."""
    pace = float(source.choice([15, 30, 60])) * source.uniform(0.8, 1.2)
    return _group(source, some_production(source), fixed, pace)


def _connect(source: Source) -> Simulated:
    """A sink that commits whenever a file is full, whatever the time."""
    rate, pace = some_production(source), log_uniform(source, 120, 1_200)
    end = produced(source, rate[:SECONDS])
    size = max(int(rate[:SECONDS].mean() * pace), 2)
    full = end // size * size
    times = np.flatnonzero(np.diff(full, prepend=full[0]))
    return Simulated(end, committed(full, times), times, pace)


def _delayed(production: Callable[[Source], Floats]) -> Kind:
    """A retry topic: a record is handled only when it is some minutes old."""
    return lambda source: _group(
        source, production(source), fixed, _fast(source), delay=int(log_uniform(source, 120, 3_600))
    )


def _transactions(
    markers: Callable[[Source], list[int]], away: Callable[[Source], tuple[Span, ...]] = lambda _: ()
) -> Kind:
    """Committed transactions in bursts; the consumer commits its last record + 1, and the markers after it stay."""

    def make(source: Source) -> Simulated:
        busy = bursts(source)[:SECONDS] > 0
        every = int(source.randint(1, 15))
        ends = np.flatnonzero(busy & (np.arange(SECONDS) % every == 0))
        records = source.randint(1, 40, size=len(ends))
        marked = source.choice(markers(source), size=len(ends))
        read, end = np.full(SECONDS, 10_000), np.full(SECONDS, 10_000 + int(marked[0]))
        after = np.cumsum(records + marked)
        latest = np.searchsorted(ends, np.arange(SECONDS), side="right") - 1
        known = latest >= 0
        end[known] = 10_000 + int(marked[0]) + after[latest[known]]
        read[known] = end[known] - marked[latest[known]]
        pace, spans = _fast(source), away(source)
        times = outside(fixed(source, pace), spans)
        return Simulated(end, committed(read, times), times, pace, spans)

    return make


def _resting_at(source: Source) -> list[int]:
    return [int(source.randint(1, 3))]


def _deploys(away_state: str) -> Kind:
    """Every 15 to 60 minutes nobody consumes for up to 90 s."""

    def make(source: Source) -> Simulated:
        spans, at = [], int(source.randint(300, 2_400))
        while at < SECONDS - 200:
            spans.append((at, at + int(source.randint(15, 91))))
            at += int(source.randint(900, 3_600))
        states = tuple((at, away_state if state == "Empty" else state, kind) for at, state, kind in absent(spans))
        return _group(source, some_production(source), fixed, _fast(source), away=tuple(spans), states=states)

    return make


def _deploy_then_stuck(source: Source) -> Simulated:
    """A deploy after which the members are there and nothing is consumed."""
    deploy = int(source.randint(1_800, 5_400))
    first, second = (deploy, deploy + 60), _incident(source)
    back = second[0] + int(source.randint(15, 90))
    states = absent((first, (second[0], back)))
    return _group(
        source, some_production(source), fixed, _fast(source), away=(first, second), wrong=(second,), states=states
    )


def _crash_loop(source: Source) -> Simulated:
    """A consumer that joins for seconds, consumes nothing, and waits ever longer, up to five minutes."""
    start = int(source.randint(7_200, 9_000))
    end = start + int(source.randint(2_700, 5_100))
    states: list[State] = list(WITH_MEMBERS)
    at, back_off, growth = start, source.uniform(2, 20), source.uniform(1.4, 2.2)
    while at < end:
        states.append((at, "Empty", "consumer"))
        at += int(back_off)
        if at >= end:
            break
        states += [(at, "PreparingRebalance", "consumer"), (at + 3, "Stable", "consumer")]
        at += 3 + int(source.randint(2, 40))
        back_off = min(back_off * growth, 300)
    states.append((end, "Stable", "consumer"))
    span = (start, end)
    return _group(
        source, some_production(source), fixed, _fast(source), away=(span,), wrong=(span,), states=tuple(states)
    )


def _bursts(source: Source) -> Simulated:
    """Bursts that are worked off within minutes."""
    rate = bursts(source, background=log_uniform(source, 0.01, 0.5))
    return _group(source, rate, fixed, _fast(source), speed=float(rate.max()) * source.uniform(0.6, 1.5))


def _last_record(source: Source) -> Simulated:
    """Stuck on the last record of a burst, on a partition that was always read to its end."""
    rate = bursts(source)[:SECONDS]
    end = produced(source, rate)
    stops = np.flatnonzero((rate[:-1] > 0) & (rate[1:] == 0)) + 1
    start = int(stops[stops >= 7_200][0])
    span = (start, min(start + int(source.randint(1_800, 5_400)), SECONDS - 60))
    position = end.copy()
    position[span[0] : span[1]] = end[start] - 1
    pace = _fast(source)
    times = fixed(source, pace)
    return Simulated(end, committed(np.maximum.accumulate(position), times), times, pace, (span,))


KINDS: Mapping[str, Kind] = {
    "fixed": _healthy(fixed),
    "beat": _beat,
    "uneven": _healthy(uneven),
    "lognormal": _healthy(lognormal),
    "batches": _healthy(uneven, batches=True),
    "connect_by_size": _connect,
    "memberless": _healthy(with_failures, states=WITHOUT_MEMBERS),
    "memberless_uneven": _healthy(uneven, states=WITHOUT_MEMBERS),
    "delayed_steady": _delayed(steady),
    "delayed_wave": _delayed(wave),
    "delayed_steps": _delayed(steps),
    "transactions": _transactions(_resting_at),
    "transactions_1_or_2": _transactions(lambda _: [1, 1, 2]),
    "deploys": _deploys("Empty"),
    "rebalances": _deploys("PreparingRebalance"),
    "bursts": _bursts,
    "fixed_stalled": _stalled(fixed, _slow),
    "uneven_stalled": _stalled(uneven, _slow),
    "batches_stalled": _stalled(uneven, _slow, batches=True),
    "delayed_stalled": _stalled(fixed, _fast, delayed=True),
    "lognormal_stopped": _stopped(lognormal, _slow),
    "memberless_stopped": _stopped(with_failures, _slow, members=False),
    "fast_stalled": _stalled(fixed, _fast),
    "fast_stopped": _stopped(fixed, _fast),
    "fast_behind": _behind(fixed, _fast),
    "slow_behind": _behind(uneven, _slow),
    "transactions_stalled": _transactions(_resting_at, lambda source: (_incident(source),)),
    "stuck_on_last_record": _last_record,
    "deploy_then_stuck": _deploy_then_stuck,
    "crash_loop": _crash_loop,
}
