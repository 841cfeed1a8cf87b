"""A group, a topic, the exporter itself: what their pages say."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from exporter.core.model import NO_OFFSET, NOT_READ, Members, Observation, Owner
from exporter.core.report import Report
from exporter.web.pages.charts import WindowChart, window_chart
from exporter.web.pages.consumer_group import PAGE, GroupPage, PartitionFilter, group_page
from exporter.web.pages.state import state_page
from exporter.web.pages.topic import topic_page
from tests.support.observations import START, group, observation
from tests.support.outcomes import down, outcome, outcomes
from tests.support.page_scenes import SECRET, SETTINGS, everything, of

NOW = START
FOUND = everything(NOW)


def page(name: str, found: Report = FOUND, **query: str) -> GroupPage:
    return group_page(found, found.groups[name], PartitionFilter.of(query), NOW)


def reported(*seen: Observation) -> Report:
    *_, last = outcomes(seen)
    assert last.report is not None
    return last.report


def facts(of_page: GroupPage) -> dict[str, tuple[str, str]]:
    return {fact.name: (fact.value, fact.note) for fact in of_page.facts}


def test_partitions_are_listed_worst_first_with_the_reason_for_their_status() -> None:
    stalled = (
        "Has left records waiting at 8,700 for 5 min while a consumer is assigned;"
        " it usually moves at every observation, so up to 2 min is tolerated; 915 behind"
    )
    assert [(row.topic, row.partition, row.badge.word, row.why) for row in page("fraud-detection").partitions] == [
        ("payments", 0, "STALL", stalled),
        ("payments", 1, "STALL", stalled),
        ("payments", 2, "WARN", "Its lag grew by 2 min 47 s in 5 min, although it consumed 80 in 2 min; 290 behind"),
    ]


def test_a_partition_shows_how_long_it_is_usually_silent_and_how_long_it_may_be() -> None:
    def pace(of_page: GroupPage) -> tuple[str, str]:
        return of_page.partitions[0].usual_silence, of_page.partitions[0].tolerated_silence

    # It commits every five minutes while records come all the time, and is looked at every half minute. The last look
    # before it moves finds it silent for 4 min 30 s; in the 4 min 30 s since, 8 s of that are forgotten.
    looks = [(3000 * (step // 10), 10_000 + 300 * step) for step in range(70)]
    slow = reported(
        *(observation(30 * step, {"g": group({"t": [at]})}, {"t": [end]}) for step, (at, end) in enumerate(looks))
    )
    new = reported(observation(0, {"g": group({"t": [1]})}, {"t": [5]}))

    assert pace(page("search-indexer")) == ("none", "2 min")
    assert pace(page("g", slow)) == ("4 min 22 s", "11 min")
    assert pace(page("g", new)) == ("not known yet", "1 h")


def test_partitions_of_one_status_are_listed_by_their_lag() -> None:
    lags = [int(row.lag.replace(",", "")) for row in page("search-indexer").partitions]
    assert lags == sorted(lags, reverse=True)
    assert len(set(lags)) == 6


def test_a_partition_shows_its_offsets_its_lag_its_time_behind_and_its_owner() -> None:
    row = page("fraud-detection").partitions[0]
    assert (row.committed, row.end, row.lag) == ("8,700", "9,615", "915")
    assert row.behind.startswith("≥ ")
    assert row.owner == "fraud-1 at 10.0.4.17"


def test_facts_about_a_group() -> None:
    told = facts(page("fraud-detection"))
    assert told["State"] == ("Stable", "consumer, uniform")
    assert told["Members"] == ("2", "coordinated by broker 2")
    assert told["Total lag"] == ("2,120", "at most 915 on one partition")
    assert told["Time to catch up"] == ("never", "while the lag does not shrink")
    assert told["Window watched"] == ("100 %", "of 3 partitions")
    assert told["Retention margin"] == ("43 %", "of the log left before records are lost")
    assert facts(page("catching-up"))["Time to catch up"][0] == "3 min 57 s"
    assert "Time to catch up" not in facts(page("warehouse"))
    assert set(facts(page("just-created"))) == {"State", "Members"}


def test_a_group_says_which_topics_it_no_longer_subscribes_to() -> None:
    told = page("warehouse")
    assert told.unsubscribed == {"archive": "clusters/production/groups/warehouse?topic=archive"}
    assert {row.owner for row in told.partitions if row.topic == "archive"} == {"no member"}
    assert page("billing").unsubscribed == {}


@pytest.mark.parametrize(
    ("members", "owner"),
    [
        (None, ""),
        (Members(1, None), ""),
        (Members(1, {"t": {0: Owner("", "")}}), "a member at an unknown host"),
        (Members(1, {}), "no member"),
    ],
)
def test_an_owner_is_told_only_where_it_is_known(members: Members | None, owner: str) -> None:
    found = reported(observation(0, {"g": group({"t": [1]}, members=members)}, {"t": [1]}))
    assert page("g", found).partitions[0].owner == owner


def test_the_address_says_which_partitions_are_shown() -> None:
    assert {row.badge.word for row in page("fraud-detection", status="stall").partitions} == {"STALL"}
    assert {row.topic for row in page("billing", topic="payments").partitions} == {"payments"}
    assert page("billing", topic="unknown").partitions == []
    assert len(page("billing", status="unknown").partitions) == 9


def test_many_partitions_are_shown_a_page_at_a_time() -> None:
    found = reported(observation(0, {"g": group({"t": range(100), "u": [0]})}, {"t": [100] * 100, "u": [0]}))
    seen = [row.partition for number in range(1, 5) for row in page("g", found, topic="t", page=str(number)).partitions]
    assert seen == list(range(100))
    second = page("g", found, topic="t", page="2")
    assert len(second.partitions) == PAGE
    assert second.paging.next == "clusters/c/groups/g?topic=t&page=3"


def test_what_could_not_be_read_is_counted_and_what_has_no_commit_is_not() -> None:
    found = reported(observation(0, {"g": group({"t": [1, NOT_READ, NO_OFFSET, 1]})}, {"t": [1, 1, 1, NOT_READ]}))
    told = page("g", found)
    assert told.unreadable == 2
    assert told.badge.word == "UNKNOWN"
    assert [row.partition for row in told.partitions] == [0]


def test_records_that_were_lost_and_commits_beyond_the_end_are_told() -> None:
    found = reported(
        observation(0, {"g": group({"t": [4, 50]})}, {"t": [30, 30]}, start_offsets={"t": np.array([10, 10])})
    )
    told = page("g", found)
    assert [row.lost for row in told.partitions] == ["6", ""]
    assert told.beyond_end == 1
    assert facts(told)["Retention margin"] == ("0 %", "records were lost")


def test_a_young_window_says_how_much_of_it_was_watched() -> None:
    found = reported(
        observation(0, {"g": group({"t": [1]})}, {"t": [5]}),
        observation(75, {"g": group({"t": [2]})}, {"t": [9]}),
    )
    assert page("g", found).partitions[0].watched == "62 %"


def chart(*seen: Observation) -> WindowChart:
    found = reported(*seen)
    return window_chart(next(found.partitions(found.groups["g"])), found.at)


def points(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (point.split(",") for point in text.split())]


def steps(commits: Iterable[int], ends: Iterable[int], **more: str) -> list[Observation]:
    return [
        observation(step * 30, {"g": group({"t": [commit]}, **more)}, {"t": [end]})
        for step, (commit, end) in enumerate(zip(commits, ends, strict=True))
    ]


def test_a_window_is_drawn_with_what_was_committed_below_where_the_log_ended() -> None:
    drawn = chart(*steps([0, 10, 20, 30], [10, 30, 50, 100]))
    committed, end, lag = points(drawn.committed), points(drawn.end), points(drawn.lag)
    assert [x for x, _ in committed] == [x for x, _ in end] == [x for x, _ in lag[1:-1]] == [4.0, 88.0, 172.0, 256.0]
    assert (committed[0][1], end[-1][1]) == (44.0, 4.0)
    assert all(below > above for (_, below), (_, above) in zip(committed, end, strict=True))
    assert lag[-2] == (256.0, 50.0)
    assert drawn.said == "Over 90 s: committed offset 0 to 30, end offset 10 to 100, lag 10 to 70"
    assert drawn.silent == ""


def test_the_time_since_the_last_commit_is_drawn_as_silence() -> None:
    drawn = chart(*steps([5, 10, 10, 10], [10, 20, 30, 40], state="Empty"))
    assert len(points(drawn.committed)) == 2
    assert points(drawn.silent) == [points(drawn.committed)[-1], (256.0, points(drawn.committed)[-1][1])]
    assert len(points(drawn.end)) == 4


def test_a_lag_that_is_next_to_nothing_beside_the_flow_looks_like_it() -> None:
    drawn = chart(*steps([997, 1997, 2997], [1000, 2000, 3000]))
    assert min(y for _, y in points(drawn.lag)) > 68
    assert drawn.brief == "60 s, lag 3 throughout"


def test_a_range_names_its_extremes_where_they_lie_between() -> None:
    assert "lag 10 to 20 (between 10 and 50)" in chart(*steps([0, 0, 60], [10, 50, 80])).said


def test_a_single_observation_can_be_drawn() -> None:
    drawn = chart(*steps([7], [7]))
    assert len(drawn.commits) == 1
    assert drawn.said == "Over 0 s: committed offset 7 throughout, end offset 7 throughout, lag 0 throughout"


def test_a_topic_says_who_consumes_it_and_how_far_behind() -> None:
    told = topic_page(FOUND, "payments", {}, NOW)
    assert [(row.group, row.badge.word, row.lag, row.worst, row.subscribed) for row in told.consumers] == [
        ("fraud-detection", "STALL", "2,120", "915", "yes"),
        ("mail-sender", "STOP", "1,080", "360", ""),
        ("billing", "OK", "0", "0", "yes"),
    ]
    assert told.consumers[2].address == "clusters/production/groups/billing?topic=payments"
    assert told.consumers[0].address == "clusters/production/groups/fraud-detection"
    assert {row.group: row.subscribed for row in topic_page(FOUND, "archive", {}, NOW).consumers} == {
        "warehouse": "no longer"
    }


def test_a_topic_shows_where_its_partitions_start_and_end_and_who_is_furthest_behind_on_each() -> None:
    told = topic_page(FOUND, "payments", {}, NOW)
    assert [(row.start, row.end, row.records, row.lag, row.behind) for row in told.partitions] == [
        ("8,000", "9,615", "1,615", "915", "fraud-detection"),
        ("8,000", "9,615", "1,615", "915", "fraud-detection"),
        ("8,000", "9,615", "1,615", "360", "mail-sender"),
    ]


def test_offsets_that_were_not_read_are_left_empty() -> None:
    found = reported(observation(0, {"g": group({"t": [1]})}, {"t": [5, NOT_READ]}, start_offsets={"t": np.array([2])}))
    told = topic_page(found, "t", {}, NOW)
    assert [(row.start, row.end, row.records, row.lag, row.behind) for row in told.partitions] == [
        ("2", "5", "3", "3", "g"),
        ("", "", "", "", ""),
    ]


def test_partitions_and_consumers_of_a_topic_are_paged_each_for_itself() -> None:
    groups = {f"g{number:03}": group({"t": [1]}) for number in range(120)}
    found = reported(observation(0, groups, {"t": [1] * 130}))
    told = topic_page(found, "t", {"page": "2", "groups": "3"}, NOW)
    assert [row.group for row in told.consumers] == [f"g{number:03}" for number in range(100, 120)]
    assert [row.partition for row in told.partitions] == list(range(50, 100))
    assert told.paging.next == "clusters/c/topics/t?page=3&groups=3"
    assert told.consumers_paging.previous == "clusters/c/topics/t?page=2&groups=2"


def test_the_exporter_tells_stages_requests_failures_and_what_is_in_force_but_no_secret() -> None:
    told = state_page((of(FOUND), down("staging", "timeout")), SETTINGS, NOW)
    production, staging = told.collections
    assert [(stage.name, stage.seconds) for stage in production.stages] == [
        ("metadata", "11.2 ms"),
        ("commits", "31.7 ms"),
        ("end_offsets", "40.1 ms"),
        ("judge", "2.1 ms"),
        ("total", "87.3 ms"),
    ]
    assert max(stage.percent for stage in production.stages) == 100.0
    assert ("OffsetFetch", "3") in production.requests
    assert (staging.stages, staging.card.badge.word) == ((), "DOWN")
    assert "username: exporter" in told.configuration
    assert SECRET not in told.configuration
    assert {"kafka-burrow-exporter", "Python", "kafka-python"} <= {name for name, _ in told.versions}


def test_the_total_is_the_last_stage_and_seconds_are_told_as_such() -> None:
    seen = observation(0, {}, {}, stages={"total": 2.5, "metadata": 1.25})
    (told,) = state_page((outcome(seen),), SETTINGS, NOW).collections
    assert [(stage.name, stage.seconds, stage.percent) for stage in told.stages] == [
        ("metadata", "1.25 s", 50.0),
        ("total", "2.50 s", 100.0),
    ]
