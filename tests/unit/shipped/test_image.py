"""The image, as far as it can be judged without building it; tools/replay_image.py does the rest."""

from __future__ import annotations

import json
import re
import shlex
from configparser import ConfigParser

import pytest

from exporter.cli import COMMANDS
from tests.support.deploy_tools import run
from tests.support.repository import ROOT
from tools.replay_image import admitted, instructions

DOCKERFILE = ROOT / "Dockerfile"


@pytest.fixture
def last_stage() -> list[tuple[str, str]]:
    steps = instructions(DOCKERFILE.read_text())
    start = max(index for index, (keyword, _) in enumerate(steps) if keyword == "FROM")
    return steps[start + 1 :]


def test_hadolint_has_nothing_to_say() -> None:
    found = run("hadolint", "--failure-threshold=style", DOCKERFILE)
    assert (found.returncode, found.stdout) == (0, "")


def test_the_exporter_runs_as_a_number_that_is_not_root(last_stage: list[tuple[str, str]]) -> None:
    users = [argument for keyword, argument in last_stage if keyword == "USER"]
    assert len(users) == 1
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", users[0])


def test_the_entry_point_is_the_exporter_itself_so_that_it_gets_the_signals(last_stage: list[tuple[str, str]]) -> None:
    assert [json.loads(argument) for keyword, argument in last_stage if keyword == "ENTRYPOINT"] == [
        ["kafka-burrow-exporter"]
    ]
    assert "CMD" not in dict(last_stage)


def test_the_health_check_is_a_command_of_the_exporter_that_follows_its_port(
    last_stage: list[tuple[str, str]],
) -> None:
    _, _, command = dict(last_stage)["HEALTHCHECK"].partition("CMD")
    assert json.loads(command) == ["kafka-burrow-exporter", "healthcheck", "--of-pid", "1"]
    assert "healthcheck" in COMMANDS


def test_the_image_says_what_it_is(last_stage: list[tuple[str, str]]) -> None:
    labels = dict(pair.split("=", 1) for pair in shlex.split(dict(last_stage)["LABEL"]))
    named = {name.removeprefix("org.opencontainers.image.") for name in labels}
    assert named == {"title", "description", "licenses", "version", "revision"}


def test_nothing_is_copied_that_dockerignore_keeps_out() -> None:
    let_through = admitted((ROOT / ".dockerignore").read_text())
    copied = {
        source
        for keyword, argument in instructions(DOCKERFILE.read_text())
        if keyword == "COPY" and "--from=" not in argument
        for source in shlex.split(argument)[:-1]
    }
    assert copied == let_through
    assert all((ROOT / name).exists() for name in copied)


def test_output_is_not_held_back_and_no_file_is_written(last_stage: list[tuple[str, str]]) -> None:
    variables = dict(pair.split("=", 1) for pair in shlex.split(dict(last_stage)["ENV"]))
    assert variables["PYTHONUNBUFFERED"] == "1"
    assert variables["PYTHONDONTWRITEBYTECODE"] == "1"


def test_every_file_of_the_package_is_installed_with_it() -> None:
    declared = ConfigParser()
    declared.read(ROOT / "setup.cfg")
    installed = {
        file
        for package, patterns in declared["options.package_data"].items()
        for pattern in patterns.split()
        for file in ROOT.joinpath(*package.split(".")).glob(pattern)
        if file.resolve().is_relative_to(ROOT / "exporter")  # what is shipped lies elsewhere
    }
    beside_code = {
        file for file in (ROOT / "exporter").rglob("*") if file.is_file() and file.suffix not in {".py", ".pyc"}
    }
    assert installed == beside_code
