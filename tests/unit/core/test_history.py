"""What is recorded of an observation."""

from typing import Any

import pytest

from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import capacity
from exporter.core.model import NO_OFFSET, NOT_READ, Members
from tests.support.observations import START, column, folded, group, members, observation, window

EVERY = EvaluationSettings(min_distance=0)
"""Retain every observation."""


def test_a_commit_is_recorded_when_the_offset_moved_though_nobody_is_alive() -> None:
    seen = [
        observation(at, {"g": group({"t": [offset]}, state="Empty")}, {"t": [100]})
        for at, offset in [(0, 10), (30, 10), (60, 20), (90, 20)]
    ]

    assert [(offset, at) for offset, at, _ in window(folded(seen))] == [(10, 0), (20, 60)]


@pytest.mark.parametrize(
    "members_of_g",
    [members({"t": [0]}), members({}), None, Members(1, None)],
    ids=["assigned", "not", "?", "unreadable"],
)
def test_no_commit_is_presumed_of_a_member_that_is_seen(members_of_g: Members | None) -> None:
    # Whether it committed the same offset again nobody knows, and it would say nothing about its progress.
    seen = [observation(at, {"g": group({"t": [10]}, members=members_of_g)}, {"t": [100]}) for at in (0, 30, 60)]

    assert [(offset, at) for offset, at, _ in window(folded(seen))] == [(10, 0)]


def test_the_lag_of_a_commit_is_measured_against_the_end_offset_of_30_s_earlier() -> None:
    seen = [
        observation(at, {"g": group({"t": [committed]})}, {"t": [end]})
        for at, committed, end in [(0, 10, 100), (30, 90, 200), (60, 250, 300)]
    ]

    # Not known at first; 100 - 90; 200 - 250 is no lag.
    assert [lag for _, _, lag in window(folded(seen))] == [-1, 10, 0]


def test_observations_closer_than_the_minimum_distance_do_not_extend_the_window() -> None:
    settings = EvaluationSettings(min_distance=27)
    seen = [observation(at, {"g": group({"t": [at]})}, {"t": [1000 + at]}) for at in (0, 10, 20, 30, 40)]

    history = folded(seen, settings)

    # Those of 10 s and 20 s took the place of that of 0 s and kept its time.
    assert [(offset, at) for offset, at, _ in window(history)] == [(20, 0), (40, 30)]
    assert history.ends.offset[0, -2:].tolist() == [1000, 1030]


def test_a_commit_that_replaces_another_is_measured_against_the_end_offset_of_30_s_before_itself() -> None:
    seen = [
        observation(at, {"g": group({"t": [committed]})}, {"t": [end]})
        for at, committed, end in [(0, 0, 100), (30, 50, 190), (40, 60, 240)]
    ]

    # At 10 s, the end offset was a third of the way from 100 to 190.
    assert [lag for _, _, lag in window(folded(seen))] == [-1, 130 - 60]


def test_a_missed_scrape_does_not_change_what_a_lag_is_measured_against() -> None:
    def lags(*seconds: int) -> list[int]:
        seen = [observation(at, {"g": group({"t": [at]})}, {"t": [100 + 2 * at]}) for at in seconds]
        return [lag for _, _, lag in window(folded(seen))]

    # At each commit at `at` the end offset of 30 s earlier was 40 + 2 * at.
    assert lags(0, 30, 60, 90) == [-1, 70, 100, 130]
    assert lags(0, 30, 90) == [-1, 70, 130]


def test_the_lag_of_a_commit_is_no_more_than_the_lag_now() -> None:
    def lag(**more: Any) -> int:
        seen = [observation(at, {"g": group({"t": [20 + at]})}, {"t": [100]}, **more) for at in (0, 30)]
        return window(folded(seen))[-1][2]

    readers = frozenset({"g"})
    assert lag() == 50
    assert lag(stable_offsets={"t": column([60])}, committed_readers=readers) == 10
    assert lag(stable_offsets={"t": column([NOT_READ])}, committed_readers=readers) == 50
    assert lag(start_offsets={"t": column([80])}) == 20


def test_a_commit_with_a_time_of_its_own_is_recorded_once_at_that_time() -> None:
    seen = [observation(at, {"g": group({"t": [10]}, times={"t": [START - 4000]})}, {"t": [100]}) for at in (0, 30, 60)]

    assert window(folded(seen)) == [(10, -4.0, -1)]


def test_a_commit_half_a_second_after_the_one_before_replaces_it_and_keeps_its_time() -> None:
    # Burrow's storage, tests 5 and TestMinDistance: minimum distance 1 s, a full window.
    settings = EvaluationSettings(min_distance=1, intervals=5, window=2)
    committed = [(1000, 100_000), (2000, 200_000), (3000, 300_000), (4000, 400_000), (5000, 500_000), (6000, 500_001)]
    seen = [
        observation(at, {"g": group({"t": [offset]}, times={"t": [START + time]})}, {"t": [10_000]})
        for at, (offset, time) in enumerate(committed, start=1)
    ]
    seen = [observation(0, {"g": group({"t": [NO_OFFSET]})}, {"t": [10_000]}), *seen]

    assert window(folded(seen, settings)) == [
        (1000, 100, 9000),
        (2000, 200, 8000),
        (3000, 300, 7000),
        (4000, 400, 6000),
        (6000, 500, 4000),
    ]


