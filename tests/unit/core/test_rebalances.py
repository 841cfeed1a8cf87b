"""How rebalances are counted, seen from outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.core.history import forget
from exporter.core.model import GroupObservation, Members
from exporter.core.rebalances import Rebalances, count_rebalances
from tests.support.observations import folded, group, observation

Seen = tuple[str, int | str | None]
"""A state, and the generation last described."""


def counted(type_: str, run: Iterable[Seen]) -> int:
    """The count after a group has been seen like this."""
    known: dict[str, Rebalances] = {}
    for state, generation in run:
        known = count_rebalances(known, observation(0, {"g": one(type_, state, generation)}, {}))
    return known["g"].count


def one(type_: str, state: str, generation: int | str | None) -> GroupObservation:
    return group({}, state=state, type=type_, members=None if generation is None else Members(1, {}, generation))


@pytest.mark.parametrize("type_", ["consumer", "streams"])
@pytest.mark.parametrize(
    ("run", "count"),
    [
        ([("Stable", None), ("Stable", 7)], 0),
        ([("Stable", 7), ("Stable", 7), ("Stable", 12)], 5),
        ([("Stable", 7), ("Empty", None), ("Reconciling", 7), ("Stable", 9)], 2),
        ([("Stable", 7), ("Assigning", 7), ("Reconciling", 7), ("Stable", 7)], 0),
        ([("Stable", 7), ("Stable", 2), ("Stable", 3)], 1),
    ],
)
def test_the_epoch_of_a_group_counts_what_no_observation_saw(type_: str, run: Sequence[Seen], count: int) -> None:
    assert counted(type_, run) == count


@pytest.mark.parametrize("type_", ["classic", ""])
@pytest.mark.parametrize(
    ("run", "count"),
    [
        ([("PreparingRebalance", None), ("CompletingRebalance", None), ("Stable", "a")], 0),
        ([("Stable", "a"), ("PreparingRebalance", "a"), ("CompletingRebalance", "a"), ("Stable", "b")], 1),
        ([("Stable", "a"), ("PreparingRebalance", "a"), ("Stable", "a"), ("Stable", "b"), ("Stable", "b")], 1),
        ([("Stable", "a"), ("Stable", "b"), ("Stable", "b"), ("Stable", "c")], 2),
        ([("Stable", "a"), ("PreparingRebalance", "b"), ("Stable", "c")], 2),
        ([("CompletingRebalance", None), ("PreparingRebalance", None), ("PreparingRebalance", None)], 1),
        ([("Stable", "a"), ("Empty", None), ("Stable", "a"), ("Stable", "b"), ("Empty", None)], 1),
        ([("Stable", "a"), ("", "a"), ("Stable", "a")], 0),
        ([("Stable", "a"), ("", None), ("CompletingRebalance", None)], 1),
        ([("Dead", None), ("PreparingRebalance", None)], 1),
    ],
)
def test_a_classic_groups_rebalances_are_counted_once_each_by_what_they_show(
    type_: str, run: Sequence[Seen], count: int
) -> None:
    assert counted(type_, run) == count


def test_a_group_that_changes_to_the_new_protocol_goes_on_counting() -> None:
    known: dict[str, Rebalances] = {}
    for type_, generation in [("classic", "a"), ("classic", "b"), ("consumer", 3), ("consumer", 4), ("classic", "b")]:
        known = count_rebalances(known, observation(0, {"g": one(type_, "Stable", generation)}, {}))
    assert known["g"].count == 2


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Stable", "PreparingRebalance", "CompletingRebalance", "Empty", "Dead", "NotReady", ""]),
            st.none() | st.integers(0, 9) | st.sampled_from("ab"),
        )
    ),
    st.sampled_from(["classic", "consumer", "streams", ""]),
)
def test_a_count_never_falls_and_what_stays_the_same_is_not_counted_again(run: list[Seen], type_: str) -> None:
    known: dict[str, Rebalances] = {"g": Rebalances()}
    for state, generation in run:
        seen = observation(0, {"g": one(type_, state, generation)}, {})
        before, known = known["g"].count, count_rebalances(known, seen)
        assert known["g"].count >= before
        assert count_rebalances(known, seen)["g"].count == known["g"].count


def test_a_group_that_cannot_be_read_keeps_its_count_and_one_that_is_gone_does_not() -> None:
    run = [observation(n, {"g": one("consumer", "Stable", 7 + n)}, {}) for n in range(2)]
    unread = observation(2, {}, {}, unread_groups=frozenset({"g", "never seen"}))
    assert folded([*run, unread]).rebalances["g"].count == 1
    assert folded([*run, unread]).rebalances.keys() == {"g"}
    assert folded([*run, observation(2, {}, {})]).rebalances == {}


def test_a_group_that_is_forgotten_is_counted_from_the_start() -> None:
    history = folded([observation(n, {name: one("consumer", "Stable", 7 + n) for name in "gh"}, {}) for n in range(2)])
    assert forget(history, "g").rebalances.keys() == {"h"}
    assert forget(history, "g", "t").rebalances == history.rebalances
