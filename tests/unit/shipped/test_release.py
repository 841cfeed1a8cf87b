"""What a release consists of: pinned dependencies, packages, workflows."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.repository import ROOT
from tools.packages import build

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def requirements(extra: str | None = None) -> list[Requirement]:
    declared = ConfigParser()
    declared.read(ROOT / "setup.cfg")
    lines = declared["options"]["install_requires"] if extra is None else declared["options.extras_require"][extra]
    return [Requirement(line) for line in lines.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize(("file", "extra"), [("base", None), ("msk", "msk"), ("zookeeper", "zookeeper")])
def test_the_image_pins_a_version_that_is_allowed_of_everything_it_needs(file: str, extra: str | None) -> None:
    text = (ROOT / f"constraints/{file}.txt").read_text()
    pins = {canonicalize_name(name): version for name, version in PIN.findall(text)}
    for needed in requirements() + (requirements(extra) if extra else []):
        assert needed.specifier.contains(pins[canonicalize_name(needed.name)]), needed
    assert text.count("--hash=sha256:") >= len(pins)
    # Each pin has hashes of its own.
    assert all("--hash=sha256:" in part for part in re.split(r"^\S+==", text, flags=re.MULTILINE)[1:])


def test_two_builds_of_the_wheel_are_the_same_bytes(tmp_path: Path) -> None:
    built = []
    for name in ("first", "second"):
        build(tmp_path / name, "--wheel", "--no-isolation", time="1700000000")
        (wheel,) = (tmp_path / name).glob("*.whl")
        built.append((wheel.name, wheel.read_bytes()))
    assert built[0] == built[1]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_has_few_rights_a_limit_of_time_and_targets_that_exist(file: Path) -> None:
    workflow: dict[str, Any] = yaml.safe_load(file.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        commands = " ".join(step.get("run", "") for step in job["steps"])
        assert set(re.findall(r"\bmake ([a-z-]+)$", commands, re.MULTILINE)) <= targets
        # Credentials that a step does not need do not lie about in the checkout.
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_the_changelog_has_the_version_that_the_code_says() -> None:
    from exporter import __version__  # noqa: PLC0415

    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()
