"""docs/verdicts.md knows the rules, the numbers of a reason, and the defaults."""

from __future__ import annotations

import dataclasses
import json
import re

from exporter.core.evaluation import MIN_COMMITS, EvaluationSettings
from exporter.core.falling import BEFORE, BURST_WINDOWS, GROWTH
from exporter.core.model import Status
from exporter.core.reasons import Reason
from exporter.core.resting import MAX_MARKERS, MIN_RESTS
from exporter.core.retention import LOOKBACK
from exporter.core.rhythm import FADE, LEFT_OUT, MARGIN, MARGIN_OF_ONE, OUTLIER
from exporter.core.rules import Rule
from exporter.recording import verdict_lines
from tests.support.observations import group, observation, reported
from tests.support.repository import ROOT

TEXT = (ROOT / "docs" / "verdicts.md").read_text("utf-8")


def test_the_table_of_rules_has_them_all_each_with_its_status() -> None:
    rows = re.findall(r"^\| (\w+) \| (\d) \| `(\w+)` \|", TEXT, re.MULTILINE)

    assert {rule for _, _, rule in rows} == set(Rule)
    assert all(Status[status] == int(number) for status, number, _ in rows)


def test_the_keys_of_a_reason_are_those_that_are_explained() -> None:
    _, _, rest = TEXT.partition("| key | unit | what it says |")
    table, _, _ = rest.partition("\n\n")

    explained = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)

    assert explained == [*(field.name for field in dataclasses.fields(Reason)), "sentence"]


def test_the_keys_of_a_verdict_are_those_that_are_explained() -> None:
    section = TEXT.partition("## What a line of `replay` says")[2].partition("\n## ")[0]
    (line,) = verdict_lines(reported([observation(0, {"g": group({"t": [1]})}, {"t": [2]})]))
    verdict = json.loads(line)

    first, *rest = re.findall(r"^\| (`.+?`) \|(.*)", section, re.MULTILINE)
    keys = [*re.findall(r"`(\w+)`", first[0]), *(cell.strip("`") for cell, _ in rest)]

    assert keys == list(verdict)
    assert re.findall(r"`(\w+)`", rest[-1][1]) == list(verdict["partitions"][0])


def test_the_numbers_are_the_defaults() -> None:
    default = EvaluationSettings()

    assert f"`window` ({default.window:g} s), never fewer than {['', '', '', '', 'four'][MIN_COMMITS]}" in TEXT
    assert f"`min_distance` ({default.min_distance:g} s)" in TEXT
    assert f"`patience` ({default.patience / 3600:g} h)" in TEXT
    assert f"`allowed_lag` ({default.allowed_lag})" in TEXT
    assert f"`intervals` ({default.intervals})" in TEXT
    assert f"{MARGIN:g} + {MARGIN_OF_ONE:g} / *n* times the usual silence" in TEXT
    assert f"by a second in {1 / FADE:g}" in TEXT
    assert LEFT_OUT == 2
    assert "twice the mean silence" in TEXT
    assert OUTLIER == 4
    assert "four times as long as the second longest" in TEXT
    assert GROWTH == 1 / 20
    assert "by\na twentieth of the time" in TEXT
    assert (BURST_WINDOWS, BEFORE) == (2.5, 600)
    assert "ten minutes before, a burst is given two\nand a half windows" in TEXT
    assert MIN_RESTS == 3
    assert f"three times in a row at a lag of at most {MAX_MARKERS}" in TEXT
    assert f"a quarter of `window` earlier ({default.window * LOOKBACK:g} s of {default.window:g} s)" in TEXT
