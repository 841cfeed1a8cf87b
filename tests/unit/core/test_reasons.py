"""The sentence that says why a partition has its status."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from exporter.core.evaluation import EvaluationSettings
from exporter.core.model import Observation
from exporter.core.rules import STATUS, Rule
from exporter.wording import duration, explanation
from tests.support.looks import judged, looks, partition

SETTINGS = EvaluationSettings(allowed_lag=5)
EMPTY = {"state": "Empty"}

STEADY = looks(range(0, 151, 30), lambda at: at)
EVERY_5_MIN = looks(range(0, 3601, 30), lambda at: at // 300 * 300)


def moved(upto: int, *offsets: int, end: int = 9000) -> list[Observation]:
    """One look each 30 s, the last one at ``upto``."""
    first = upto - 30 * (len(offsets) - 1)
    return looks(range(first, upto + 1, 30), lambda at: offsets[(at - first) // 30], lambda _: end)


@pytest.mark.parametrize(
    ("run", "rule", "sentence"),
    [
        pytest.param(STEADY, Rule.CAUGHT_UP, "caught up at offset 150", id="caught up"),
        pytest.param(
            looks(range(0, 151, 30), lambda at: at, lambda at: at + 4),
            Rule.CAUGHT_UP,
            "4 behind, which is within the allowed 5",
            id="within the allowed lag",
        ),
        pytest.param(
            looks([0, 30], lambda _: 1000, lambda _: 4120),
            Rule.YOUNG,
            "3,120 behind; watched for 30 s, too short to say more",
            id="young",
        ),
        pytest.param(
            moved(150, 1000, 3000, 5000, 6000, 7000, 8000),
            Rule.KEEPING_UP,
            "1,000 behind, but it keeps up: it consumed 5,000 in 2 min",
            id="keeps up",
        ),
        pytest.param(
            [*STEADY, *looks([180, 210], lambda _: 150)],
            Rule.KEEPING_UP,
            "60 behind, but only for 55 s",
            id="silent for less than the window",
        ),
        pytest.param(
            EVERY_5_MIN[:-2],
            Rule.PAUSING,
            "240 behind; has left records waiting at 3,300 for 3 min 55 s; it usually moves within {usual}, so up to"
            " {tolerated} is tolerated",
            id="pauses",
        ),
        pytest.param(
            looks(range(0, 601, 30), lambda _: 0),
            Rule.PAUSING,
            "600 behind; has left records waiting at 0 for 9 min; how often it moves is not known yet, so up to 1 h is"
            " tolerated",
            id="rhythm not known",
        ),
        pytest.param(
            [*EVERY_5_MIN, *looks(range(3630, 4501, 30), lambda _: 3600)],
            Rule.STALLED,
            "has left records waiting at 3,600 for 14 min while a consumer is assigned; it usually moves within"
            " {usual}, so up to {tolerated} is tolerated; 900 behind",
            id="stalled",
        ),
        pytest.param(
            [*EVERY_5_MIN, *looks(range(3630, 3871, 30), lambda _: 3600, **EMPTY)],
            Rule.STOPPED,
            "has left records waiting at 3,600 for 4 min 25 s, and no consumer has stayed on it; it usually moves"
            " within {usual}; 270 behind",
            id="stopped",
        ),
        pytest.param(
            looks(range(0, 1201, 30), lambda at: min(at, 600) + max(at - 600, 0) // 2),
            Rule.FALLING_BEHIND,
            "its lag grew by {growth} in {span}, although it consumed 60 in 2 min; 300 behind",
            id="falls behind",
        ),
        pytest.param(
            [*moved(120, *[5000] * 4, 4999, end=5000)[:4], *moved(150, 300, end=5100)],
            Rule.REWOUND,
            "went back from 5,000 to 300; 4,800 behind",
            id="rewound",
        ),
        pytest.param(
            [*moved(90, *[5000] * 4, end=5000), *moved(150, 0, 4900, end=5200)],
            Rule.REWOUND,
            "went back from 5,000 to 0 and is at 4,900 again; 300 behind",
            id="rewound and came up again",
        ),
    ],
)
def test_each_rule_says_what_it_saw(run: Sequence[Observation], rule: Rule, sentence: str) -> None:
    found = partition(judged(run, SETTINGS)[-1])

    assert (found.reason().rule, found.status) == (rule, STATUS[rule])
    why = found.reason()
    durations = {
        "usual": duration(why.usual_silence or 0),
        "tolerated": duration(why.tolerated_silence),
        "growth": duration(why.lag_growth),
        "span": duration(why.growth_span),
    }
    assert explanation(why) == sentence.format(**durations)


def test_a_reason_is_plain_data() -> None:
    assert partition(judged(STEADY, SETTINGS)[-1]).reason().as_data() == {
        "rule": "caught_up",
        "current_lag": 0,
        "allowed_lag": 5,
        "commits": 5,
        "span": 120.0,
        "since_commit": 0.0,
        "first_offset": 30,
        "last_offset": 150,
        "highest_offset": 150,
        "lowest_offset": 150,
        "silence": 0.0,
        "usual_silence": 0.0,
        "tolerated_silence": 120.0,
        "lag_growth": 0.0,
        "growth_span": 0.0,
        "markers": 0,
    }


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (119.4, "119 s"),
        (120, "2 min"),
        (150, "2 min 30 s"),
        (305, "5 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_duration_is_told_in_its_largest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text
