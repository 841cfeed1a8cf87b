"""The list of groups, and the list of a cluster's topics: what is in them, in which order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from exporter.core.model import Failure, Members
from exporter.core.report import Outcome
from exporter.web.pages.cluster import cluster_page
from exporter.web.pages.overview import PAGE, GroupFilter, GroupRow, Overview, overview
from tests.support.observations import group, observation
from tests.support.outcomes import down, outcome
from tests.support.page_scenes import STEP, everything, many, of, run

NOW = 1_700_000_000_000
EVERYTHING = of(everything(NOW))


def listed(*outcomes: Outcome, now: int = NOW, **query: str) -> Overview:
    return overview(outcomes or (EVERYTHING,), GroupFilter.of(query), now)


def rows(page: Overview) -> Mapping[str, GroupRow]:
    return {row.name: row for row in page.groups}


def test_groups_are_listed_worst_first_and_of_one_status_by_their_lag() -> None:
    assert [(row.badge.word, row.name, row.lag) for row in listed().groups] == [
        ("ERR", "reporting", "6,815"),
        ("ERR", "fraud-detection", "2,120"),
        ("ERR", "mail-sender", "1,080"),
        ("WARN", "search-indexer", "17,010"),
        ("OK", "catching-up", "7,100"),
        ("OK", "billing", "18"),
        ("OK", "warehouse", "0"),
        ("NONE", "just-created", ""),
    ]


def test_a_group_shows_what_is_wrong_how_far_behind_it_is_and_who_is_there() -> None:
    found = rows(listed())
    assert found["fraud-detection"].detail == "2 STALL, 1 WARN"
    assert found["billing"].detail == ""
    assert found["search-indexer"].behind == "3 min 34 s"
    assert found["fraud-detection"].behind.startswith("≥ ")
    assert found["mail-sender"].behind == "4 min"
    assert (found["mail-sender"].members, found["billing"].members, found["just-created"].members) == ("0", "2", "")
    assert found["billing"].partitions == "9"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("search-indexer", "grows 50/s"),
        ("catching-up", "shrinks 30/s"),
        ("billing", "steady"),
        ("warehouse", ""),
        ("just-created", ""),
    ],
)
def test_the_trend_says_which_way_the_lag_moves_and_how_fast(name: str, said: str) -> None:
    assert rows(listed())[name].trend.words == said


def test_a_trend_is_drawn_over_the_window_where_there_is_any_lag() -> None:
    found = rows(listed())
    line = found["search-indexer"].trend.line
    assert line is not None
    assert len(line.line.split()) == 5
    heights = [float(point.split(",")[1]) for point in line.line.split()]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] > heights[-1]
    assert found["warehouse"].trend.line is None


def test_after_a_first_look_there_is_no_trend_yet() -> None:
    (row,) = listed(outcome(observation(0, {"g": group({"t": [1]})}, {"t": [5]}))).groups
    assert (row.trend.line, row.trend.words) == (None, "")
    assert row.watched == "0 %"


def test_statuses_are_counted_whichever_is_asked_for() -> None:
    counts = [("ERR", 3), ("WARN", 1), ("OK", 3), ("NONE", 1)]
    for status in ("", "err", "ok"):
        page = listed(status=status)
        assert [(tally.badge.word, tally.count) for tally in page.status_counts] == counts
        assert [tally.chosen for tally in page.status_counts] == [status == "err", False, status == "ok", False]


def test_a_tally_asks_for_its_status_and_once_chosen_for_all_again() -> None:
    assert [tally.address for tally in listed(q="i", page="2").status_counts][:2] == [
        "?q=i&status=err",
        "?q=i&status=warn",
    ]
    assert [tally.address for tally in listed(q="i", status="err").status_counts][:2] == ["?q=i", "?q=i&status=warn"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"status": "warn"}, ["search-indexer"]),
        ({"status": "none"}, ["just-created"]),
        ({"q": "  ING "}, ["reporting", "catching-up", "billing"]),
        ({"q": "ing", "status": "err"}, ["reporting"]),
        ({"q": "no such"}, []),
        ({"cluster": "c"}, ["g"]),
        ({"cluster": "unknown"}, []),
        ({"status": "no status", "cluster": "c"}, ["g"]),
    ],
)
def test_the_address_says_which_groups_are_shown(query: dict[str, str], names: list[str]) -> None:
    other = outcome(observation(0, {"g": group({"t": [1]})}, {"t": [1]}))
    page = listed(EVERYTHING, other, **query)
    assert [row.name for row in page.groups] == names
    assert page.paging.total == len(names)


def test_five_thousand_groups_are_shown_a_page_at_a_time_and_the_way_to_the_next_keeps_what_is_asked() -> None:
    large = of(many(5000, NOW))
    page = listed(large, q="group", page="3")
    assert (len(page.groups), page.paging.total, page.paging.pages) == (PAGE, 5000, 100)
    assert page.paging.next == "?q=group&page=4"
    assert page.paging.previous == "?q=group&page=2"
    seen = [row.name for number in range(1, 101) for row in listed(large, page=str(number)).groups]
    assert len(seen) == len(set(seen)) == 5000
    assert {name[-1] for name in seen[:500]} == {"0"}


def test_a_cluster_shows_its_health_its_failures_and_what_is_not_judged() -> None:
    failures = (Failure("broker", "2", "timeout"),)
    seen = observation(0, {}, {"t": [1]}, brokers=3, failures=failures, other_groups={"s": "share", "u": "share"})
    card, dead = listed(outcome(seen), down("d", "authentication")).clusters
    assert (card.badge.word, card.brokers, card.groups, card.topics) == ("PARTIAL", 3, 0, 1)
    assert [failed.scope for failed in card.failures] == ["broker"]
    assert card.not_evaluated == "2 of type share"
    assert (dead.badge.word, dead.read, dead.brokers) == ("DOWN", None, None)
    assert (dead.failures[0].scope, dead.failures[0].reason) == ("cluster", "authentication")


def test_a_cluster_says_when_it_was_last_read() -> None:
    (card,) = listed(EVERYTHING, now=NOW + 7_000).clusters
    assert card.read is not None
    assert (card.badge.word, card.read.ago) == ("UP", "7 s ago")


def topics(of_cluster: Outcome, **query: str) -> list[tuple[Any, ...]]:
    page = cluster_page(of_cluster, query, NOW)
    return [(row.name, row.badge and row.badge.word, row.lag, row.consumers, row.records) for row in page.topics]


def test_topics_are_listed_by_their_worst_consumer() -> None:
    assert topics(EVERYTHING) == [
        ("orders", "REWIND", "17,010", "3", "413,055"),
        ("payments", "STALL", "2,120", "3", "4,845"),
        ("audit-log", "OK", "7,100", "2", "16,000"),
        ("archive", "OK", "0", "1", "500"),
    ]


def test_topics_are_found_by_a_part_of_their_name() -> None:
    assert [topic[0] for topic in topics(EVERYTHING, q="AR")] == ["archive"]


def test_a_topic_that_nobody_consumes_has_no_verdict_and_an_unread_one_no_count() -> None:
    seen = observation(0, {}, {"t": [4, 5]}, start_offsets={})
    assert topics(outcome(seen)) == [("t", None, "", "0", "")]


def test_a_cluster_that_cannot_be_read_has_a_page_without_topics() -> None:
    page = cluster_page(down("d"), {}, NOW)
    assert (page.card.badge.word, page.topics, page.paging.total) == ("DOWN", [], 0)


def test_members_without_assignments_are_counted_all_the_same() -> None:
    seen = observation(0, {"g": group({"t": [1]}, members=Members(3, None))}, {"t": [1]})
    assert rows(listed(outcome(seen)))["g"].members == "3"


def test_the_scene_lasts_longer_than_the_window() -> None:
    observations = run("c", lambda _: {}, lambda _: {}, until=NOW)
    assert observations[-1].at - observations[0].at == (len(observations) - 1) * STEP * 1000
    assert len(observations) * STEP > 300
