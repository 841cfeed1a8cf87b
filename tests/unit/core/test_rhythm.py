"""How long a partition is usually silent, how long it may be, and what becomes of consumers of every rhythm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from exporter.core.evaluation import EvaluationSettings
from exporter.core.gaps import gapless_clock
from exporter.core.model import Observation, Status
from exporter.core.rhythm import (
    FADE,
    FEW_SILENCES,
    LEFT_OUT,
    MARGIN,
    OUTLIER,
    Beat,
    Rhythm,
    followed,
    shared_by_block,
    tolerated_silence,
    usual_silence,
)
from exporter.core.rules import Rule
from tests.support.looks import DEFAULT, HOUR, judged, looks, partition, told
from tests.support.observations import group, observation, statuses

WINDOW = DEFAULT.window


def remembered(longest: float, second: float, moves: int) -> Rhythm:
    def of(value: float) -> np.ndarray:
        return np.array([value], dtype=np.float32)

    return replace(Rhythm.empty(1), longest=of(longest), second=of(second), moves=np.array([moves], dtype=np.int16))


def usual(rhythm: Rhythm) -> float:
    return float(usual_silence(rhythm)[0][0])


def tolerated(usual_seconds: float, silences: int, mean: float = 0.0) -> float:
    def of(value: float) -> np.ndarray:
        return np.array([value], dtype=np.float32)

    found = tolerated_silence(
        of(usual_seconds), of(mean), np.array([silences]), window=WINDOW, step=0.0, unknown=DEFAULT.patience
    )
    return float(found[0])


def later(rhythm: Rhythm, elapsed: float, *, at: int = 0, moved: bool = False, waiting: float = 0.0) -> Rhythm:
    """The rhythm after one more look at ``at`` (s), so many seconds after the one before."""
    yes = np.array([True])
    beat = Beat(
        at=at * 1000,
        elapsed=elapsed,
        outage=1e9,
        present=yes,
        readable=yes,
        moved=np.array([moved]),
        appeared=~yes,
        caught_up=np.array([waiting == 0]),
        waiting=np.array([waiting], dtype=np.float32),
        live=yes,
    )
    return followed(rhythm, beat, gapless_clock((), 0))


def test_the_longest_silence_is_the_usual_one() -> None:
    assert usual(remembered(600, 590, 10)) == 600


def test_a_silence_far_longer_than_all_others_was_an_incident() -> None:
    assert usual(remembered(OUTLIER * 60 + 1, 60, 10)) == 60
    assert usual(remembered(OUTLIER * 60, 60, 10)) == OUTLIER * 60


def test_among_few_silences_an_incident_cannot_be_told_from_a_rhythm() -> None:
    assert usual(remembered(3000, 60, FEW_SILENCES + 1)) == 3000
    assert usual(remembered(3000, 60, FEW_SILENCES + 2)) == 60


def test_what_is_remembered_fades() -> None:
    known = replace(remembered(3600, 3000, 10), known=np.array([True]))

    after = later(known, 3200)

    assert after.longest.tolist() == [3600 - 3200 * FADE]
    assert after.second.tolist() == [3000 - 3200 * FADE]
    assert later(known, 3600 / FADE).longest.tolist() == [0]


def test_a_silence_counts_as_long_as_it_was_seen_to_last() -> None:
    rhythm = Rhythm.empty(1)
    for at in range(0, 181, 30):
        rhythm = later(rhythm, 30, at=at, moved=at in (30, 180), waiting=1000)

    assert rhythm.moves.tolist() == [2]
    # From the move to the fourth look after it; whether it lasted any longer nobody saw.
    assert rhythm.longest.tolist() == [120]


def test_the_fewer_silences_were_seen_the_longer_one_may_last() -> None:
    may = [tolerated(600, silences) for silences in (1, 2, 5, 20, 1000)]

    assert may == sorted(may, reverse=True)
    assert len({*may}) == len(may)
    assert may[-1] == pytest.approx(WINDOW + MARGIN * 600, rel=0.01)
    assert may[0] > 4 * 600


def test_without_a_silence_it_is_as_long_as_the_patience() -> None:
    assert tolerated(0, 0) == DEFAULT.patience
    assert tolerated(0, 1) == WINDOW


def test_one_commit_may_be_left_out() -> None:
    assert tolerated(600, 1000, mean=600) == WINDOW + LEFT_OUT * 600


def test_a_silence_that_was_seen_may_have_been_longer_by_the_distance_of_looks() -> None:
    def may(step: float) -> float:
        one = np.array([600.0], dtype=np.float32)
        return float(tolerated_silence(one, one * 0, np.array([1000]), window=WINDOW, step=step, unknown=0.0)[0])

    assert may(60) - may(0) == pytest.approx(MARGIN * 60, rel=0.01)


def test_partitions_of_which_nothing_is_known_are_like_the_slowest_of_their_topic() -> None:
    seconds, silences = shared_by_block(
        np.array([60, 0, 300, 0, 0], dtype=np.float32), np.array([9, 0, 4, 0, 0]), np.array([0, 3, 3, 5])
    )

    assert seconds.tolist() == [60, 300, 300, 0, 0]
    assert silences.tolist() == [9, 4, 4, 0, 0]


def every(period: int, until: int, *, step: int = 30) -> list[Observation]:
    """A live consumer that commits all there is each so many seconds."""
    return looks(range(0, until + 1, step), lambda at: at // period * period)


@pytest.mark.parametrize("step", [15, 30, 60])
@pytest.mark.parametrize("period", [10, 100, 180, 300, 420, 900, 1800])
def test_a_consumer_that_commits_regularly_is_ok_all_the_time(period: int, step: int) -> None:
    assert told(every(period, 2 * HOUR, step=step)) == [(0, Status.OK)]


@pytest.mark.parametrize(("period", "within"), [(10, 150), (300, 900), (900, 2400)])
def test_it_is_a_stall_once_it_is_silent_for_longer_than_that(period: int, within: int) -> None:
    stops = 2 * HOUR // period * period
    run = [*every(period, stops), *looks(range(stops + 30, stops + HOUR, 30), lambda _: stops)]

    reports = [partition(each) for each in judged(run)]
    bad = [each.status == Status.STALL for each in reports]
    first = bad.index(True)

    assert all(bad[first:])
    assert WINDOW <= first * 30 - stops <= within
    for each in reports:
        why = each.reason()
        assert (each.status == Status.STALL) == (why.silence >= why.tolerated_silence)


def test_it_says_that_it_pauses_and_how_long_it_may() -> None:
    why = partition(judged(every(900, 2 * HOUR + 600))[-1]).reason()

    assert why.rule == Rule.PAUSING
    assert why.silence == 600
    assert why.usual_silence == pytest.approx(870, abs=60)
    assert why.tolerated_silence > 900 + WINDOW


def test_one_incident_does_not_blind_it_for_the_next() -> None:
    first, second = HOUR, 2 * HOUR
    run = [
        *looks(range(0, first, 30), lambda at: at // 60 * 60),
        *looks(range(first, first + 1800, 30), lambda _: first),
        *looks(range(first + 1800, second, 30), lambda at: at // 60 * 60),
        *looks(range(second, second + 1800, 30), lambda _: second),
    ]

    found = told(run)

    assert [status for _, status in found] == [Status.OK, Status.STALL, Status.OK, Status.STALL]
    assert found[1][0] - first < 300
    assert found[3][0] - second < 300


def test_a_rhythm_that_is_not_known_is_waited_for() -> None:
    stuck = looks(range(0, HOUR + 61, 30), lambda _: 0)

    assert told(stuck) == [(0, Status.OK), (HOUR, Status.STALL)]
    assert told(stuck, EvaluationSettings(patience=600)) == [(0, Status.OK), (600, Status.STALL)]


def test_a_partition_is_judged_by_the_rhythm_of_the_others_until_its_own_is_known() -> None:
    def both(commits_of_other: int) -> list[Status]:
        run = [
            observation(at, {"g": group({"t": [0, at // commits_of_other * commits_of_other]})}, {"t": [1000 + at, at]})
            for at in range(0, 901, 30)
        ]
        return [statuses(each)[0] for each in judged(run)]

    assert both(commits_of_other=30)[:6] == [Status.OK] * 4 + [Status.STALL] * 2
    assert set(both(commits_of_other=300)) == {Status.OK}


def test_a_group_that_appears_is_known_from_its_first_commit_on() -> None:
    # It commits at 60 s and 360 s; its own silence of 300 s is known, although only one move of the offset was seen.
    before = [observation(at, {"other": group({"t": [0]})}, {"t": [at]}) for at in (0, 30)]
    appeared = [
        observation(at, {"g": group({"t": [60 if at < 360 else 360]}), "other": group({"t": [0]})}, {"t": [at]})
        for at in range(60, 421, 30)
    ]

    whole, cut = (partition(judged(run)[-1]).reason() for run in ([*before, *appeared], appeared))

    assert whole.usual_silence == pytest.approx(270, abs=30)
    assert cut.usual_silence is None
