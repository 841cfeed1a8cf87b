"""The alerts that the stories play are those that are shipped: nothing differs but durations and addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.config import load
from exporter.core.evaluation import EvaluationSettings
from exporter.settings import Cluster, Collection
from testbed import alerting
from testbed.alerting import ALERTMANAGER, PROMETHEUS, RULES, SCALE, TEMPLATES
from testbed.servers import Server

UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "y": 31_536_000_000}
SECONDS = re.compile(r"(?<=^vector\()\d+(?=\)$)")
"""The constants of the rules; they are times where their name says so."""

LENGTHS = re.compile(r"(?<![\w.%-])(\d+)(ms|[smhdwy])(?!\w)")
Leaves = dict[tuple[str | int, ...], Any]


def leaves(tree: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value of a tree of YAML that has no values in it, with the way there."""
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else None
    if children is None:
        yield path, tree
        return
    for key, child in children:
        yield from leaves(child, (*path, key))


def read(text: str) -> Leaves:
    return dict(leaves(yaml.safe_load(text)))


def lengths(value: Any, *, seconds: bool) -> list[int]:
    """All durations in a text, in ms."""
    if not isinstance(value, str):
        return []
    found = [int(number) * UNITS[unit] for number, unit in LENGTHS.findall(value)]
    return found + [int(number) * 1000 for number in SECONDS.findall(value)] if seconds else found


def assert_only_durations_differ(shipped: Leaves, played: Leaves, names: dict[tuple[str | int, ...], str]) -> None:
    assert played.keys() == shipped.keys()
    for path, value in shipped.items():
        seconds = re.fullmatch(r"burrow:\w+:seconds", names.get(path[:-1], "")) is not None
        assert [each * SCALE for each in lengths(played[path], seconds=seconds)] == lengths(value, seconds=seconds), (
            path
        )
        same = played[path] == value
        if not same:
            number = SECONDS if seconds else LENGTHS
            assert number.sub("_", played[path]) == number.sub("_", value), path
            assert lengths(value, seconds=seconds), path


def test_the_rules_differ_by_durations_alone() -> None:
    shipped, played = read(RULES.read_text()), read(alerting.rules())
    names = {path[:-1]: value for path, value in shipped.items() if path[-1] == "record"}
    assert_only_durations_differ(shipped, played, names)
    assert len([path for path in shipped if shipped[path] != played[path]]) > 60
    thresholds = {"burrow:young_verdict:seconds": "vector(30)", "burrow:lag_warning:seconds": "vector(60)"}
    assert thresholds.items() <= {name: played[*path, "expr"] for path, name in names.items()}.items()


def test_alertmanager_differs_by_durations_and_the_addresses_and_secrets_of_the_hooks(tmp_path: Path) -> None:
    shipped, played = read(ALERTMANAGER.read_text()), read(alerting.alertmanager(tmp_path, "http://127.0.0.1:9"))
    assert played.pop(("global", "pagerduty_url")) == "http://127.0.0.1:9/pagerduty"
    of_slack = ("global", "slack_api_url_file")
    assert Path(played[of_slack]).read_text() == "http://127.0.0.1:9/slack"
    (of_pagerduty,) = (path for path in shipped if path[-1] == "routing_key_file")
    assert len(Path(played[of_pagerduty]).read_text()) == 32
    for path in (of_slack, of_pagerduty):
        del shipped[path], played[path]
    assert_only_durations_differ(shipped, played, {})
    assert played["route", "group_wait"] == "3s"


def test_the_templates_are_those_that_are_shipped(tmp_path: Path) -> None:
    alerting.alertmanager(tmp_path, "http://127.0.0.1:9")
    copies = {file.name: file.read_bytes() for file in (tmp_path / "templates").iterdir()}
    assert copies == {file.name: file.read_bytes() for file in TEMPLATES.iterdir()}


def test_prometheus_is_set_up_like_that_of_the_deployment_but_for_addresses_and_what_tells_replicas_apart(
    tmp_path: Path,
) -> None:
    target = Server("nobody", lambda address: [], tmp_path)
    shipped = yaml.safe_load(PROMETHEUS.read_text())
    played = yaml.safe_load(alerting.prometheus(tmp_path / "rules.yml", target, [target], "a"))
    assert played["global"].pop("external_labels") == {"replica": "a"}
    assert_only_durations_differ(dict(leaves(shipped["global"])), dict(leaves(played["global"])), {})
    assert played["rule_files"] == [str(tmp_path / "rules.yml")]
    assert played["scrape_configs"] == [
        {**shipped["scrape_configs"][0], "static_configs": [{"targets": [target.address]}]}
    ]
    guide = (alerting.ROOT / "docs/alerting.md").read_text()
    assert "- {action: labeldrop, regex: replica}" in guide
    assert played["alerting"] == {
        "alertmanagers": [{"static_configs": [{"targets": [target.address]}]}],
        "alert_relabel_configs": [{"action": "labeldrop", "regex": "replica"}],
    }


@pytest.mark.parametrize(("usual", "fast"), [("30s", "3s"), ("27s", "2700ms"), ("1d", "8640s"), ("500ms", "50ms")])
def test_a_duration_becomes_a_tenth(usual: str, fast: str) -> None:
    assert alerting.faster(usual) == fast


def test_a_duration_that_has_no_tenth_is_not_rounded() -> None:
    with pytest.raises(ValueError, match="15ms cannot be divided by 10"):
        alerting.faster("15ms")


def test_the_exporter_differs_from_its_defaults_by_durations_alone(tmp_path: Path) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text(yaml.safe_dump(alerting.exporter({"shop": {"bootstrap_servers": ["localhost:9092"]}})))
    played = load(file)
    (cluster,) = played.clusters
    usual = {"": Cluster("shop", ("localhost:9092",)), "evaluation": EvaluationSettings(), "collection": Collection()}
    fast = {"": cluster, "evaluation": cluster.evaluation, "collection": played.collection}
    differing = set()
    for part, settings in usual.items():
        for field in fields(settings):
            before, now = getattr(settings, field.name), getattr(fast[part], field.name)
            if field.name != "evaluation" and before != now:
                assert now * SCALE == pytest.approx(before)
                differing.add(field.name)
    assert differing == {
        "window", "patience", "min_distance", "members_refresh", "min_interval", "timeout_offset", "max_report_age",
    }  # fmt: skip
