"""The recording in examples/: what docs/tuning.md says of it."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from click.testing import CliRunner

from examples.shop import GROUPS, INTERVAL, RECORDING
from exporter.cli import commands
from exporter.cli.replay import reports
from exporter.core.comparison import Comparison
from exporter.core.evaluation import EvaluationSettings
from exporter.core.model import Observation, Status
from exporter.recording import read
from exporter.schema import durations
from exporter.settings import EVALUATION
from tests.support.repository import ROOT

TEXT = (ROOT / "docs" / "tuning.md").read_text("utf-8")
DATA = gzip.decompress(RECORDING.read_bytes())
SEEN: list[Observation] = [seen for _, seen in read(DATA.splitlines())]


def worst(settings: EvaluationSettings) -> dict[str, list[str]]:
    """The statuses of each group's partitions over the recording, repeats left out."""
    found: dict[str, list[str]] = {}
    for each in reports(SEEN, lambda _: settings):
        for name, group in each.groups.items():
            rows = next(iter(group.topics.values()))
            status = max(each.columns.verdicts.status[rows].tolist())
            word = {1: "OK", 2: "WARN", 4: "STOP", 5: "STALL", 6: "REWIND"}[status]
            if found.setdefault(name, [word])[-1] != word:
                found[name].append(word)
    return found


def test_it_is_small_and_names_nobody() -> None:
    assert RECORDING.stat().st_size < 50_000
    assert not re.search(rb"\d+\.\d+\.\d+\.\d+|localhost|/home|/tmp|@", DATA)
    assert {name for seen in SEEN for name in seen.groups} == set(GROUPS)


def test_it_lasts_as_long_as_is_said() -> None:
    gaps = [(later.at - earlier.at) / 1000 for earlier, later in pairwise(SEEN)]

    assert sum(gaps) == pytest.approx(20 * 60, rel=0.05)
    assert sorted(gaps)[len(gaps) // 2] == pytest.approx(INTERVAL, abs=1)


def test_the_page_explains_each_group() -> None:
    table = TEXT.partition("### The recording")[2].partition("### ")[0]

    assert re.findall(r"^\| ([\w-]+) \| .* \| (\w+)", table, re.MULTILINE)[1:] == [
        ("billing", "OK"),
        ("newsletter", "OK"),
        ("warehouse-export", "OK"),
        ("shipping", "OK"),
        ("search-indexer", "STOP"),
        ("recommendations", "WARN"),
        ("fraud-check", "REWIND"),
    ]


def test_the_defaults_tell_what_is_wrong_and_one_thing_that_is_not() -> None:
    found = worst(EvaluationSettings())

    assert found["billing"] == found["newsletter"] == found["warehouse-export"] == ["OK"]
    assert found["search-indexer"] == ["OK", "STOP"]
    assert found["recommendations"] == ["OK", "WARN"]
    assert found["fraud-check"] == ["OK", "REWIND", "OK"]
    assert found["shipping"] == ["OK", "STOP", "OK"]


def test_the_longer_window_tells_only_what_is_wrong() -> None:
    for window in (240, 300):
        found = worst(EvaluationSettings(window=window))

        assert [name for name, statuses in found.items() if statuses == ["OK"]] == [
            "billing",
            "newsletter",
            "shipping",
            "warehouse-export",
        ]
        assert (found["search-indexer"], found["recommendations"]) == (["OK", "STOP"], ["OK", "WARN"])
    assert "STOP" in worst(EvaluationSettings(window=210))["shipping"]


def test_too_little_patience_takes_a_pace_that_is_not_known_yet_for_a_stall() -> None:
    assert worst(EvaluationSettings(patience=240))["warehouse-export"] == ["OK", "STALL", "OK"]
    assert worst(EvaluationSettings(patience=300))["warehouse-export"] == ["OK"]


def later(name: str, **changed: float) -> float:
    """By how many seconds a group is told later than with the defaults."""
    comparison = Comparison((EvaluationSettings(), replace(EvaluationSettings(), **changed)))
    for seen in SEEN:
        comparison.add(seen)
    (first, *_) = [one for one in comparison.differences() if one.group == name]
    assert first.statuses[1] == Status.OK
    return first.seconds


def test_the_price_is_what_is_said() -> None:
    assert later("search-indexer", window=240) == pytest.approx(120, abs=2)
    assert later("recommendations", window=240) == pytest.approx(240, abs=2)
    assert "B reports the crash two minutes later than A, and the slow consumer four minutes" in " ".join(TEXT.split())


def test_the_keys_of_the_json_are_those_that_are_explained() -> None:
    arguments = ["replay", "-", "--compare", "window=300s", "--format", "json"]
    result = CliRunner().invoke(commands, arguments, input=DATA)
    (found,) = json.loads(result.stdout)["clusters"]

    section = TEXT.partition("## Reading the output")[2]
    rows = re.findall(r"^\| (`.+?`) \| (.*) \|$", section, re.MULTILINE)
    keys: dict[str, Any] = {key: text for cell, text in rows for key in re.findall(r"`(\w+)`", cell)}

    assert list(keys)[1:] == list(found)
    assert [key for key in re.findall(r"`(\w+)`", keys["differences"]) if key != "null"] == list(
        found["differences"][0]
    )
    assert re.findall(r"`(\w+)`", keys["groups"]) == list(found["groups"][0])


def test_the_settings_and_their_defaults_are_those_of_the_evaluation() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d\w*) \|", TEXT, re.MULTILINE)

    assert {key: durations.read(value) for key, value in rows} == {
        key: EVALUATION.default(key) for key in EVALUATION.parts
    }
