"""docs/history.md describes what is in a file and how large it is, and has a test for each row of the life cycle."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from exporter.core.evaluation import MAX_ENTRIES, MIN_CAPACITY, EvaluationSettings
from exporter.core.falling import BURST_WINDOWS
from exporter.core.history import capacity
from exporter.core.rhythm import FADE, MAX_MOVES
from exporter.core.timeline import GROWTH, Timeline, lag_in_seconds, thinned
from exporter.storage import (
    BYTES_PER_SECOND,
    FORMAT,
    JOURNAL_SUFFIX,
    MIN_INTERVAL,
    SHARE_OF_TIME,
    SUFFIX,
    WHOLE_SECONDS,
    columns_of,
    write,
)
from exporter.storage.journal import JOURNAL_FORMAT
from tests.support.observations import folded, group, observation
from tests.support.repository import ROOT
from tests.unit import test_life_cycle_of_clusters
from tests.unit.core import test_life_cycle_of_groups

TEXT = (ROOT / "docs" / "history.md").read_text("utf-8")
PROSE = " ".join(TEXT.split())
"""The text without its line breaks."""
HISTORY = folded(
    [
        observation(at, {"g": group({"t": [1, 2], "u": [3, 4, 5]})}, {"t": [9, 9], "u": [9, 9, 9], "v": [9, 9]})
        for at in range(0, 100, 30)
    ]
)
SIZES = {"R": 7, "G": 5, "C": capacity(EvaluationSettings()), "T": 4}


def test_the_arrays_are_those_that_are_described() -> None:
    described = re.findall(r"^\| `(\w+)` \| (\w+) \| ([RGCT ×]+|bytes) \|", TEXT, re.MULTILINE)
    found = columns_of(HISTORY)

    assert [name for name, _, _ in described] == list(found)
    for name, kind, shape in described:
        assert str(found[name].dtype) == kind, name
        if shape != "bytes":
            assert found[name].shape == tuple(SIZES[letter] for letter in shape.split(" × ")), name


def test_the_json_has_the_keys_that_are_described() -> None:
    about = json.loads(columns_of(HISTORY)["about"].tobytes())

    assert re.findall(r"^\| `(\w+)` \| [^|]+ \|$", TEXT.partition("`about` names the rows")[2], re.MULTILINE) == list(
        about
    )
    assert about["topics"] == [["t", 2], ["u", 3], ["v", 2]]
    assert about["group_topics"] == [[["g", "t"], 2], [["g", "u"], 3]]


def _bytes(R: int, G: int, C: int, T: int) -> int:  # noqa: N803 - the letters of the page
    (formula,) = re.findall(r"^    (R × .*) bytes$", TEXT, re.MULTILINE)
    python = re.sub(r"(\d) ([A-Z])", r"\1 * \2", formula.replace("×", "*"))
    size: int = eval(python, {"R": R, "G": G, "C": C, "T": T})  # noqa: S307
    return size


def test_the_size_is_that_of_the_formula(tmp_path: Path) -> None:
    arrays = columns_of(HISTORY)

    expected = _bytes(**SIZES)

    assert sum(array.nbytes for name, array in arrays.items() if name not in {"about", "timeline_time"}) == expected
    # Each member of the zip has its name and description besides, and is compressed.
    assert 0 < write(tmp_path / "file", HISTORY) < expected + arrays["about"].nbytes + 10_000
    large = _bytes(R=10_000, G=100_000, C=capacity(EvaluationSettings()), T=80)
    assert f"{round(large / 1e6)} MB in memory" in TEXT


def test_a_day_takes_as_many_columns_as_is_said() -> None:
    times: tuple[int, ...] = ()
    for at in range(0, 90_000, 30):
        times = (*times, 1000 * at)
        times = tuple(times[position] for position in thinned(times))

    assert 75 <= len(times) <= 85
    assert "about eighty" in PROSE
    assert GROWTH == 1 / 8
    assert "an eighth of itself" in PROSE


def test_the_numbers_of_the_storage_are_those_in_the_page() -> None:
    assert f"Format {FORMAT}." in PROSE
    assert f"at least {MIN_INTERVAL:g} s, at least {1 / SHARE_OF_TIME:g} times as long" in PROSE
    assert f"average below {BYTES_PER_SECOND / 1e6:g} MB a second" in PROSE
    assert f"every {WHOLE_SECONDS / 60:g} minutes" in PROSE
    assert f"`CLUSTER{JOURNAL_SUFFIX}`" in PROSE
    assert f"`{JOURNAL_FORMAT.decode()}`" in PROSE
    assert f"`CLUSTER{SUFFIX}`" in PROSE
    assert f"at least {MIN_CAPACITY} and `intervals`, at most {MAX_ENTRIES}" in PROSE
    assert f"forgotten after {1 / FADE:g} times its own length" in PROSE
    assert f"at most {MAX_MOVES:,}" in PROSE
    assert BURST_WINDOWS == 2.5
    assert "enough to span two and a half times `window`" in PROSE
    assert f"C* entries per window ({capacity(EvaluationSettings())} by default)" in PROSE


def test_the_example_of_lag_in_seconds_is_right() -> None:
    timeline = Timeline((0, 10_000), (np.array([100]), np.array([200])))
    rows, committed, end = np.array([0]), np.array([150]), np.array([200])

    seconds, bound = lag_in_seconds(timeline, rows, committed=committed, end=end, lag=end - committed, at=30_000)

    assert (seconds.tolist(), bound.tolist()) == ([25.0], [False])
    assert "end offsets 100 at 0 s and 200 at 10 s, and a commit of 150; at 30 s the group is 25 s behind." in PROSE


def documented() -> list[str]:
    """The first cell of each row of the table, as the name of a test."""
    section = TEXT.partition("## The life cycle\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| \*\*(.+?)\*\* \|", section, re.MULTILINE)
    return ["test_" + re.sub(r"\W+", "_", row.lower()).strip("_") for row in rows]


def test_every_row_of_the_life_cycle_has_its_test_and_every_test_its_row() -> None:
    both = [*vars(test_life_cycle_of_groups), *vars(test_life_cycle_of_clusters)]
    tests = [name for name in both if name.startswith("test_")]

    assert sorted(documented()) == sorted(tests)
    assert documented() == tests, "the table and the tests are in the same order"
