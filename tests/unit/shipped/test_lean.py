"""Alerts and dashboards with the lean choice of families: the same timelines, without the series that it leaves out."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.metrics.catalogue import CLUSTER_FAMILIES
from exporter.metrics.presets import LEAN
from tests.support.repository import ROOT
from tools.dashboards.checks.board import boards
from tools.series import RULES, asked_by_alerts, asked_by_panels


def name_of(series: dict[str, str]) -> str:
    return re.split(r"[{\s]", series["series"])[0]


LEFT_OUT = {family.name for family in CLUSTER_FAMILIES} - LEAN
DIFFERENT = {
    # A group has left a topic, and that topic counts: where its records are lost, and how long they wait.
    "records of a topic that the group consumes no longer are not lost to it",
    "what a group left behind on a topic grows old, and neither pages for its age nor is listed with what is stopped",
    # Records are lost while the margin says nothing of it, as where a log was emptied.
    "lost records are told",
    "lost records resolve once the group commits behind them",
    "what was lost, or nearly so, is not called resolved while the cluster cannot be read",
    "lost records that were not told before the cluster went away are not told while nobody can see them",
}
"""The timelines that go otherwise; docs/metrics.md says so."""

ASKED = LEFT_OUT & frozenset[str]().union(*asked_by_alerts().values())
"""What alerts ask for of what is left out; without it a timeline is as it was, and needs no second run."""

WHOLE = {file: yaml.safe_load(file.read_text()) for file in sorted((ROOT / "alerts/tests").glob("*.yml"))}
CONCERNED = {
    file: [
        timeline
        for timeline in whole["tests"]
        if timeline["name"] not in DIFFERENT and not ASKED.isdisjoint(map(name_of, timeline["input_series"]))
    ]
    for file, whole in WHOLE.items()
}


def lean(timeline: dict[str, Any]) -> dict[str, Any]:
    """The timeline without the series that are left out, and what is expected without the texts."""
    series = [one for one in timeline["input_series"] if name_of(one) not in LEFT_OUT]
    steps = [
        {**step, "exp_alerts": [{"exp_labels": alert.get("exp_labels", {})} for alert in step["exp_alerts"] or ()]}
        for step in timeline.get("alert_rule_test", [])
    ]
    return {**timeline, "input_series": series, "alert_rule_test": steps}


def without_texts(rules: dict[str, Any]) -> dict[str, Any]:
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule.pop("annotations", None)
    return rules


@pytest.mark.parametrize("file", [file for file in WHOLE if CONCERNED[file]], ids=lambda file: file.stem)
def test_alerts_fire_with_the_lean_families_as_they_do_with_all(file: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(without_texts(yaml.safe_load(RULES.read_text()))))
    tests = [lean(timeline) for timeline in CONCERNED[file]]
    (tmp_path / "test.yml").write_text(yaml.safe_dump({**WHOLE[file], "rule_files": ["rules.yml"], "tests": tests}))
    done = subprocess.run(
        ["promtool", "test", "rules", tmp_path / "test.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_timelines_that_go_otherwise_are_there() -> None:
    assert {timeline["name"] for whole in WHOLE.values() for timeline in whole["tests"]} >= DIFFERENT
    assert sum(map(len, CONCERNED.values())) > 3


def test_no_alert_rests_on_a_family_that_is_left_out_but_for_what_the_documentation_says() -> None:
    missed = {family for families in asked_by_alerts().values() for family in families & LEFT_OUT}
    assert missed == {"burrow_kafka_consumer_partition_lag_seconds", "burrow_kafka_consumer_partition_lost_records"}
    text = " ".join((ROOT / "docs/metrics.md").read_text().split())
    assert "With `lean` every alert fires as it does without" in text


def variables() -> Iterator[tuple[str, str]]:
    for board in boards():
        for variable in board.variables:
            if variable["type"] == "query":
                yield variable["name"], variable["query"]["query"]


def test_every_variable_of_the_dashboards_offers_a_choice_with_the_lean_families() -> None:
    asked = list(variables())
    assert len(asked) > 10
    assert [name for name, query in asked if set(re.findall(r"burrow_\w+", query)) & LEFT_OUT] == []


def test_the_dashboards_show_status_and_lag_with_the_lean_families() -> None:
    complete = {
        (board.json["uid"], panel)
        for board in boards()
        for panel, families in asked_by_panels(board).items()
        if families <= LEAN
    }
    assert {
        ("kafka-burrow-overview", "Groups by status"),
        ("kafka-burrow-overview", "Lag"),
        ("kafka-burrow-group", "Status"),
        ("kafka-burrow-group", "Worst partition"),
        ("kafka-burrow-group", "Status by partition"),
    } <= complete
    of_the_exporter = {
        panel for board in boards() if "exporter" in board.json["uid"] for panel in asked_by_panels(board)
    }
    assert of_the_exporter <= {panel for _, panel in complete}
