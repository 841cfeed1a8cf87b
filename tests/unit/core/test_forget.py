"""What is forgotten of a group, and what is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pytest

from exporter.collector import Collector
from exporter.core import history
from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import History
from exporter.core.model import Observation
from exporter.settings import Cluster, Collection, Settings
from tests.support.observations import group, observation

SETTINGS = EvaluationSettings()
STEP = 30


def rounds(count: int) -> Iterator[Observation]:
    """Two groups on two topics that commit every 30 s, one record more each time."""
    for number in range(count):
        groups = {name: group({"t": [number], "u": [number, 7 * number]}) for name in ("a", "b")}
        yield observation(number * STEP, groups, {"t": [100], "u": [100, 100]})


def after(count: int) -> History:
    known = history.empty(SETTINGS)
    for seen in rounds(count):
        known, _ = advance(known, seen, SETTINGS)
    return known


def entries(known: History) -> dict[tuple[str, str], list[int]]:
    counts = known.commits.windows.count.tolist()
    blocks = {key: known.group_topics.block(key) for key in known.group_topics.keys}
    return {key: counts[block] for key, block in blocks.items() if block is not None}


def test_a_group_is_forgotten_on_all_topics_and_others_are_not() -> None:
    known = history.forget(after(3), "a")
    assert entries(known) == {("a", "t"): [0], ("a", "u"): [0, 0], ("b", "t"): [3], ("b", "u"): [3, 3]}


def test_a_group_is_forgotten_on_one_topic_alone() -> None:
    known = history.forget(after(3), "a", "u")
    assert entries(known) == {("a", "t"): [3], ("a", "u"): [0, 0], ("b", "t"): [3], ("b", "u"): [3, 3]}


def test_how_a_forgotten_groups_lag_has_moved_is_forgotten_with_it() -> None:
    assert [sorted(totals) for _, totals in history.forget(after(2), "a").trend] == [["b"], ["b"]]


def test_the_end_offsets_stay_for_the_others() -> None:
    before, known = after(3), history.forget(after(3), "a")
    assert known.ends.count.tolist() == before.ends.count.tolist() == [3, 3, 3]
    assert known.timeline.times == before.timeline.times


def test_a_name_that_is_not_known_changes_nothing() -> None:
    assert entries(history.forget(after(2), "nobody")) == entries(after(2))
    assert entries(history.forget(after(2), "a", "nothing")) == entries(after(2))


def test_a_forgotten_group_begins_anew_with_the_next_observation() -> None:
    seen = list(rounds(4))
    known, _ = advance(history.forget(after(3), "a"), seen[3], SETTINGS)
    assert entries(known) == {("a", "t"): [1], ("a", "u"): [1, 1], ("b", "t"): [4], ("b", "u"): [4, 4]}


class Recording:
    """A source that gives what it was made with, one observation after the other."""

    def __init__(self, observations: Iterator[Observation]) -> None:
        self._observations = observations

    def observe(self, timeout: float) -> Observation:
        return next(self._observations)

    def expect(self, groups: Iterable[str], topics: Mapping[str, int]) -> None:
        pass

    def refresh_members(self, seen: Observation) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    settings = Settings((Cluster("c", ("k:1",)),), Collection(min_interval=0))
    found = Collector(settings, {"c": Recording(rounds(10))})
    yield found
    found.close()


def collected(collector: Collector) -> dict[tuple[str, str], list[int]]:
    (outcome,) = collector.collect(10)
    assert outcome.report is not None
    return entries(outcome.report.history)


def test_a_collector_forgets_with_its_next_collection_and_only_once(collector: Collector) -> None:
    collected(collector)
    collector.forget("c", "a")
    assert collected(collector) == {("a", "t"): [1], ("a", "u"): [1, 1], ("b", "t"): [2], ("b", "u"): [2, 2]}
    assert collected(collector)["a", "t"] == [2]


def test_a_collector_forgets_a_topic_of_a_group(collector: Collector) -> None:
    collected(collector)
    collector.forget("c", "b", "t")
    assert collected(collector) == {("a", "t"): [2], ("a", "u"): [2, 2], ("b", "t"): [1], ("b", "u"): [2, 2]}


def test_a_collector_that_does_not_know_the_cluster_forgets_nothing(collector: Collector) -> None:
    collected(collector)
    collector.forget("C", "a")
    assert collected(collector)["a", "t"] == [2]


def test_what_was_asked_to_be_forgotten_is_not_forgotten_because_a_collection_failed() -> None:
    seen = list(rounds(3))
    source = Recording(iter([seen[0], *seen[1:]]))
    settings = Settings((Cluster("c", ("k:1",)),), Collection(min_interval=0))
    collector = Collector(settings, {"c": source})
    collected(collector)
    collector.forget("c", "a")
    source.observe = lambda timeout: (_ for _ in ()).throw(RuntimeError("no"))  # type: ignore[method-assign]
    assert collector.collect(10)[0].report is None
    del source.observe
    assert collected(collector)["a", "t"] == [1]
    collector.close()
