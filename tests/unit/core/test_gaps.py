"""Time that nobody looked: no part of a window, and no reason to hear of a stop late."""

from __future__ import annotations

import numpy as np
import pytest

from exporter.core.gaps import gapless_clock
from exporter.core.model import Observation, Status
from exporter.wording import explanation
from tests.support.looks import judged, partition
from tests.support.observations import group, observation, statuses

WINDOW_MS = 120_000


def read(times: list[int]) -> list[int]:
    """What the clock reads (s) at each of these observations (s)."""
    at = [time * 1000 for time in times]
    clock = gapless_clock(at, WINDOW_MS)
    found: list[int] = (clock(np.array(at)) // 1000).tolist()
    return found


@pytest.mark.parametrize(
    ("times", "watched"),
    [
        pytest.param([0, 30, 60, 7260, 7290], [0, 30, 60, 60, 90], id="a gap"),
        pytest.param([0, 30, 830, 860, 1660, 1690], [0, 30, 30, 60, 60, 90], id="two gaps"),
        pytest.param([0, 30, 60, 180, 210], [0, 30, 60, 180, 210], id="no longer than the window: no gap"),
        pytest.param([0, 30, 60, 181, 211], [0, 30, 60, 60, 90], id="longer than the window"),
        pytest.param([0, 300, 600, 1500, 1800], [0, 300, 600, 1500, 1800], id="slow scrapes, two missed: no gap"),
        pytest.param([0, 300, 600, 2100, 2400], [0, 300, 600, 600, 900], id="slow scrapes, four missed"),
        pytest.param([0, 7200], [0, 7200], id="one distance tells of no pace"),
        pytest.param([0], [0], id="one observation"),
        pytest.param([], [], id="none"),
    ],
)
def test_the_clock_stands_still_while_nobody_looks(times: list[int], watched: list[int]) -> None:
    assert read(times) == watched


def test_what_thinning_leaves_out_was_watched() -> None:
    times = [0, 400, 800, *range(4000, 4301, 30)]
    # Seen from 4300 s, neighbours may be 450 s apart at 700 s of age, and more before.
    assert read(times)[:3] == [0, 400, 800]


def seen(at: int, committed: int, *, state: str = "Stable", end: int | None = None) -> Observation:
    commits = {"g": group({"t": [committed]}, state=state, protocol="consumer")}
    return observation(at, commits, {"t": [end if end is not None else at]})


@pytest.mark.parametrize("gap", [300, 600, 7200, 86_000])
@pytest.mark.parametrize("alive_after", [1, 3, 6])
def test_a_stop_after_a_gap_is_not_told_later_for_its_length(gap: int, alive_after: int) -> None:
    before = [seen(at, at - 5) for at in range(1000, 1301, 30)]
    alive = [seen(at, at - 5) for at in range(1300 + gap, 1300 + gap + 30 * alive_after, 30)]
    last = 1300 + gap + 30 * (alive_after - 1)
    stopped = [seen(at, last - 5, state="Empty") for at in range(last + 30, last + 271, 30)]

    found = judged([*before, *alive, *stopped])

    assert [statuses(each) for each in found[: -len(stopped)]] == [[Status.OK]] * (11 + alive_after)
    # As without a gap: once it has been silent for the window.
    delays = [30 * number for number, each in enumerate(found[-len(stopped) :], 1) if statuses(each) == [Status.STOP]]
    assert delays == list(range(120, 271, 30))


def test_the_reason_of_such_a_stop_counts_what_was_watched() -> None:
    before = [seen(at, at - 5) for at in range(0, 301, 30)]
    after = [seen(7500, 7495), *(seen(at, 7495, state="Empty") for at in range(7530, 7741, 30))]

    found = judged([*before, *after])[-1]

    why = partition(found).reason()
    assert (why.span, why.silence, why.since_commit) == (120.0, 240.0, 240.0)
    assert "has left records waiting at 7,495 for 4 min" in explanation(why)


def test_who_was_caught_up_before_a_gap_is_not_stopped_at_once_after_it() -> None:
    before = [seen(at, 1000, state="Empty", end=1000) for at in range(0, 301, 30)]
    after = [seen(at, 1000, state="Empty", end=1010) for at in range(7500, 7801, 30)]

    found = [statuses(each) for each in judged([*before, *after])[len(before) :]]

    # The records may have come at any time in the gap; they are seen to wait from its end on.
    assert found == [[Status.OK]] * 4 + [[Status.STOP]] * 7


def test_who_was_behind_before_a_gap_and_still_is_has_been_silent_for_as_long_as_was_watched() -> None:
    before = [seen(at, 900, state="Empty", end=1000) for at in range(0, 61, 30)]
    after = [seen(at, 900, state="Empty", end=1010) for at in range(7500, 7591, 30)]

    found = [statuses(each) for each in judged([*before, *after])[len(before) :]]

    assert found == [[Status.OK]] * 2 + [[Status.STOP]] * 2


def test_commits_that_bring_their_own_times_are_judged_as_by_burrow() -> None:
    def own(at: int, committed: int, made: int) -> Observation:
        commits = {"g": group({"t": [committed]}, times={"t": [1_700_000_000_000 + made * 1000]})}
        return observation(at, commits, {"t": [at + 100]})

    before = [own(at, at, at) for at in range(0, 301, 30)]
    after = [own(7500, 7500, 7500), *(own(at, 7500, 7500) for at in range(7530, 7800, 30))]

    # Its ten newest commits span two hours, and it has not been silent for longer.
    assert statuses(judged([*before, *after])[-1]) == [Status.OK]
