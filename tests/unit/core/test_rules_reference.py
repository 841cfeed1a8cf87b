"""The rules as array algebra give what Burrow's evaluator, written out step by step, gives."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from exporter.core.model import Status
from tests.support.one_partition import Entry, burrow_verdict


def evaluated(window: Sequence[Entry], ends: Sequence[int], current_lag: int, now: int, allowed_lag: int) -> Status:
    """Burrow's ``core/internal/evaluator/caching.go``, in its order; times in ms."""
    offsets = [offset for offset, _, _ in window]
    lags = [lag for _, _, lag in window if lag is not None]
    first, last = window[0], window[-1]
    if current_lag <= allowed_lag:
        return Status.OK
    if now - last[1] > last[1] - first[1] and not any(end <= last[0] for end in ends):
        return Status.STOP
    for place in range(1, len(offsets)):
        if offsets[place] < offsets[place - 1]:
            if not any(offset >= offsets[place - 1] for offset in offsets[place:]):
                return Status.REWIND
            break
    if all(lag > allowed_lag for lag in lags):
        if all(offset == offsets[0] for offset in offsets):
            return Status.STALL
        if not any(lag < before for before, lag in pairwise(lags)):
            return Status.WARN
    return Status.OK


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    time, made = 0, []
    for _ in range(draw(st.integers(1, 8))):
        time += draw(st.integers(0, 3)) * 1000
        made.append((draw(st.integers(0, 6)), time, draw(st.none() | st.integers(0, 4))))
    return made


@examples(deadline=None, max_examples=500)
@given(
    window=entries(),
    spare=st.integers(0, 3),
    ends=st.lists(st.integers(0, 12), min_size=1, max_size=8),
    current_lag=st.integers(0, 5),
    silence=st.integers(0, 20),
    allowed_lag=st.integers(0, 2),
    minimum_complete=st.sampled_from([0.0, 0.0, 0.5, 1.0]),
)
def test_columns_are_judged_as_burrow_judges_one_partition(
    *,
    window: list[Entry],
    spare: int,
    ends: list[int],
    current_lag: int,
    silence: int,
    allowed_lag: int,
    minimum_complete: float,
) -> None:
    intervals = len(window) + spare
    now = window[-1][1] + silence * 1000
    complete = len(window) / intervals
    expected = (
        Status.OK if complete < minimum_complete else evaluated(window, ends[:intervals], current_lag, now, allowed_lag)
    )

    found = burrow_verdict(
        window,
        ends[:intervals],
        intervals=intervals,
        current_lag=current_lag,
        now=now,
        allowed_lag=allowed_lag,
        minimum_complete=minimum_complete,
    )

    assert found == (expected, complete)
