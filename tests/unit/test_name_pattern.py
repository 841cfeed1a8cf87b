"""Expressions for names: RE2's, however a name is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from exporter.config import load
from exporter.name_pattern import NamePattern
from exporter.schema import ConfigError
from exporter.settings.cluster_settings import DEFAULT_GROUPS, DEFAULT_TOPICS
from tests.support.repository import ROOT


def test_it_matches_anywhere_in_a_name_of_any_script() -> None:
    assert NamePattern("ä.c").search("xäbcx")
    assert not NamePattern("^ä.c$").search("xäbcx")
    assert NamePattern("^a.c$").search("a\ud800c")


def test_two_of_the_same_expression_are_equal() -> None:
    assert NamePattern("a+") == NamePattern("a+")
    assert len({NamePattern("a+"), NamePattern("a+"), NamePattern("a*")}) == 2


def test_a_name_that_python_would_backtrack_on_for_ever_is_searched_at_once() -> None:
    name = "a" * 50_000
    for expression in ("(a+)+$", "^(a|aa)+$", "(a*)*b", "(.*)*(.*)*(.*)*=x"):
        assert NamePattern(expression).search(name + "!") is False


def test_the_defaults_leave_out_temporary_groups_and_kafkas_own_topics() -> None:
    assert [DEFAULT_GROUPS.admits(name) for name in ("billing", "console-consumer-1", "my-quick-")] == [
        True,
        False,
        True,
    ]
    assert [DEFAULT_TOPICS.admits(name) for name in ("orders", "__consumer_offsets")] == [True, False]


@pytest.mark.parametrize("expression", [r"^(?!test)", r"(?<=a)b", r"(a)\1", r"a++", r"(?>a)", r"(?P<x>a)(?P=x)"])
@pytest.mark.parametrize(
    "keys",
    [
        "groups: {allow: ?}",
        "groups: {deny: ?}",
        "topics: {allow: ?}",
        "topics: {deny: ?}",
        "read_committed: ?",
        "groups: {overrides: [{match: ?, window: 60s}]}",
        "groups: {overrides: [{match: a, topics: ?, window: 60s}]}",
    ],
)
def test_what_only_python_has_is_a_mistake_that_says_so(expression: str, keys: str, tmp_path: Path) -> None:
    cluster = keys.replace("?", f"'{expression}'", 1)
    (tmp_path / "kbe.yml").write_text(f"clusters: {{c: {{bootstrap_servers: 'k:1', {cluster}}}}}")
    with pytest.raises(ConfigError, match=r"not a regular expression of RE2: .*no lookaround and no backreferences"):
        load(str(tmp_path / "kbe.yml"))


def test_a_wrong_expression_writes_nothing_to_standard_error_by_itself() -> None:
    program = (
        "from exporter.name_pattern import NamePattern\ntry:\n NamePattern('(')\nexcept ValueError as e:\n print(e)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("missing ): (\n", "")
