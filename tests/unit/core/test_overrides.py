"""Verdicts on some groups by other settings than the cluster's, reached by replay."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings, Override
from exporter.core.history import empty
from exporter.core.model import Members, Observation, Owner, Status
from exporter.core.report import Report
from exporter.core.rules import RULES, Rule
from tests.support.observations import group, members, observation, observations, statuses

STEP = 30
NAME_PARTS = ("plain", "g/h", "\ne", "ü", "nobody")
"""Parts of the names that made-up groups have."""

PLAIN = EvaluationSettings()


def every_step(of: Callable[[int], Observation], steps: int, settings: EvaluationSettings) -> list[Report]:
    """The reports on observations that are STEP seconds apart."""
    history, reports = empty(settings), []
    for number in range(steps):
        history, report = advance(history, of(number), settings)
        reports.append(report)
    return reports


def stuck_after_ten(number: int) -> Observation:
    """Groups a and b on topics t and u, which have kept up for five minutes and then stay where they are."""
    end = 1000 + 100 * number
    commits = {topic: [1000 + 100 * min(number, 10)] for topic in ("t", "u")}
    of_one = group(commits, protocol="consumer", members=members({"t": [0], "u": [0]}))
    return observation(STEP * number, {"a": of_one, "b": of_one}, {"t": [end], "u": [end]})


def first_bad(reports: Sequence[Report], name: str, topic: str = "t") -> int | None:
    """How many seconds after the first report a partition of the group was not OK."""
    bad = (number for number, report in enumerate(reports) if statuses(report, name, topic)[0] > Status.OK)
    return next((STEP * number for number in bad), None)


def overridden(**changed: float | bool) -> EvaluationSettings:
    return replace(PLAIN, overrides=(Override(re.compile("^b$"), **changed),))  # type: ignore[arg-type]


def rule_of(report: Report, name: str, topic: str) -> Rule:
    return RULES[report.columns.verdicts.rule[report.groups[name].topics[topic].start]]


def test_a_longer_window_gives_one_group_more_time_and_no_other() -> None:
    plain = every_step(stuck_after_ten, 60, PLAIN)
    reports = every_step(stuck_after_ten, 60, overridden(window=600.0))
    assert first_bad(plain, "a") == first_bad(plain, "b") == 420
    assert first_bad(reports, "a") == 420
    assert first_bad(reports, "b") == 900
    assert reports[-1].groups["b"].status is Status.ERR


def test_topics_limit_an_override_to_some_of_a_groups_partitions() -> None:
    settings = replace(PLAIN, overrides=(Override(re.compile("b"), topics=re.compile("u"), window=600.0),))
    reports = every_step(stuck_after_ten, 60, settings)
    assert (first_bad(reports, "b", "t"), first_bad(reports, "b", "u")) == (420, 900)
    assert reports[-1].overrides(reports[-1].groups["b"]) == {0: ["u"]}
    assert reports[-1].overrides(reports[-1].groups["a"]) == {}


def test_allowed_lag_and_minimum_complete_are_those_of_the_group() -> None:
    lagging = every_step(stuck_after_ten, 30, overridden(allowed_lag=10_000))
    assert (first_bad(lagging, "a"), first_bad(lagging, "b")) == (420, None)
    (partition,) = lagging[-1].partitions(lagging[-1].groups["b"], "t")
    assert (partition.reason().rule, partition.reason().allowed_lag) == (Rule.CAUGHT_UP, 10_000)

    def rewound(number: int) -> Observation:
        of_one = group({"t": [1000 + 100 * number if number < 2 else 5]})
        return observation(STEP * number, {"a": of_one, "b": of_one}, {"t": [2000]})

    early = every_step(rewound, 3, overridden(minimum_complete=1.0))
    assert (statuses(early[-1], "a"), statuses(early[-1], "b")) == ([Status.REWIND], [Status.OK])


def test_patience_is_that_of_the_group_while_its_rhythm_is_unknown() -> None:
    def never_moves(number: int) -> Observation:
        of_one = group({"t": [10]}, protocol="consumer", members=members({"t": [0]}))
        return observation(STEP * number, {"a": of_one, "b": of_one}, {"t": [100 + number]})

    reports = every_step(never_moves, 130, overridden(patience=600.0))
    assert first_bad(reports, "b") is not None
    assert 600 <= first_bad(reports, "b") <= 660  # type: ignore[operator]
    assert first_bad(reports, "a") >= 3600  # type: ignore[operator]


def test_min_distance_is_that_of_the_groups_commits() -> None:
    def keeps_up(number: int) -> Observation:
        of_one = group({"t": [100 * number]})
        return observation(STEP * number, {"a": of_one, "b": of_one}, {"t": [100 * number]})

    (*_, last) = every_step(keeps_up, 20, overridden(min_distance=60.0))
    windows, layout = last.history.commits.windows, last.history.group_topics
    for name, distance in (("a", 30), ("b", 60)):
        row = layout.block((name, "t")).start  # type: ignore[union-attr]
        times = windows.time[row, windows.capacity - int(windows.count[row]) :]
        # What is closer than min_distance to the newest replaces it, and keeps its time.
        assert set(np.diff(times).tolist()) == {distance * 1000}


def test_falling_behind_is_judged_over_the_groups_own_window() -> None:
    def falls_behind(number: int) -> Observation:
        commits = {"t": [1000 + (100 if number < 10 else 60) * number + (400 if number >= 10 else 0)]}
        of_one = group(commits, protocol="consumer", members=members({"t": [0]}))
        return observation(STEP * number, {"a": of_one, "b": of_one}, {"t": [1000 + 100 * number]})

    reports = every_step(falls_behind, 60, overridden(window=600.0))
    assert rule_of(reports[-1], "a", "t") is Rule.FALLING_BEHIND
    a, b = first_bad(reports, "a"), first_bad(reports, "b")
    assert a is not None
    assert b is not None
    assert b >= a + 300


def test_a_recordings_own_times_are_judged_by_the_groups_intervals() -> None:
    def timed(number: int) -> Observation:
        of_one = group({"t": [10]}, times={"t": [1_700_000_000_000 + STEP * 1000 * number]})
        return observation(STEP * number, {"a": of_one, "b": of_one}, {"t": [100 + number]})

    reports = every_step(timed, 4, overridden(intervals=2))
    complete = [[each.complete for each in reports[-1].partitions(reports[-1].groups[name])] for name in ("a", "b")]
    assert complete == [[0.4], [1.0]]


def test_what_is_not_evaluated_has_its_lag_and_no_status() -> None:
    last = every_step(stuck_after_ten, 30, overridden(evaluate=False))[-1]
    judged, unjudged = last.groups["a"], last.groups["b"]
    assert (judged.status, unjudged.status, unjudged.worst) == (Status.ERR, Status.NOTFOUND, Status.NOTFOUND)
    assert (unjudged.total_lag, unjudged.max_lag, unjudged.partitions) == (judged.total_lag, judged.max_lag, 2)
    assert unjudged.max_lag_seconds == judged.max_lag_seconds > 0
    assert statuses(last, "b") == [Status.NOTFOUND]
    assert rule_of(last, "b", "t") is Rule.NOT_EVALUATED
    assert [group.name for group in last.worst_first()] == ["a", "b"]
    # It is still among the consumers of its topics.
    assert [each.status for each in last.topics()["t"].consumers] == [Status.STALL, Status.NOTFOUND]
    assert last.topics()["t"].status is Status.STALL


def test_the_other_topics_of_a_group_are_judged_if_one_is_not() -> None:
    settings = replace(PLAIN, overrides=(Override(re.compile("b"), topics=re.compile("u"), evaluate=False),))
    last = every_step(stuck_after_ten, 30, settings)[-1]
    assert (statuses(last, "b", "t"), statuses(last, "b", "u")) == ([Status.STALL], [Status.NOTFOUND])
    assert last.groups["b"].status is Status.ERR
    assert last.statuses(last.groups["b"])[Status.NOTFOUND] == 1


@pytest.mark.parametrize(("changed", "status"), [({"patience": 600.0}, Status.STALL), ({"evaluate": False}, Status.OK)])
def test_what_was_never_committed_is_judged_by_the_groups_settings(changed: dict[str, float], status: Status) -> None:
    def assigned(number: int) -> Observation:
        owned = Members(1, {"t": {0: Owner("c", "h")}})
        of_one = group({}, protocol="consumer", members=owned)
        return observation(STEP * number, {"a": of_one, "b": of_one}, {"t": [1000 + number]})

    last = every_step(assigned, 40, overridden(**changed))[-1]
    assert len(last.groups["a"].uncommitted) == len(last.groups["b"].uncommitted) == 1
    assert last.groups["a"].worst is Status.NOTFOUND
    assert max(last.groups["b"].worst, Status.OK) is status


def test_overrides_that_take_nothing_change_no_verdict() -> None:
    none = every_step(stuck_after_ten, 30, replace(PLAIN, overrides=(Override(re.compile("x"), window=9.0),)))
    for one, other in zip(every_step(stuck_after_ten, 30, PLAIN), none, strict=True):
        assert one.columns.verdicts.rule.tolist() == other.columns.verdicts.rule.tolist()


@examples(deadline=None, max_examples=50)
@given(observations(), st.sampled_from(NAME_PARTS))
def test_a_group_is_judged_as_if_the_whole_cluster_had_its_settings(run: list[Observation], part: str) -> None:
    changed = {"patience": 60.0, "allowed_lag": 5, "intervals": 3, "minimum_complete": 0.5}
    own = EvaluationSettings(**changed)  # type: ignore[arg-type]
    some = replace(PLAIN, overrides=(Override(re.compile(re.escape(part)), **changed),))  # type: ignore[arg-type]
    for plain, all_own, mixed in zip(*(judged(run, settings) for settings in (PLAIN, own, some)), strict=True):
        for name, found in mixed.groups.items():
            expected = all_own if part in name else plain
            for topic, rows in found.topics.items():
                assert statuses(mixed, name, topic) == statuses(expected, name, topic)
                assert rules(mixed)[rows] == rules(expected)[rows]


def judged(run: Sequence[Observation], settings: EvaluationSettings) -> list[Report]:
    return every_step(run.__getitem__, len(run), settings)


def rules(report: Report) -> list[int]:
    numbers: list[int] = report.columns.verdicts.rule.tolist()
    return numbers


def test_columns_and_numbers_give_the_same_verdicts() -> None:
    """An override with the cluster's own values must not matter; one that only differs elsewhere makes columns."""
    same = replace(
        PLAIN,
        overrides=(
            Override(
                re.compile("^a$"), **{name: getattr(PLAIN, name) for name in ("window", "patience", "allowed_lag")}
            ),
            Override(re.compile("^b$"), window=60.0, patience=60.0, allowed_lag=1, min_distance=1.0, intervals=3),
        ),
    )
    for one, other in zip(every_step(stuck_after_ten, 40, PLAIN), every_step(stuck_after_ten, 40, same), strict=True):
        assert statuses(one, "a") == statuses(other, "a")
