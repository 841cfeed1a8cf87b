"""Settings for some groups: how they are read, and what is wrong with them."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from exporter.config import load, warnings
from exporter.config.effective import effective_settings
from exporter.core.evaluation import OVERRIDABLE, Override
from exporter.schema import ConfigError, as_yaml
from exporter.settings import EVALUATION, OVERRIDE, Cluster, Settings, described


def read(folder: Path, overrides: str, more: str = "") -> Settings:
    """The settings of a file with one cluster and these overrides, given as the items of a list in YAML."""
    path = folder / "kbe.yml"
    path.write_text(f"clusters:\n  c:\n    bootstrap_servers: h:1\n    groups:\n      overrides:\n{overrides}{more}")
    return load(str(path))


def cluster(folder: Path, overrides: str, more: str = "") -> Cluster:
    return read(folder, overrides, more).clusters[0]


def mistakes(folder: Path, overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        read(folder, overrides)
    return [str(mistake).removeprefix(str(folder) + "/") for mistake in error.value.mistakes]


EVERYTHING = r"""
      - match: ^etl-
        topics: ^orders
        window: 30m
        patience: 2h
        min_distance: 2m
        intervals: 7
        allowed_lag: 5
        minimum_complete: 0.5
      - match: -test$
        evaluate: false
        granularity: group
        read_committed: true
