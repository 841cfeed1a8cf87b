"""The settings of each row of commits."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings, Override
from exporter.core.history import capacity, empty
from exporter.core.layout import Layout
from exporter.core.row_settings import row_settings
from tests.support.observations import group, observation

LAYOUT = Layout.of([(("a", "t"), 2), (("a", "u"), 1), (("b", "t"), 0), (("c", "t"), 1)])
SLOW = Override(re.compile("a"), topics=re.compile("t"), window=600.0)
SLOWER = EvaluationSettings(window=600.0, min_distance=20.0)
UNJUDGED = Override(re.compile("c"), evaluate=False)


def test_without_overrides_every_setting_is_a_number() -> None:
    settings = EvaluationSettings(window=60.0, allowed_lag=3)
    rows = row_settings(settings, LAYOUT)
    assert (rows.window, rows.allowed_lag, rows.evaluate) == (60.0, 3, True)


def test_only_a_setting_that_differs_is_a_column() -> None:
    rows = row_settings(EvaluationSettings(window=60.0, overrides=(SLOW, UNJUDGED)), LAYOUT)
    assert isinstance(rows.window, np.ndarray)
    assert rows.window.tolist() == [600.0, 600.0, 60.0, 60.0]
    assert isinstance(rows.evaluate, np.ndarray)
    assert rows.evaluate.tolist() == [True, True, True, False]
    assert rows.patience == 3600.0


def test_overrides_that_take_nothing_or_everything_leave_numbers() -> None:
    nothing = row_settings(EvaluationSettings(overrides=(Override(re.compile("x"), window=600.0),)), LAYOUT)
    everything = row_settings(EvaluationSettings(overrides=(Override(re.compile(""), window=600.0),)), LAYOUT)
    assert (nothing.window, everything.window) == (120.0, 600.0)


def test_they_are_found_once_for_a_layout() -> None:
    settings = EvaluationSettings(overrides=(SLOW,))
    ends = {"t": [10], "u": [10]}
    seen = [observation(30 * number, {"a": group({"t": [number]})}, ends) for number in range(3)]
    history, _ = advance(empty(settings), seen[0], settings)
    after, _ = advance(history, seen[1], settings)
    assert after.row_settings is history.row_settings
    changed, _ = advance(after, seen[2], replace(settings, window=60.0))
    assert changed.row_settings is not after.row_settings
    another, _ = advance(after, observation(60, {"a": group({"u": [1]})}, ends), settings)
    assert another.row_settings is not after.row_settings


def test_all_windows_hold_as_many_commits_as_any_settings_need() -> None:
    alone = EvaluationSettings(window=120.0, min_distance=10.0)
    assert capacity(replace(alone, overrides=(replace(SLOW, min_distance=20.0),))) == capacity(SLOWER) > capacity(alone)


def test_a_longer_window_alone_holds_as_many_commits_as_the_others() -> None:
    alone = EvaluationSettings(window=120.0, min_distance=10.0)
    assert SLOW.over(alone).min_distance == 50.0
    assert capacity(replace(alone, overrides=(SLOW,))) == capacity(alone)
    assert replace(SLOW, window=60.0).over(alone).min_distance == 10.0
