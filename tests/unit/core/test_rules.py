"""Burrow's truth table, and what is different where windows are lengths of time."""

import pytest

from exporter.core.evaluation import EvaluationSettings
from exporter.core.model import Observation, Status
from tests.support.looks import AT_ONCE, judged, looks, partition, told
from tests.support.one_partition import burrow_verdict, history_of, verdict

STEADY = [1000, 2000, 3000, 4000, 5000]
STUCK = [1000] * 5
RECOVERED = [1000, 2000, 3000, 2000, 4000]
REWOUND = [1000, 2000, 3000, 2000, 2500]
RISING = [50, 100, 150, 200, 250]
CLOSE_COMMITS = [
    1512224000000 + ms
    for ms in (
        *(618356, 619362, 620366, 621367, 622370, 623373, 624378, 625379),
        *(626383, 627383, 628383, 629388, 630391, 631394, 632397),
    )
]
CLOSE_OFFSETS = list(range(792748079, 792748094))


@pytest.mark.parametrize(
    ("offsets", "lags", "ends", "current_lag", "now", "allowed_lag", "status"),
    [
        pytest.param(STEADY, [0, 50, 100, 150, 200], [5200], 200, 600, 0, "OK", id="moves, was caught up"),
        pytest.param(STEADY, [0, 50, 100, 150, 200], [5200], 200, 900, 0, "OK", id="as silent as the window is long"),
        pytest.param(STEADY, [0, 50, 100, 150, 200], [5200], 200, 1000, 0, "STOP", id="silent for longer"),
        pytest.param(STEADY, RISING, [5250], 250, 1000, 0, "STOP", id="silent, and behind all along"),
        pytest.param(STUCK, [0, 50, 100, 150, 200], [1200], 200, 600, 0, "OK", id="stuck, but was caught up"),
        pytest.param(STUCK, [100, 150, 200, 250, 300], [1300], 300, 600, 0, "STALL", id="stuck, lag rises"),
        pytest.param(STUCK, [100] * 5, [1100], 100, 600, 0, "STALL", id="stuck, lag stays"),
        pytest.param(RECOVERED, [100, 150, 200, 1250, 300], [4300], 300, 600, 0, "OK", id="came up again"),
        pytest.param(STEADY, RISING, [5250], 0, 1000, 0, "OK", id="no lag now excuses everything"),
        pytest.param(STUCK, [100, 150, 200, 250, 300], [1300], 300, 600, 99, "STALL", id="more than is allowed"),
        pytest.param(RECOVERED, [100, 150, 200, 1250, 300], [4300], 300, 600, 99, "OK", id="up again"),
        pytest.param(REWOUND, [100, 150, 200, 1250, 300], [4300], 300, 600, 0, "REWIND", id="went back for good"),
        pytest.param(STEADY, RISING, [5250], 250, 600, 0, "WARN", id="moves, but falls behind"),
    ],
)  # fmt: skip
def test_burrows_truth_table(
    *, offsets: list[int], lags: list[int], ends: list[int], current_lag: int, now: int, allowed_lag: int, status: str
) -> None:
    commits = [
        (offset, 100_000 * number, lag) for number, (offset, lag) in enumerate(zip(offsets, lags, strict=True), 1)
    ]

    found = burrow_verdict(commits, ends, intervals=5, current_lag=current_lag, now=now * 1000, allowed_lag=allowed_lag)

    assert found == (Status[status], 1.0)


@pytest.mark.parametrize(
    ("ends", "current_lag", "status"),
    [
        pytest.param([792749024, 792749000, 792748800, 792748600, 792748500], 931, "STOP", id="never caught up lately"),
        pytest.param([792748094, 792748093, 792748093, 792748093], 1, "OK", id="caught up a moment ago"),
    ],
)
def test_silence_is_a_stop_only_if_the_group_was_behind_for_as_long_as_end_offsets_are_known(
    ends: list[int], current_lag: int, status: str
) -> None:
    commits = [(offset, time, 0) for offset, time in zip(CLOSE_OFFSETS, CLOSE_COMMITS, strict=True)]

    found = burrow_verdict(commits, ends, intervals=15, current_lag=current_lag, now=1512224650_000)

    assert found == (Status[status], 1.0)


def test_lags_that_are_not_known_are_passed_over() -> None:
    lags = [0, None, 50, None, 100, None, 150, None, 200, None]
    commits = [(1000 + 500 * n, 100_000 + 50_000 * n, lag) for n, lag in enumerate(lags)]

    assert burrow_verdict(commits, [5700], intervals=10, current_lag=200, now=600_000) == (Status.OK, 1.0)


