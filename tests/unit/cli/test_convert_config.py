"""`convert-config`: what it writes, where, and what it leaves alone."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from exporter.cli import commands

BURROW = """\
[cluster.prod]
servers=["kafka-1:9092"]
[consumer.prod]
cluster="prod"
servers=["kafka-1:9092"]
[httpserver.default]
address=":8000"
"""
NOTIFIER = '[notifier.hook]\nclass-name="http"\nurl-open="http://127.0.0.1/hook"\n'
TLS = 'tls="port"\n[tls.port]\ncertfile="/etc/c.pem"\nkeyfile="/etc/c.key"\n'


@pytest.fixture
def burrow(tmp_path: Path) -> Path:
    path = tmp_path / "burrow.toml"
    path.write_text(BURROW)
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands, ["convert-config", *map(str, arguments)], prog_name="kafka-burrow-exporter")


def test_the_configuration_goes_to_standard_output_and_check_config_accepts_it(burrow: Path, tmp_path: Path) -> None:
    result = run(burrow)
    assert (result.exit_code, result.stderr) == (0, "")
    path = tmp_path / "kbe.yml"
    path.write_text(result.stdout)
    checked = CliRunner().invoke(commands, ["check-config", "--config.file", str(path)])
    assert checked.exit_code == 0
    assert yaml.safe_load(checked.stdout)["clusters"]["prod"]["bootstrap_servers"] == ["kafka-1:9092"]


def test_what_does_not_fit_on_standard_output_is_said(burrow: Path) -> None:
    burrow.write_text(BURROW + TLS + NOTIFIER)
    result = run(burrow)
    assert result.exit_code == 0
    assert "web.yml is needed too, for TLS of the port: give --output" in result.stderr
    assert "alertmanager.yml is needed too, for the notifiers: give --output" in result.stderr
    assert set(yaml.safe_load(result.stdout)) == {"clusters", "web"}


def test_every_file_is_written_beside_the_output_readable_by_its_owner_only(burrow: Path, tmp_path: Path) -> None:
    burrow.write_text(BURROW + TLS + NOTIFIER)
    folder = tmp_path / "out"
    folder.mkdir()
    result = run(burrow, "--output", folder / "kbe.yml")
    assert (result.exit_code, result.stdout) == (0, "")
    assert sorted(path.name for path in folder.iterdir()) == ["alertmanager.yml", "kbe.yml", "web.yml"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert yaml.safe_load((folder / "kbe.yml").read_text())["web"]["config_file"] == "web.yml"


@pytest.mark.parametrize("name", ["kbe.yml", "alertmanager.yml"])
def test_a_file_that_is_there_is_not_overwritten_unless_asked_for(burrow: Path, tmp_path: Path, name: str) -> None:
    burrow.write_text(BURROW + NOTIFIER)
    (tmp_path / name).write_text("mine")
    result = run(burrow, "--output", tmp_path / "kbe.yml")
    assert result.exit_code == 2
    assert f'{name}" is there already; give --overwrite, or another name' in result.stderr
    assert (tmp_path / name).read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["burrow.toml", name])
    assert run(burrow, "--output", tmp_path / "kbe.yml", "--overwrite").exit_code == 0
    assert "Made from Burrow's configuration" in (tmp_path / name).read_text()


def test_a_disk_that_is_full_leaves_what_was_there(
    burrow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "kbe.yml").write_text("mine")
    monkeypatch.setattr(os, "fsync", full)
    result = run(burrow, "--output", tmp_path / "kbe.yml", "--overwrite")
    assert result.exit_code == 1
    assert 'kbe.yml": no space left on device' in result.stderr
    assert (tmp_path / "kbe.yml").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["burrow.toml", "kbe.yml"]


def test_only_a_file_is_written_to(burrow: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "folder", Path("/dev/null")):
        result = run(burrow, "--output", path, "--overwrite")
        assert result.exit_code == 2
        assert "is no file that could be written" in result.stderr
    impossible = run(burrow, "--output", burrow / "kbe.yml")
    assert impossible.exit_code == 1
    assert "cannot write to" in impossible.stderr
    assert run(burrow, "--output", tmp_path / "new" / "kbe.yml").exit_code == 0


def test_the_output_cannot_have_the_name_of_what_goes_beside_it(burrow: Path, tmp_path: Path) -> None:
    burrow.write_text(BURROW + NOTIFIER)
    result = run(burrow, "--output", tmp_path / "alertmanager.yml")
    assert result.exit_code == 2
    assert "is the name of a file that is written beside it" in result.stderr


def test_mistakes_are_said_one_a_line_with_exit_code_2(burrow: Path, tmp_path: Path) -> None:
    burrow.write_text('[cluster.a]\n[consumer.b]\ncluster="x"\n')
    result = run(burrow, "--output", tmp_path / "kbe.yml")
    assert result.exit_code == 2
    assert [line.split(":")[1] for line in result.stderr.splitlines()] == ["1", "3"]
    assert not (tmp_path / "kbe.yml").exists()
    nothing = run(tmp_path / "nothing.toml")
    assert (nothing.exit_code, "nothing.toml: cannot be read: no such file" in nothing.stderr) == (2, True)
