"""Burrow's own storage and evaluator, on traces with every commit in them."""

import pytest

from tests.accuracy import every_commit
from tests.accuracy.every_commit import Judged, Window
from tests.accuracy.traces import with_burrow


@pytest.fixture(scope="module")
def replayed() -> tuple[list[Judged], dict[int, Window]]:
    return every_commit.judged(with_burrow())


def test_status_completeness_and_lag_are_burrows_at_every_check(
    replayed: tuple[list[Judged], dict[int, Window]],
) -> None:
    ours = {(judged.trace, judged.at): judged for judged in replayed[0]}
    burrows = {
        (trace.number, check.at): check for trace in with_burrow() for check in trace.checks if check.committed >= 0
    }

    different = [
        (place, ours[place], check)
        for place, check in burrows.items()
        if (ours[place].status, ours[place].lag) != (check.status, check.lag)
        or abs(ours[place].complete - check.complete) > 1e-6
    ]

    assert different == []
    assert len(burrows) > 15_000


def test_the_window_at_the_end_is_burrows(replayed: tuple[list[Judged], dict[int, Window]]) -> None:
    different = [trace.number for trace in with_burrow() if replayed[1][trace.number] != list(trace.window)]

    assert different == []
    assert len(replayed[1]) == 190