def test_up_to_the_allowed_lag_a_partition_is_ok() -> None:
    commits = [(1000, 100_000, 2), (2000, 200_000, 1), (2000, 300_000, 1)]

    found = burrow_verdict(commits, [2001], intervals=3, current_lag=1, now=550_000, allowed_lag=1)

    assert found == (Status.OK, 1.0)


def test_one_commit_with_a_time_of_its_own_and_lag_is_a_stop_at_once() -> None:
    # The window of one commit spans nothing, so any silence is longer.
    assert burrow_verdict([(10, 100_000, 5)], [15], intervals=10, current_lag=5, now=101_000) == (Status.STOP, 0.1)


def test_below_the_minimum_complete_a_partition_is_ok() -> None:
    found = burrow_verdict([(10, 100_000, 5)], [15], intervals=10, current_lag=5, now=101_000, minimum_complete=0.5)

    assert found == (Status.OK, 0.1)


def test_a_zero_lag_in_the_window_excuses_a_stall_but_not_a_rewind() -> None:
    stuck = [(1000, 100_000, 5), (1000, 200_000, 0), (1000, 300_000, 5)]
    rewound = [(1000, 100_000, 5), (900, 200_000, 0), (900, 300_000, 5)]

    assert burrow_verdict(stuck, [1005], intervals=3, current_lag=5, now=310_000)[0] == Status.OK
    assert burrow_verdict(rewound, [1005], intervals=3, current_lag=105, now=310_000)[0] == Status.REWIND


def fell(back_at: int, until: int, every: int) -> list[Observation]:
    """A consumer that moves at every look, and once went back to the beginning of a long log."""
    return looks(range(0, until + 1, every), lambda at: 5000 if at < back_at else at, lambda _: 9000)


def test_sampled_commits_are_judged_over_the_newest_that_span_the_window() -> None:
    # At 120 s the five newest span 120 s, and the oldest of them is the one from before the fall.
    assert told(fell(30, 240, 30), EvaluationSettings(window=120)) == [
        (0, Status.OK),
        (30, Status.REWIND),
        (150, Status.OK),
    ]
    assert told(fell(30, 240, 30), EvaluationSettings(window=121))[-1] == (180, Status.OK)


def test_sampled_commits_are_never_judged_over_fewer_than_four() -> None:
    # Every 100 s: two would span 100 s, that from before the fall is the fourth newest at 300 s.
    assert told(fell(100, 500, 100), EvaluationSettings(window=100)) == [
        (0, Status.OK),
        (100, Status.REWIND),
        (400, Status.OK),
    ]


def test_after_two_moves_a_silence_can_be_told_from_a_rhythm_and_not_after_one() -> None:
    def stuck_after(moves: int) -> list[Observation]:
        return looks(range(0, 1201, 100), lambda at: min(at, 100 * moves), lambda at: 1000 + at)

    assert told(stuck_after(1)) == [(0, Status.OK)]
    assert told(stuck_after(2)) == [(0, Status.OK), (400, Status.STALL)]


def test_a_sampled_window_is_complete_once_it_has_been_watched_for_as_long() -> None:
    found = [partition(each).complete for each in judged(looks(range(0, 181, 30), lambda _: 5))]

    assert found == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0])


def test_a_silence_shorter_than_the_window_is_never_bad() -> None:
    for state, status in (("Stable", Status.STALL), ("Empty", Status.STOP)):
        run = looks(range(0, 181, 30), lambda _: 5, lambda at: 1000 + at, state=state)
        assert told(run, AT_ONCE) == [(0, Status.OK), (120, status)]


def test_silence_begins_when_the_first_record_is_there_that_is_not_consumed() -> None:
    # Caught up until the record that is produced at 310 s; it is as good as committed until then.
    run = looks(range(0, 601, 30), lambda _: 1000, lambda at: 1000 if at <= 300 else 1000 + at - 300, state="Empty")

    assert told(run, AT_ONCE) == [(0, Status.OK), (420, Status.STOP)]


def test_a_partition_without_a_commit_is_ok_and_not_complete() -> None:
    history = history_of([], [(2000, 0)], capacity=10)

    assert verdict(history, current_lag=0, now=1000, settings=EvaluationSettings()) == (Status.OK, 0.0)


def test_a_lag_that_shrank_across_one_that_is_not_known_has_shrunk() -> None:
    commits = [(1000, 100_000, 200), (1500, 200_000, None), (2000, 300_000, 100)]

    assert burrow_verdict(commits, [2100], intervals=3, current_lag=100, now=310_000)[0] == Status.OK
