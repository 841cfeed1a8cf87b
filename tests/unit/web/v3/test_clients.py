"""What real clients of Burrow's API ask, one after the other, and what they need of the answers.

The clients were read and run against Burrow: telegraf's input, burrow-dashboard, BurrowUI, several exporters, the
plugin for Icinga 2, and a scaler written in a language with strict types. Passwords, which telegraf sends, are tested
with the port's middleware.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from exporter.core.report import Outcome
from exporter.web.v3.endpoints import ENDPOINTS
from exporter.web.v3.router import Found, Moved, find
from tests.support.burrow_api import STEP, ask, last, said
from tests.support.observations import group, observation

STATUSES = ["OK", "WARN", "ERR", "STOP", "STALL", "REWIND"]
"""What telegraf knows, and numbers from 1 to 6."""


def watched(observations: int) -> Outcome:
    """A group that falls behind, one whose offset never moves and that has no member, and one that commits nothing."""
    return last(
        observation(
            number * STEP,
            {
                "late/100%": group({"orders": [100 * number, -1]}),
                "still": group({"orders": [5]}),
                "new": group({}),
            },
            {"orders": [1000 + 400 * number, 7]},
            cluster="Prod",
        )
        for number in range(observations)
    )


def partitions(outcome: Outcome, name: str, what: str = "lag") -> list[dict[str, Any]]:
    status = said(f"/v3/kafka/Prod/consumer/{quote(name, safe='')}/{what}", outcome)["status"]
    found: list[dict[str, Any]] = status["partitions"]
    return found


def commits(outcome: Outcome, name: str) -> Iterator[dict[str, Any]]:
    """Every commit that any answer about a group shows."""
    path = f"/v3/kafka/Prod/consumer/{quote(name, safe='')}"
    for windows in said(path, outcome)["topics"].values():
        for window in windows:
            yield from (entry for entry in window["offsets"] if entry is not None)
    status = said(f"{path}/lag", outcome)["status"]
    for partition in [*status["partitions"], status["maxlag"]]:
        yield from (partition[end] for end in ("start", "end") if partition[end] is not None)


def test_telegraf_follows_its_names_escaped_twice_down_to_a_status_that_it_knows() -> None:
    outcome = watched(12)
    (cluster,) = said("/v3/kafka", outcome)["clusters"]
    (topic,) = said(f"/v3/kafka/{cluster}/topic", outcome)["topics"]
    assert said(f"/v3/kafka/{cluster}/topic/{topic}", outcome)["offsets"] == [5400, 7]
    for name in said(f"/v3/kafka/{cluster}/consumer", outcome)["consumers"]:
        twice = quote(quote(name, safe=""), safe="")
        status = said(f"/v3/kafka/{cluster}/consumer/{twice}/lag", outcome)["status"]
        assert status["group"] == name
        assert status["status"] in STATUSES
        assert {partition["status"] for partition in status["partitions"]} <= set(STATUSES)


@pytest.mark.parametrize("observations", [1, 2, 12])
def test_the_lag_of_a_commit_is_a_number_from_the_first_observation_on(observations: int) -> None:
    outcome = watched(observations)
    for name in ("late/100%", "still"):
        lags = [commit["lag"] for commit in commits(outcome, name)]
        assert lags
        assert {type(lag) for lag in lags} == {int}


@pytest.mark.parametrize("observations", [1, 2, 3, 12])
def test_the_lag_of_the_newest_commit_follows_the_partition(observations: int) -> None:
    """Burrow-dashboard draws `end.lag` over time."""
    moving, _ = partitions(watched(observations), "late/100%")
    assert moving["end"]["lag"] == moving["current_lag"] == 1000 + 300 * (observations - 1)


def test_start_and_end_are_null_only_of_a_partition_without_a_commit() -> None:
    for observations in (1, 12):
        moving, never = partitions(watched(observations), "late/100%")
        assert None not in (moving["start"], moving["end"])
        assert (never["start"], never["end"], never["current_lag"], never["status"]) == (None, None, 0, "OK")


def test_maxlag_is_null_only_of_a_group_that_is_not_found() -> None:
    outcome = watched(12)
    for what in ("status", "lag"):
        assert said(f"/v3/kafka/Prod/consumer/still/{what}", outcome)["status"]["maxlag"] is not None
        unknown = said(f"/v3/kafka/Prod/consumer/nobody/{what}", outcome)["status"]
        assert (unknown["status"], unknown["maxlag"]) == ("NOTFOUND", None)


def test_icinga_asks_for_the_status_of_a_group_with_a_percent_sign() -> None:
    answer = said("/v3/kafka/Prod/consumer/late%2F100%25/status", watched(12))["status"]
    assert answer["group"] == "late/100%"


def test_a_button_that_deletes_is_told_how_to_allow_it() -> None:
    answer = ask("/v3/kafka/Prod/consumer/still", watched(1), method="DELETE")
    assert answer.status == 403
    assert "web.api_delete turns it on" in answer.text


def test_a_slash_too_many_is_taken_away() -> None:
    """http-details"""
    assert find(ENDPOINTS, "GET", "/v3/kafka/c/") == Moved("/v3/kafka/c")
    assert isinstance(find(ENDPOINTS, "GET", "/v3/kafka/c"), Found)


def test_what_the_configuration_shows_of_zookeeper_is_a_list() -> None:
    """http-details"""
    assert said("/v3/config", watched(1))["zookeeper"]["servers"] == []
