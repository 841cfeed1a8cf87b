"""What holds of the core whatever is observed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import History, capacity, empty
from exporter.core.model import Observation, Status
from exporter.core.report import Report
from exporter.recording import verdict
from tests.support.observations import SETTINGS, observations, shifted


def reports(run: Sequence[Observation], settings: EvaluationSettings) -> list[Report]:
    history, found = empty(settings), []
    for seen in run:
        history, report = advance(history, seen, settings)
        found.append(report)
    return found


def histories(run: Sequence[Observation], settings: EvaluationSettings) -> list[History]:
    return [each.history for each in reports(run, settings)]


@examples(max_examples=60, deadline=None)
@given(run=observations(), settings=SETTINGS)
def test_a_partition_without_lag_is_ok(run: list[Observation], settings: EvaluationSettings) -> None:
    for each in reports(run, settings):
        columns = each.columns
        assert (columns.verdicts.status[columns.snapshot.readable & (columns.snapshot.lag == 0)] == Status.OK).all()


@examples(max_examples=60, deadline=None)
@given(run=observations(), settings=SETTINGS, milliseconds=st.sampled_from([1, -1, 777, 86_400_000, -(10**12)]))
def test_shifting_all_clocks_changes_nothing(
    run: list[Observation], settings: EvaluationSettings, milliseconds: int
) -> None:
    def said(these: list[Observation]) -> list[object]:
        return [
            [verdict(each, group) | {"at": 0} for group in each.groups.values()] for each in reports(these, settings)
        ]

    assert said(shifted(run, milliseconds)) == said(run)


@examples(max_examples=60, deadline=None)
@given(run=observations(own_times=False), settings=SETTINGS)
def test_who_is_caught_up_is_not_silent_and_nobody_is_silent_for_longer_than_was_watched(
    run: list[Observation], settings: EvaluationSettings
) -> None:
    for each in reports(run, settings):
        now, silence = each.columns.snapshot, each.columns.verdicts.silence
        assert (silence[now.readable & (now.lag <= settings.allowed_lag)] == 0).all()
        assert (silence >= 0).all()
        assert (silence <= (each.at - run[0].at) / 1000).all()


@examples(max_examples=60, deadline=None)
@given(run=observations(own_times=False), settings=SETTINGS)
def test_no_silence_is_bad_that_is_shorter_than_the_window_and_the_patience(
    run: list[Observation], settings: EvaluationSettings
) -> None:
    least = min(settings.window, settings.patience)
    for each in reports(run, settings):
        verdicts = each.columns.verdicts
        judged = each.columns.history.commits.windows.count > 0
        assert (verdicts.tolerated[judged] >= least).all()
        assert (verdicts.tolerated[judged & (verdicts.silences > 0)] >= settings.window).all()
        silent = np.isin(verdicts.status, (Status.STOP, Status.STALL))
        assert (verdicts.silence[silent] >= least).all()


@examples(max_examples=60, deadline=None)
@given(run=observations(), settings=SETTINGS)
def test_windows_stay_within_their_capacity_and_in_order_of_time(
    run: list[Observation], settings: EvaluationSettings
) -> None:
    for history in histories(run, settings):
        for windows in (history.ends, history.commits.windows):
            assert windows.capacity == capacity(settings)
            assert (windows.count <= windows.capacity).all()
            assert (windows.count >= 0).all()
            both = windows.filled()[:, 1:] & windows.filled()[:, :-1]
            assert (np.diff(windows.time, axis=1)[both] >= 0).all()


@examples(max_examples=60, deadline=None)
@given(run=observations(own_times=False), settings=SETTINGS)
def test_entries_are_at_least_the_minimum_distance_apart(run: list[Observation], settings: EvaluationSettings) -> None:
    for history in histories(run, settings):
        for windows in (history.ends, history.commits.windows):
            both = windows.filled()[:, 1:] & windows.filled()[:, :-1]
            assert (np.diff(windows.time, axis=1)[both] >= settings.min_distance * 1000).all()


@examples(max_examples=60, deadline=None)
@given(run=observations(), settings=SETTINGS)
def test_a_group_is_as_bad_as_its_worst_partition_capped_at_err(
    run: list[Observation], settings: EvaluationSettings
) -> None:
    for each in reports(run, settings):
        for group in each.groups.values():
            said = verdict(each, group)
            worst = max((Status[partition["status"]] for partition in said["partitions"]), default=Status.NOTFOUND)
            assert group.status == min(worst.known(group.unreadable), Status.ERR)


@examples(max_examples=60, deadline=None)
@given(run=observations(), settings=SETTINGS)
def test_the_total_lag_is_the_sum_of_lags_that_are_never_negative(
    run: list[Observation], settings: EvaluationSettings
) -> None:
    for each in reports(run, settings):
        for group in each.groups.values():
            lags = [partition["current_lag"] for partition in verdict(each, group)["partitions"]]
            assert all(lag >= 0 for lag in lags)
            assert group.total_lag == sum(lags)
            assert group.max_lag == max(lags, default=0)
            assert group.partitions == len(lags)


@examples(max_examples=60, deadline=None)
@given(run=observations(), settings=SETTINGS)
def test_completeness_is_a_share(run: list[Observation], settings: EvaluationSettings) -> None:
    for each in reports(run, settings):
        assert ((each.columns.verdicts.complete >= 0) & (each.columns.verdicts.complete <= 1)).all()
        assert all(0 <= group.complete <= 1 for group in each.groups.values())


@examples(max_examples=60, deadline=None)
@given(run=observations(), settings=SETTINGS)
def test_there_are_rows_of_what_is_there_and_of_nothing_else(
    run: list[Observation], settings: EvaluationSettings
) -> None:
    for seen, each in zip(run, reports(run, settings), strict=True):
        assert set(each.history.topics.keys) == set(seen.end_offsets)
        assert {name for name, _ in each.history.group_topics.keys} <= set(seen.groups) | seen.unread_groups
        assert {topic for _, topic in each.history.group_topics.keys} <= set(seen.end_offsets)
        assert set(each.groups) == set(seen.groups)


@examples(max_examples=60, deadline=None)
@given(run=observations(), settings=SETTINGS)
def test_a_group_that_could_not_be_read_keeps_its_windows_while_its_topics_last(
    run: list[Observation], settings: EvaluationSettings
) -> None:
    found = histories(run, settings)
    for before, seen, after in zip(found, run[1:], found[1:], strict=False):
        for name, topic in before.group_topics.keys:
            old, new = before.group_topics.block((name, topic)), after.group_topics.block((name, topic))
            made_anew = before.topic_ids.get(topic) != after.topic_ids.get(topic)
            if name not in seen.unread_groups or topic not in seen.end_offsets or made_anew:
                continue
            assert old is not None
            assert new is not None
            rows = min(old.stop - old.start, new.stop - new.start)
            for column in ("offset", "time", "count"):
                of_old, of_new = (getattr(each.commits.windows, column) for each in (before, after))
                assert np.array_equal(of_old[old][:rows], of_new[new][:rows])


@examples(max_examples=60, deadline=None)
@given(run=observations(), settings=SETTINGS)
def test_folding_leaves_the_history_before_as_it_was(run: list[Observation], settings: EvaluationSettings) -> None:
    history = empty(settings)
    for seen in run:
        before = _copies(history)
        after, _ = advance(history, seen, settings)
        assert all(np.array_equal(now, then) for now, then in zip(_arrays(history), before, strict=True))
        history = after


def _arrays(history: History) -> list[np.ndarray]:
    windows = history.commits.windows
    return [
        *(history.ends.offset, history.ends.time, history.ends.count, history.end_row),
        *(windows.offset, windows.time, windows.count),
        *(history.commits.lag, history.commits.own_times, history.commits.last_time),
        *history.timeline.columns,
    ]


def _copies(history: History) -> list[np.ndarray]:
    return [array.copy() for array in _arrays(history)]
