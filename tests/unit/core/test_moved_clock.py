"""A history whose clock was set to another time gives the verdicts that it would have given otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import empty
from exporter.core.model import Members, Observation, Owner
from exporter.core.moved_clock import moved
from tests.support.observations import group, observation

HOUR = 3_600_000


def seen(at: int) -> Observation:
    owners = {"t": {0: Owner("c", "h")}, "new": {0: Owner("c", "h")}}
    groups = {
        "stalled": group({"t": [1000]}, members=Members(1, owners)),
        "slow": group({"t": [1000 + at // 2]}),
    }
    return observation(at, groups, {"t": [1000 + 10 * at], "new": [at]})


@pytest.mark.parametrize("by", [HOUR, -HOUR, 1])
def test_no_verdict_and_no_number_changes(by: int) -> None:
    settings, history = EvaluationSettings(patience=300), empty(EvaluationSettings())
    for at in range(0, 600, 30):
        history, _ = advance(history, seen(at), settings)

    _, expected = advance(history, seen(600), settings)
    _, found = advance(moved(history, by), replace(seen(600), at=seen(600).at + by), settings)

    assert {name: one.worst for name, one in found.groups.items()} == {n: g.worst for n, g in expected.groups.items()}
    assert len({one.worst for one in found.groups.values()}) > 1
    for name, one in found.groups.items():
        assert replace(one, topics={}) == replace(expected.groups[name], topics={})
    assert found.columns.verdicts.silence.tolist() == expected.columns.verdicts.silence.tolist()
    assert found.columns.lag_seconds.tolist() == expected.columns.lag_seconds.tolist()


def test_a_history_without_an_observation_can_be_moved() -> None:
    assert moved(empty(EvaluationSettings()), HOUR).observed_at is None
