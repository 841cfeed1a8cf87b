"""Lag in seconds: within the retained observations around it, never negative, never a guess beyond them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.core.model import NOT_READ
from exporter.core.timeline import GROWTH, RETENTION_MS, Timeline, extend, lag_in_seconds, thinned

DAY = 86_400_000


def watched(looks: Sequence[tuple[int, int]], min_distance: float = 0.0) -> Timeline:
    """What is retained of one partition after looks of (time in ms, end offset)."""
    timeline = Timeline()
    for at, end in looks:
        timeline = extend(timeline, np.array([end]), at=at, min_distance=min_distance)
    return timeline


def age(timeline: Timeline, committed: int, end: int, at: int) -> tuple[float, bool]:
    """How many seconds the commit is behind, and whether that is only a lower bound."""
    seconds, bound = lag_in_seconds(
        timeline,
        np.array([0]),
        committed=np.array([committed]),
        end=np.array([end]),
        lag=np.array([max(end - committed, 0)]),
        at=at,
    )
    return float(seconds[0]), bool(bound[0])


def test_a_commit_between_two_observations_is_placed_by_its_offset() -> None:
    timeline = watched([(0, 100), (10_000, 200)])
    assert age(timeline, 150, 300, 30_000) == (25.0, False)
    assert age(timeline, 100, 300, 30_000) == (30.0, False)
    assert age(timeline, 250, 300, 30_000) == (10.0, False)


def test_what_is_caught_up_is_not_behind() -> None:
    assert age(watched([(0, 100), (10_000, 200)]), 300, 300, 30_000) == (0.0, False)


def test_a_commit_older_than_all_that_is_retained_is_at_least_as_old_as_that() -> None:
    assert age(watched([(0, 100), (10_000, 200)]), 50, 300, 30_000) == (30.0, True)
    assert age(Timeline(), 50, 300, 30_000) == (0.0, True)


def test_time_without_records_counts_from_when_the_next_one_came() -> None:
    quiet = watched([(0, 100), (10_000, 100), (20_000, 100), (30_000, 100), (40_000, 105)])
    # The record at 100 came after 30 s: between then and 40 s.
    assert age(quiet, 100, 105, 50_000) == (20.0, False)


def test_an_observation_that_could_not_be_read_is_passed_over() -> None:
    timeline = watched([(0, 100), (10_000, NOT_READ), (20_000, 300)])
    assert age(timeline, 200, 400, 30_000) == (20.0, False)
    assert age(watched([(0, NOT_READ), (10_000, NOT_READ)]), 5, 10, 30_000) == (0.0, True)


def test_observations_closer_than_the_distance_are_not_retained() -> None:
    assert watched([(0, 1), (10_000, 2), (26_999, 3), (27_000, 4)], min_distance=27).times == (0, 27_000)


def test_a_day_is_retained_in_about_eighty_observations() -> None:
    timeline = Timeline()
    for at in range(0, 2 * DAY, 30_000):
        timeline = extend(timeline, np.array([at]), at=at, min_distance=27)
    assert 0.9 * DAY < timeline.times[-1] - timeline.times[0] <= DAY
    assert 70 < len(timeline.times) < 90


STEPS = st.lists(st.sampled_from([1_000, 5_000, 27_000, 30_000, 31_500, 60_000, 600_000]), min_size=1, max_size=300)


@given(STEPS)
def test_spacing_grows_with_age_and_no_faster_than_it_says(steps: list[int]) -> None:
    times: tuple[int, ...] = (0,)
    observed = [0]
    for step in steps:
        observed.append(observed[-1] + step)
        grown = (*times, observed[-1])
        times = tuple(grown[position] for position in thinned(grown))
    now = observed[-1]
    assert times[-1] == now
    assert set(times) <= set(observed)
    assert all(now - time <= RETENTION_MS for time in times)
    for older, newer in pairwise(times):
        dropped = [time for time in observed if older < time < newer]
        assert not dropped or newer - older <= GROWTH * (now - newer)


@st.composite
def streams(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Looks at an end offset that grows in bursts and pauses."""
    at, end, looks = 0, draw(st.integers(0, 1000)), []
    for step in draw(STEPS):
        at += step
        end += draw(st.sampled_from([0, 0, 1, 10, 1000, 10**9]))
        looks.append((at, end))
    return looks


@given(streams(), st.data())
def test_the_estimate_lies_between_the_retained_observations_around_it(
    looks: list[tuple[int, int]], data: st.DataObject
) -> None:
    (now, end), timeline = looks[-1], watched(looks[:-1])
    committed = data.draw(st.integers(0, end))
    seconds, bound = age(timeline, committed, end, now)
    assert seconds >= 0
    if committed == end:
        assert (seconds, bound) == (0.0, False)
        return
    retained = [*zip(timeline.times, (int(column[0]) for column in timeline.columns), strict=True), (now, end)]
    not_past = [time for time, seen in retained if seen <= committed]
    if not not_past:
        assert bound
        assert seconds == pytest.approx((now - retained[0][0]) / 1000)
        return
    before = max(not_past)
    after = min(time for time, seen in retained if seen > committed)
    assert not bound
    # Streams only grow, so the two are neighbours; and the moment lies between them whatever the stream did.
    assert (now - after) / 1000 <= seconds + 1e-9
    assert seconds - 1e-9 <= (now - before) / 1000


@given(streams(), st.data())
def test_a_later_commit_is_never_longer_behind(looks: list[tuple[int, int]], data: st.DataObject) -> None:
    (now, end), timeline = looks[-1], watched(looks[:-1])
    first = data.draw(st.integers(0, end))
    second = data.draw(st.integers(first, end))
    assert age(timeline, second, end, now)[0] <= age(timeline, first, end, now)[0] + 1e-9


@given(streams(), st.data())
def test_the_error_is_at_most_an_interval_or_an_eighth(looks: list[tuple[int, int]], data: st.DataObject) -> None:
    (now, end), timeline = looks[-1], watched(looks[:-1])
    committed = data.draw(st.integers(0, end - 1)) if end else 0
    seconds, bound = age(timeline, committed, end, now)
    if bound or committed >= end:
        return
    # When the end offset really passed the commit is known to within two neighbouring looks.
    latest_before = max(at for at, seen in looks if seen <= committed)
    first_after = min(at for at, seen in looks if seen > committed)
    interval = (first_after - latest_before) / 1000
    nearest = min(abs(seconds - (now - latest_before) / 1000), abs(seconds - (now - first_after) / 1000))
    inside = (now - first_after) / 1000 <= seconds <= (now - latest_before) / 1000
    assert inside or nearest <= max(interval, GROWTH * (now - first_after) / 1000) + 1e-6


def test_rows_follow_their_partitions() -> None:
    timeline = extend(Timeline(), np.array([10, 20, 30]), at=0, min_distance=0)
    taken = timeline.take(np.array([2, -1, 0]))
    assert [column.tolist() for column in taken.columns] == [[30, NOT_READ, 10]]
