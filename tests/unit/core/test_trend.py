"""When a group will have caught up, going by how its lag has moved over the window."""

from __future__ import annotations

import math

from exporter.core.evaluation import EvaluationSettings
from exporter.core.model import NOT_READ, Observation
from exporter.core.trend import Trend, catch_up_seconds, follow
from tests.support.observations import group, observation, reported

SETTINGS = EvaluationSettings(window=150, min_distance=27)


def trend_of(*lags: int) -> Trend:
    trend: Trend = ()
    for number, lag in enumerate(lags):
        trend = follow(trend, number * 30_000, {"g": lag}, SETTINGS)
    return trend


def test_a_lag_that_shrinks_is_gone_in_time() -> None:
    assert catch_up_seconds(trend_of(1200, 1050, 900), "g", 900, 60_000) == 180.0


def test_a_lag_that_does_not_shrink_is_never_gone() -> None:
    assert catch_up_seconds(trend_of(900, 900), "g", 900, 30_000) == math.inf
    assert catch_up_seconds(trend_of(900, 1000), "g", 1000, 30_000) == math.inf


def test_no_lag_is_no_wait_and_one_look_says_nothing() -> None:
    assert catch_up_seconds((), "g", 0, 0) == 0.0
    assert catch_up_seconds(trend_of(900), "g", 900, 0) is None
    assert catch_up_seconds(trend_of(900, 800), "other", 5, 30_000) is None


def test_only_the_window_is_looked_back_on() -> None:
    trend = trend_of(*range(1000, 0, -10))
    assert trend[-1][0] - trend[0][0] == 150_000


def test_looks_too_close_to_each_other_do_not_count() -> None:
    trend = follow(trend_of(1000), 26_000, {"g": 1}, SETTINGS)
    assert trend == trend_of(1000)


def test_the_report_sums_over_a_groups_partitions() -> None:
    looks = [
        observation(30 * step, {"g": group({"t": [100 * step, 50 * step], "u": [5]})}, {"t": [1000, 1000], "u": [5]})
        for step in range(4)
    ]
    found = reported(looks, SETTINGS).groups["g"]
    assert found.total_lag == 700 + 850
    assert found.catch_up_seconds == 1550 / 5.0


def test_a_group_that_comes_back_is_not_measured_against_its_former_life() -> None:
    def seen(at: float, committed: int | None, id_: str = "1") -> Observation:
        groups = {} if committed is None else {"g": group({"t": [committed]})}
        return observation(at, groups, {"t": [1000]}, topic_ids={"t": id_})

    deleted = [seen(0, 100), seen(30, None), seen(60, 900)]
    assert reported(deleted, SETTINGS).groups["g"].catch_up_seconds is None
    made_anew = [seen(0, 100), seen(30, 900, id_="2")]
    assert reported(made_anew, SETTINGS).groups["g"].catch_up_seconds is None
    stayed = [seen(0, 100), seen(30, 900)]
    assert reported(stayed, SETTINGS).groups["g"].catch_up_seconds == 100 * 30 / 800


def test_a_total_over_other_partitions_than_before_is_nothing_to_compare_with() -> None:
    def seen(at: float, *ends: int, **others: int) -> Observation:
        commits = group({"t": [0, 0], **{topic: [0] for topic in others}})
        return observation(at, {"g": commits}, {"t": ends, **{topic: [end] for topic, end in others.items()}})

    def catch_up(*looks: Observation) -> float | None:
        return reported(looks, SETTINGS).groups["g"].catch_up_seconds

    whole, in_part = seen(0, 500, 500), seen(30, 530, NOT_READ)
    assert catch_up(whole, in_part) is None
    assert catch_up(whole, in_part, seen(60, 560, NOT_READ)) == math.inf
    assert catch_up(whole, in_part, seen(60, 560, 560)) is None
    assert catch_up(seen(0, 500, 500, u=9000), seen(30, 530, 530)) is None
