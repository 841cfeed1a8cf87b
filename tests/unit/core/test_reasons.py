"""The sentence that says why a partition has its status."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import empty
from exporter.core.model import GroupObservation, Observation, Status
from exporter.core.reasons import Reason
from exporter.core.rules import Rule
from exporter.wording import duration, explanation

START = 1_700_000_000_000
SETTINGS = EvaluationSettings(window=120, min_distance=27, allowed_lag=5)


def told(looks: Sequence[tuple[int, int]], *, alive: bool = True, extra: Sequence[int] = ()) -> tuple[Status, Reason]:
    """Status and reason after looks of (committed, end) 30 s apart; ``extra`` are ends while nobody is there."""
    history = empty(SETTINGS)
    committed = looks[-1][0]
    rows = [(*look, alive) for look in looks] + [(committed, end, False) for end in extra]
    for number, (commit, end, live) in enumerate(rows):
        seen = Observation(
            cluster="c",
            at=START + number * 30_000,
            groups={"g": GroupObservation("Stable" if live else "Empty", {"t": np.array([commit])})},
            end_offsets={"t": np.array([end])},
        )
        history, report = advance(history, seen, SETTINGS)
    (partition,) = report.partitions(report.groups["g"])
    return partition.status, partition.reason()


@pytest.mark.parametrize(
    ("looks", "extra", "status", "rule", "sentence"),
    [
        ([(100, 100)] * 6, (), Status.OK, Rule.CAUGHT_UP, "caught up at offset 100"),
        ([(100, 104)] * 6, (), Status.OK, Rule.CAUGHT_UP, "4 behind, which is within the allowed 5"),
        ([(1000, 4120)] * 2, (), Status.OK, Rule.YOUNG, "3,120 behind; watched for 30 s, too short to say more"),
        (
            [(1000, 1500)] * 6,
            (),
            Status.STALL,
            Rule.STALLED,
            "has stayed at 1,000 for 2 min while a consumer is assigned; 500 behind",
        ),
        (
            [(1000 + 10 * i, 1500 + 100 * i) for i in range(6)],
            (),
            Status.WARN,
            Rule.FALLING_BEHIND,
            "its lag did not shrink for 2 min, though it consumed 40; 950 behind",
        ),
        (
            [(4000 + 24 * i, 4000 + 24 * i) for i in range(6)],
            [4200 + 20 * i for i in range(8)],
            Status.STOP,
            Rule.STOPPED,
            "has committed nothing for 4 min, since offset 4,120; the window spans 2 min; 220 behind",
        ),
        (
            [(5000, 5000)] * 5 + [(300, 5100)],
            (),
            Status.REWIND,
            Rule.REWOUND,
            "went back from 5,000 to 300; 4,800 behind",
        ),
        (
            [(5000, 5000)] * 4 + [(0, 5100), (4900, 5200)],
            (),
            Status.REWIND,
            Rule.REWOUND,
            "went back from 5,000 to 0 and is at 4,900 again; 300 behind",
        ),
        (
            [(1000, 9000), (3000, 9100), (5000, 9200), (6000, 9300), (7000, 9400), (8000, 9500)],
            (),
            Status.OK,
            Rule.KEEPING_UP,
            "1,500 behind, but it keeps up: 5,000 consumed; the window spans 2 min",
        ),
        (
            [(100, 100)] * 6,
            [100, 100, 120],
            Status.OK,
            Rule.KEEPING_UP,
            "20 behind, but it was caught up less than 3 min 30 s ago",
        ),
        (
            [(100, 100)] * 6,
            [100, 100, 100, 100, 120],
            Status.OK,
            Rule.KEEPING_UP,
            "20 behind, but it was caught up less than 2 min 30 s ago",
        ),
    ],
)
def test_each_rule_says_what_it_saw(
    looks: Sequence[tuple[int, int]], extra: Sequence[int], status: Status, rule: Rule, sentence: str
) -> None:
    got, why = told(looks, extra=extra)
    assert (got, why.rule) == (status, rule)
    assert explanation(why) == sentence


def test_a_reason_is_plain_data() -> None:
    _, why = told([(100, 100)] * 6)
    assert why.as_data() == {
        "rule": "caught_up",
        "current_lag": 0,
        "allowed_lag": 5,
        "commits": 5,
        "span": 120.0,
        "silence": 0.0,
        "first_offset": 100,
        "last_offset": 100,
        "highest_offset": 100,
        "lowest_offset": 100,
        "recent": 150,
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
