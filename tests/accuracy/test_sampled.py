"""What a scrape makes of the traces must be no worse than what the README promises."""

import pytest

from exporter.core.evaluation import EvaluationSettings
from tests.accuracy.sampling import (
    JITTER_SEEDS,
    Choice,
    burrow_verdicts,
    cadence_score,
    every,
    jittered,
    judged,
    sampled_score,
    two_out_of_phase,
)
from tests.accuracy.scoring import SETTLED, Verdict, score, total
from tests.accuracy.traces import START, with_burrow


def test_scoring_burrows_own_verdicts_gives_the_figures_known_for_it() -> None:
    burrow = score(with_burrow(), burrow_verdicts(with_burrow()))

    assert (burrow.false_alarms, burrow.detected, burrow.incidents) == (12, 74, 90)
    assert round(100 * burrow.false_alarm_ratio, 2) == 0.13


def test_scraped_every_30_s_all_incidents_are_found_without_a_false_alarm() -> None:
    ours = sampled_score()

    assert ours.false_alarms == 0
    assert (ours.detected, ours.incidents) == (90, 90)
    assert ours.median_delay is not None
    assert ours.median_delay <= 210


def test_a_window_that_is_still_filling_raises_no_false_alarm() -> None:
    def early(verdicts: list[list[Verdict]]) -> int:
        """Alarms before the time from which they are scored, at traces in which nothing was wrong until then."""
        return sum(
            verdict.alarm and verdict.at - START <= SETTLED
            for trace, found in zip(with_burrow(), verdicts, strict=True)
            if not any(incident.start - START <= SETTLED for incident in trace.incidents)
            for verdict in found
        )

    assert early(judged(with_burrow(), EvaluationSettings())) == 0
    assert early(burrow_verdicts(with_burrow())) > 0


@pytest.mark.parametrize(
    ("choice", "false_alarms", "detected", "delay"),
    [
        pytest.param(every(5), 0.0000, 89, 195, id="every 5 s"),
        pytest.param(every(10), 0.0000, 89, 199, id="every 10 s"),
        pytest.param(every(15), 0.0000, 88, 199, id="every 15 s"),
        pytest.param(every(30), 0.0000, 88, 205, id="every 30 s"),
        pytest.param(two_out_of_phase, 0.0000, 88, 202, id="two scrapers"),
        pytest.param(every(60), 0.0000, 85, 258, id="every 60 s"),
    ],
)
def test_verdicts_hardly_depend_on_how_often_the_exporter_is_scraped(
    choice: Choice, false_alarms: float, detected: int, delay: float
) -> None:
    ours = cadence_score(choice)

    # To the two digits of a percent in which the figures are given.
    assert round(ours.false_alarm_ratio, 4) <= false_alarms
    assert ours.detected >= detected
    assert ours.median_delay is not None
    assert ours.median_delay <= delay


def test_jitter_and_missed_scrapes_cost_little() -> None:
    runs = [cadence_score(jittered(seed)) for seed in JITTER_SEEDS]
    ours = total(runs)

    assert round(ours.false_alarm_ratio, 4) <= 0.0001
    assert ours.detected / len(runs) >= 86.5
    assert ours.median_delay is not None
    assert ours.median_delay <= 227
