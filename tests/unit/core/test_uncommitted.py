"""Partitions that are assigned to a live member, but on which the group has never committed."""

from __future__ import annotations

import numpy as np

from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import empty
from exporter.core.model import GroupObservation, Members, Observation, Owner, Status
from exporter.core.report import Report

SETTINGS = EvaluationSettings(patience=600)
MEMBER = Owner("client", "host")


def seen(ends: list[list[int]], commits: list[list[int]] | None = None, members: bool = True) -> list[Report]:
    """The reports on a group that is assigned both partitions of a topic, observed every 30 s."""
    history, reports = empty(SETTINGS), []
    for number, end in enumerate(ends):
        committed = {} if commits is None else {"orders": np.array(commits[number])}
        assigned = Members(1, {"orders": {0: MEMBER, 1: MEMBER}} if members else {})
        observation = Observation(
            cluster="c",
            at=number * 30_000,
            groups={"g": GroupObservation("Stable", committed, protocol="consumer", members=assigned)},
            end_offsets={"orders": np.array(end)},
        )
        history, report = advance(history, observation, SETTINGS)
        reports.append(report)
    return reports


def test_what_was_produced_before_the_group_came_is_none_of_its_business() -> None:
    *_, last = seen([[5000, 7000]] * 60)
    assert last.groups["g"].uncommitted == ()
    assert last.groups["g"].status is Status.NOTFOUND


def test_records_that_come_and_are_never_committed_are_counted_and_told_after_the_patience() -> None:
    reports = seen([[5000 + 10 * number, 7000] for number in range(30)])
    (partition,) = reports[10].groups["g"].uncommitted
    assert (partition.topic, partition.partition, partition.records, partition.seconds) == ("orders", 0, 100, 300.0)
    assert reports[19].groups["g"].status is Status.NOTFOUND
    assert reports[20].groups["g"].worst is Status.STALL
    assert reports[20].groups["g"].status is Status.ERR


def test_the_rhythm_of_the_groups_other_partitions_says_how_long_is_too_long() -> None:
    numbers = range(12)
    ends = [[1000 + 10 * number, 1000 + (10 if number >= 6 else 0) * (number - 5)] for number in numbers]
    commits = [[1000 + 10 * number, -1] for number in numbers]
    reports = seen(ends, commits)
    assert [report.groups["g"].worst for report in reports[:9]] == [Status.OK] * 9
    assert reports[-1].groups["g"].worst is Status.STALL


def test_once_it_is_committed_it_is_a_partition_like_any_other() -> None:
    ends = [[1000 + 10 * number, 1000] for number in range(25)]
    commits = [[-1 if number < 24 else 1000 + 10 * number, -1] for number in range(25)]
    reports = seen(ends, commits)
    assert reports[23].groups["g"].worst is Status.STALL
    assert (reports[24].groups["g"].worst, reports[24].groups["g"].uncommitted) == (Status.OK, ())


def test_a_partition_that_no_member_is_assigned_to_is_not_counted() -> None:
    *_, last = seen([[5000 + 10 * number, 7000] for number in range(30)], members=False)
    assert last.groups["g"].uncommitted == ()


def test_an_assigned_partition_that_is_gone_waits_for_nothing() -> None:
    before, recreated = seen([[5, 5], [9, 9]])[-1], seen([[5, 5], [9, 9], [7]])[-1]

    assert [one.partition for one in before.groups["g"].uncommitted] == [0, 1]
    assert [one.partition for one in recreated.groups["g"].uncommitted] == [0]
    assert not seen([[5, 5], [9, 9], []])[-1].groups["g"].uncommitted
