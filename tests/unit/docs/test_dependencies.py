"""Every dependency has its reason written down."""

from __future__ import annotations

import re
from configparser import ConfigParser

import pytest

from tests.support.repository import ROOT

REASONS = (ROOT / "docs/decisions/0002-dependencies.md").read_text()


def requirements() -> list[str]:
    declared = ConfigParser()
    declared.read(ROOT / "setup.cfg")
    lists = [declared["options"]["install_requires"], *declared["options.extras_require"].values()]
    return [line for listed in lists for line in listed.split("\n") if line]


@pytest.mark.parametrize("requirement", requirements())
def test_every_dependency_has_a_row_with_its_lower_bound(requirement: str) -> None:
    name, _, bound = requirement.partition(">=")
    assert bound, f"{requirement}: no lower bound"
    (row,) = re.findall(rf"(?m)^\|(?: `\w+` \|)? {re.escape(name)} \|.*$", REASONS)
    assert f" {bound} |" in row


def test_no_row_is_left_of_a_dependency_that_is_gone() -> None:
    rows = re.findall(r"(?m)^\|(?: `\w+` \|)? ([A-Za-z][\w-]*) \|.*$", REASONS)
    named = {requirement.partition(">=")[0] for requirement in requirements()}
    assert set(rows) - {"package", "extra"} == named


def test_the_lowest_versions_that_are_tested_are_the_lower_bounds() -> None:
    declared = ConfigParser()
    declared.read(ROOT / "setup.cfg")
    bounds = [line.replace(">=", "==") for line in declared["options"]["install_requires"].split("\n") if line]
    lines = (ROOT / "tests/matrix/lowest.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == bounds
