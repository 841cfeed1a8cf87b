"""The flags that protect the port, on the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from exporter.cli import commands
from tests.support.repository import ROOT

SERVERS = "--kafka.bootstrap-servers=127.0.0.1:1"


def check(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(commands, ["check-config", *arguments], env=environment)


def in_force(*arguments: str, **environment: str) -> dict[str, Any]:
    result = check(*arguments, **environment)
    assert result.exit_code == 0, result.output
    shown: dict[str, Any] = yaml.safe_load(result.stdout)["web"]
    return shown


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the command is run in; kbe.yml lies in one of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "kbe.yml").write_text("clusters: {c: {bootstrap_servers: 'a:1'}}\n")
    return tmp_path


def test_a_path_on_the_command_line_starts_from_where_it_is_run(folder: Path) -> None:
    (folder / "web.yml").write_text("{}")
    expected = str(folder / "web.yml")
    assert in_force("--config.file=etc/kbe.yml", "--web.config.file=web.yml")["config_file"] == expected
    assert in_force("--config.file=etc/kbe.yml", KBE_WEB_CONFIG_FILE="web.yml")["config_file"] == expected


def test_a_path_in_the_configuration_starts_from_its_folder(folder: Path) -> None:
    (folder / "etc" / "web.yml").write_text("{}")
    with (folder / "etc" / "kbe.yml").open("a") as file:
        file.write("web: {config_file: web.yml}\n")
    assert in_force("--config.file=etc/kbe.yml")["config_file"] == "etc/web.yml"


def test_a_mistake_in_the_web_configuration_is_told_with_its_line(folder: Path) -> None:
    (folder / "web.yml").write_text("# users\nbasic_auth_user: {}\n")
    result = check(SERVERS, "--web.config.file=web.yml")
    told = f'{folder / "web.yml"}:2:1: basic_auth_user: unknown key; did you mean "basic_auth_users"?\n'
    assert (result.exit_code, result.stderr) == (2, told)


def test_nothing_starts_with_such_a_mistake(folder: Path) -> None:
    (folder / "web.yml").write_text("basic_auth_users: {alice: secret}\n")
    command = [
        sys.executable,
        "-m",
        "exporter",
        SERVERS,
        "--web.listen-address=127.0.0.1:0",
        "--web.config.file=web.yml",
    ]
    result = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert result.returncode == 2
    assert result.stderr.startswith(f"{folder / 'web.yml'}:1:27: basic_auth_users.alice: is not a bcrypt hash")
    assert "secret" not in result.stderr


def test_a_file_that_is_not_there_is_told_by_the_flag_that_named_it(folder: Path) -> None:
    result = check(SERVERS, "--web.config.file=web.yml")
    told = f'--web.config.file: cannot read "{folder / "web.yml"}": no such file or directory\n'
    assert (result.exit_code, result.stderr) == (2, told)


@pytest.mark.parametrize(
    ("arguments", "environment", "enabled"),
    [
        ((), {}, False),
        (("--web.enable-lifecycle",), {}, True),
        ((), {"KBE_WEB_ENABLE_LIFECYCLE": "true"}, True),
        ((), {"KBE_WEB_ENABLE_LIFECYCLE": "false"}, False),
    ],
)
def test_the_lifecycle_is_off_unless_it_is_turned_on(
    arguments: tuple[str, ...], environment: dict[str, str], enabled: bool
) -> None:
    assert in_force(SERVERS, *arguments, **environment)["enable_lifecycle"] == enabled
