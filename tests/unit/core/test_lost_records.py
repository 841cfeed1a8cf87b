"""How lost records are counted, seen from outside."""

from __future__ import annotations

import pytest

from exporter.core.history import forget
from exporter.core.model import NOT_READ, Members, Observation
from tests.support.observations import columns, folded, group, members, observation, reported


def seen(at: int, committed: int, start: int, *, owners: Members | None = None) -> Observation:
    """A group and the log of its only partition, which ends far behind both."""
    groups = {"g": group({"t": [committed]}, members=owners)}
    return observation(at, groups, {"t": [10_000]}, start_offsets=columns({"t": [start]}))


def lost(*observations: Observation) -> int:
    return reported(observations).groups["g"].lost_records


@pytest.mark.parametrize(
    ("committed_and_start", "count"),
    [
        pytest.param([(100, 0), (100, 90)], 0, id="nothing unread is deleted"),
        pytest.param([(100, 0), (100, 140), (400, 140)], 40, id="the group jumps ahead after a loss"),
        pytest.param([(100, 0), (100, 140), (100, 160)], 60, id="a loss that grows"),
        pytest.param([(100, 0), (100, 140), (100, 140)], 40, id="a loss that stays"),
        pytest.param([(100, 0), (100, 140), (150, 200), (150, 210)], 40 + 50 + 10, id="a loss after a loss"),
        pytest.param([(100, 0), (200, 150)], 0, id="it may have read what was deleted meanwhile"),
        pytest.param([(100, 140), (100, 150)], 10, id="what was lost before it was first seen"),
        pytest.param([(300, 140), (100, 150)], 10, id="a group that goes back loses nothing again"),
        pytest.param([(100, 0), (100, NOT_READ), (100, 140)], 40, id="a log start that is not read for once"),
        pytest.param([(100, NOT_READ), (100, 140)], 0, id="a log start that was never read"),
    ],
)
def test_what_is_deleted_before_the_group_commits_past_it_is_counted_once(
    committed_and_start: list[tuple[int, int]], count: int
) -> None:
    assert lost(*(seen(at * 30, *each) for at, each in enumerate(committed_and_start))) == count


def test_a_loss_on_a_topic_that_the_group_left_is_not_its_loss() -> None:
    elsewhere, here = members({"other": [0]}), members({"t": [0]})
    assert lost(seen(0, 100, 0, owners=elsewhere), seen(30, 100, 140, owners=elsewhere)) == 0
    assert lost(seen(0, 100, 0, owners=here), seen(30, 100, 140, owners=here)) == 40


def test_the_count_goes_with_its_group() -> None:
    loses = [seen(0, 100, 0), seen(30, 100, 140)]
    gone = observation(60, {}, {"t": [10_000]}, start_offsets=columns({"t": [140]}))
    unread = observation(60, {}, {"t": [10_000]}, unread_groups=frozenset({"g"}))
    assert folded(loses).lost_records == {"g": 40}
    assert folded([*loses, unread]).lost_records == {"g": 40}
    assert folded([*loses, gone]).lost_records == {}
    assert forget(folded(loses), "g").lost_records == {}
