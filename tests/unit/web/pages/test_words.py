"""Numbers, times and statuses in words."""

from __future__ import annotations

import pytest

from exporter.core.model import Status
from exporter.web.pages import words


@pytest.mark.parametrize(
    ("seconds", "bound", "text"),
    [
        (0.0, False, "0 s"),
        (0.3, False, "< 1 s"),
        (45.0, False, "45 s"),
        (7505.0, True, "≥ 2 h 5 min"),
        (0.0, True, "≥ 0 s"),
    ],
)
def test_a_lag_in_seconds_says_where_it_is_only_a_bound(seconds: float, bound: bool, text: str) -> None:
    assert words.behind(seconds, lower_bound=bound) == text


@pytest.mark.parametrize(
    ("pace", "text"),
    [(1204.4, "1,204/s"), (-8.24, "8.2/s"), (0.5, "30/min"), (0.02, "1.2/min"), (0.001, "3.6/h"), (1e-6, "0.0/h")],
)
def test_a_pace_is_told_in_the_unit_that_makes_it_at_least_one(pace: float, text: str) -> None:
    assert words.rate(pace) == text


@pytest.mark.parametrize(("part", "text"), [(1.0, "100 %"), (0.999, "99 %"), (0.29, "29 %"), (0.0, "0 %")])
def test_a_share_is_never_rounded_up_to_the_whole(part: float, text: str) -> None:
    assert words.share(part) == text


def test_a_time_is_told_in_utc_with_its_age_and_its_date_where_it_is_another_day() -> None:
    at = 1_700_000_000_000
    assert words.moment(at, at + 4_000) == words.Moment("2023-11-14T22:13:20Z", "22:13:20 UTC", "4 s ago")
    assert words.moment(at, at + 200).ago == "just now"
    assert words.moment(at, at - 5_000).ago == "just now"
    assert words.moment(at, at + 90_000_000).clock == "2023-11-14 22:13:20 UTC"


def test_no_two_statuses_share_a_word_or_a_shape_and_errors_share_their_colour() -> None:
    looks = list(words.BADGES.values())
    assert set(words.BADGES) == set(Status)
    assert len({badge.word for badge in looks}) == len({badge.shape for badge in looks}) == len(looks)
    assert {words.BADGES[status].kind for status in (Status.ERR, Status.STOP, Status.STALL, Status.REWIND)} == {"err"}