def test_a_commit_that_could_not_be_read_leaves_the_window_as_it_is() -> None:
    seen = [observation(at, {"g": group({"t": [c]})}, {"t": [100]}) for at, c in [(0, 10), (30, NOT_READ)]]

    assert [(offset, at) for offset, at, _ in window(folded(seen))] == [(10, 0)]


def test_a_commit_that_was_removed_empties_the_window() -> None:
    seen = [observation(at, {"g": group({"t": [c]})}, {"t": [100]}) for at, c in [(0, 10), (30, NO_OFFSET)]]

    assert window(folded(seen)) == []


def test_a_commit_after_a_removed_one_begins_a_window_of_its_own() -> None:
    seen = [observation(at, {"g": group({"t": [c]})}, {"t": [100]}) for at, c in [(0, 50), (30, NO_OFFSET), (60, 10)]]

    assert [(offset, at) for offset, at, _ in window(folded(seen))] == [(10, 60)]


def test_an_end_offset_that_could_not_be_read_is_not_retained() -> None:
    seen = [
        observation(at, {"g": group({"t": [10 + at]})}, {"t": [end]})
        for at, end in [(0, 100), (30, NOT_READ), (60, 150)]
    ]

    history = folded(seen)

    assert int(history.ends.count[0]) == 2
    assert history.ends.offset[0, -2:].tolist() == [100, 150]
    # Half way from 0 s to 60 s the end offset was 125.
    assert [lag for _, _, lag in window(history)] == [-1, 100 - 40, 125 - 70]


def test_a_group_that_could_not_be_read_keeps_its_windows() -> None:
    with_commit = observation(0, {"g": group({"t": [10]})}, {"t": [100]})
    unread = observation(30, {}, {"t": [110]}, unread_groups=frozenset({"g"}))

    assert [(offset, at) for offset, at, _ in window(folded([with_commit, unread]))] == [(10, 0)]


def test_a_group_that_is_gone_loses_its_windows() -> None:
    with_commit = observation(0, {"g": group({"t": [10]}), "h": group({"t": [20]})}, {"t": [100]})
    gone = observation(30, {"h": group({"t": [21]})}, {"t": [110]})

    history = folded([with_commit, gone])

    assert history.group_topics.keys == (("h", "t"),)
    assert [offset for offset, _, _ in window(history)] == [20, 21]


def test_a_topic_that_is_gone_loses_its_windows() -> None:
    both = observation(0, {"g": group({"t": [10], "u": [20]})}, {"t": [100], "u": [100]})
    one = observation(30, {"g": group({"t": [10], "u": [21]})}, {"u": [100]})

    history = folded([both, one])

    assert history.topics.keys == ("u",)
    assert history.group_topics.keys == (("g", "u"),)
    assert [offset for offset, _, _ in window(history)] == [20, 21]


def test_partitions_that_are_added_begin_empty_and_the_others_keep_their_windows() -> None:
    one = observation(0, {"g": group({"t": [10]})}, {"t": [100]})
    three = observation(30, {"g": group({"t": [11, 5, NO_OFFSET]})}, {"t": [100, 50, 50]})

    history = folded([one, three])

    assert [[offset for offset, _, _ in window(history, row)] for row in range(3)] == [[10, 11], [5], []]


def test_a_topic_that_comes_back_smaller_has_fewer_rows() -> None:
    three = observation(0, {"g": group({"t": [10, 20, 30]})}, {"t": [100, 100, 100]})
    one = observation(30, {"g": group({"t": [10, 20, 30]})}, {"t": [7]})

    history = folded([three, one])

    assert history.group_topics.rows == history.topics.rows == 1


def test_a_topic_with_another_id_is_another_topic() -> None:
    before = observation(0, {"g": group({"t": [90]})}, {"t": [100]}, topic_ids={"t": "first"})
    after = observation(30, {"g": group({"t": [2]})}, {"t": [5]}, topic_ids={"t": "second"})

    assert window(folded([before, after])) == [(2, 30, -1)]


def test_a_topic_whose_id_is_told_for_the_first_time_is_the_same_topic() -> None:
    before = observation(0, {"g": group({"t": [90]})}, {"t": [100]})
    after = observation(30, {"g": group({"t": [95]})}, {"t": [105]}, topic_ids={"t": "first"})

    assert [offset for offset, _, _ in window(folded([before, after]))] == [90, 95]


def test_a_window_holds_as_many_entries_as_its_time_can_need_within_bounds() -> None:
    assert (
        capacity(EvaluationSettings()) == 13
    )  # ⌈2.5 · 120 / 27⌉ + 1: falling behind is judged over so much of a burst
    assert capacity(EvaluationSettings(intervals=20)) == 20
    assert capacity(EvaluationSettings(intervals=1, min_distance=0)) == 12
    assert capacity(EvaluationSettings(window=600)) == 57  # ⌈2.5 · 600 / 27⌉ + 1
    assert capacity(EvaluationSettings(window=86_400)) == 128