"""


def test_every_setting_of_the_evaluation_can_be_overridden() -> None:
    assert set(EVALUATION.parts) < set(OVERRIDE.parts)
    assert {field.name for field in fields(Override)} - {"match", "topics"} == set(OVERRIDABLE)


def test_each_override_changes_what_it_sets_and_nothing_else(tmp_path: Path) -> None:
    judging = cluster(tmp_path, EVERYTHING, "    evaluation: {window: 77s}\n").judging
    assert judging.window == 77
    of_orders = judging.of("etl-a", "orders")
    assert (of_orders.window, of_orders.patience, of_orders.min_distance) == (1800, 7200, 120)
    assert (of_orders.intervals, of_orders.allowed_lag, of_orders.minimum_complete) == (7, 5, 0.5)
    assert of_orders.evaluate
    of_test = judging.of("a-test", "orders")
    assert (of_test.window, of_test.evaluate) == (77, False)
    assert judging.of("etl-a", "other") is judging


def test_the_first_override_that_matches_decides(tmp_path: Path) -> None:
    judging = cluster(
        tmp_path, "      - {match: a, window: 1m}\n      - {match: ab, window: 2m, patience: 3h}\n"
    ).judging
    assert judging.override_of("xabx", "t") == 0
    assert (judging.of("xabx", "t").window, judging.of("xabx", "t").patience) == (60, 3600)
    assert judging.override_of("b", "t") is None


def test_what_concerns_a_group_as_a_whole_comes_from_the_first_override_without_topics(tmp_path: Path) -> None:
    found = cluster(
        tmp_path,
        "      - {match: ^a, topics: t, window: 1m}\n"
        "      - {match: ^a$, read_committed: false, granularity: topic}\n"
        "      - {match: ^a, read_committed: true, granularity: group}\n",
        "    read_committed: ^[ab]\n",
    )
    assert [found.reads_committed(name) for name in ("a", "ab", "b", "c")] == [False, True, True, False]
    assert [found.granularity_of(name) for name in ("a", "ab", "b")] == ["topic", "group", "partition"]


def test_a_clusters_list_replaces_that_of_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "kbe.yml"
    path.write_text(
        "defaults:\n  groups:\n    deny: x\n    overrides: [{match: a, window: 5m}]\n"
        "clusters:\n  c: {bootstrap_servers: 'h:1'}\n"
        "  d: {bootstrap_servers: 'h:2', groups: {overrides: [{match: b, evaluate: false}]}}\n"
    )
    settings = load(str(path))
    first, second = settings.clusters
    assert [described(each) for each in first.groups.overrides] == ["match a: window=300s"]
    assert [described(each) for each in second.groups.overrides] == ["match b: evaluate=false"]
    assert first.groups.deny == second.groups.deny
    # `replay` judges clusters that are not listed by the defaults.
    assert settings.evaluation.overrides == first.groups.overrides


def test_an_override_in_the_defaults_alone_must_be_complete_too(tmp_path: Path) -> None:
    path = tmp_path / "kbe.yml"
    path.write_text("defaults:\n  groups:\n    overrides: [{window: 5m}]\n")
    with pytest.raises(ConfigError, match=r"defaults\.groups\.overrides\[0\]: match is missing"):
        load(str(path), clusters_needed=False)


def test_what_is_in_effect_can_be_loaded_again(tmp_path: Path) -> None:
    before = read(tmp_path, EVERYTHING)
    again = tmp_path / "again.yml"
    again.write_text(as_yaml(effective_settings(before)))
    assert load(str(again)) == before


@pytest.mark.parametrize(
    ("override", "mistake"),
    [
        (
            "{match: a, windw: 1m}",
            '6:20: clusters.c.groups.overrides[0].windw: unknown key; did you mean "window"?',
        ),
        (
            "{match: '(', window: 1m}",
            ('6:17: clusters.c.groups.overrides[0].match: "(" is not a regular expression of RE2: missing ): ('),
        ),
        (
            "{match: a, topics: '*', window: 1m}",
            (
                '6:28: clusters.c.groups.overrides[0].topics: "*" is not a regular expression of RE2:'
                " no argument for repetition operator: *"
            ),
        ),
        (
            "{match: '', window: 1m}",
            '6:17: clusters.c.groups.overrides[0].match: is empty; ".*" matches every name',
        ),
        (
            "{window: 1m}",
            "6:9: clusters.c.groups.overrides[0]: match is missing; it is a regular expression, as in ^etl-",
        ),
        (
            "{match: a, topics: b}",
            "6:9: clusters.c.groups.overrides[0]: changes nothing; give it a setting, or evaluate: false",
        ),
        (
            "{match: a, topics: b, granularity: group}",
            (
                "6:31: clusters.c.groups.overrides[0].granularity: is a matter of the whole group;"
                " put it in an override without topics"
            ),
        ),
        (
            "{match: a, evaluate: false, window: 5m}",
            "6:37: clusters.c.groups.overrides[0].window: has no effect, because evaluate is false",
        ),
        (
            "{match: a, window: 0}",
            "6:28: clusters.c.groups.overrides[0].window: must be longer than 0",
        ),
        ("a", "6:9: clusters.c.groups.overrides[0]: must be a mapping of keys, not a text"),
    ],
)
def test_a_mistake_is_one_clear_line(tmp_path: Path, override: str, mistake: str) -> None:
    assert mistakes(tmp_path, f"      - {override}\n") == [f"kbe.yml:{mistake}"]


def test_a_list_that_is_none_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "kbe.yml"
    path.write_text("clusters: {c: {bootstrap_servers: 'h:1', groups: {overrides: {match: a}}}}")
    with pytest.raises(ConfigError, match=r"overrides: must be a list, not a mapping"):
        load(str(path))


def test_a_misplaced_key_of_the_evaluation_is_still_sent_to_the_evaluation(tmp_path: Path) -> None:
    path = tmp_path / "kbe.yml"
    path.write_text("clusters: {c: {bootstrap_servers: 'h:1', window: 5m}}")
    with pytest.raises(ConfigError, match=r'did you mean "clusters.<name>.evaluation.window"'):
        load(str(path))


def test_an_override_that_takes_nothing_or_cannot_be_met_is_warned_of(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        "      - {match: a, window: 5m}\n"
        "      - {match: a, topics: t, patience: 5m}\n"
        "      - {match: b, window: 2h, min_distance: 27s}\n"
        "      - {match: c, topics: t, window: 5m}\n"
        "      - {match: c, window: 5m}\n",
    )
    taken, too_long, *more = [warning for warning in warnings(settings) if "overrides" in warning]
    assert taken == 'cluster "c": groups.overrides[1] takes nothing: groups.overrides[0] above it matches the same'
    assert too_long.startswith('cluster "c": groups.overrides[2]: evaluation.min_distance (27s) is too short')
    assert [warning[:40] for warning in more] == ['cluster "c": groups.overrides[2]: evalua']
