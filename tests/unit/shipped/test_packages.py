"""The wheel and the sdist: built from a checkout, looked into, installed in a clean environment, and run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from exporter.config import reference
from exporter.shipped import FILES, shipped_files
from tests.support.repository import ROOT

FOLDERS = ("alerts", "dashboards", "deploy")


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([*map(str, command)], check=False, capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist of what git has, and the wheel of that sdist."""
    checkout, made = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("dist")
    for name in run("git", "ls-files", cwd=ROOT).splitlines():
        if (ROOT / name).exists():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, checkout / name, follow_symlinks=False)
    secret = checkout / "deploy" / "compose" / "secrets" / "slack_api_url"
    secret.write_text("https://hooks.slack.com/services/secret")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", made, ".", cwd=checkout)
    return made


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean environment with the wheel; its dependencies are those of this one."""
    environment = tmp_path_factory.mktemp("installed")
    venv.create(environment, symlinks=True)
    (wheel,) = built.glob("*.whl")
    into = ["--python", str(environment / "bin" / "python")]
    run(sys.executable, "-m", "pip", *into, "install", "--no-deps", "--no-index", wheel, cwd=environment)
    site = next(environment.glob("lib/python*/site-packages"))
    # A folder named in a .pth file is searched last, and the editable installation in it is not active.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return environment


def code() -> set[str]:
    return {name for name in run("git", "ls-files", "exporter/*.py", cwd=ROOT).splitlines() if (ROOT / name).exists()}


def test_the_wheel_holds_all_code_and_what_an_operator_takes_and_no_secret(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in names if name.endswith(".py")} == code()
    assert {name.removeprefix("exporter/shipped/") for name in names if name.startswith("exporter/shipped/")} == {
        "__init__.py",
        *shipped_files(),
    }
    assert [name for name in names if name.endswith("share/man/man1/kafka-burrow-exporter.1")]
    assert not [name for name in names if "slack_api_url" in name or name.startswith(("tests", "testbed", "tools"))]


def test_the_sdist_holds_what_the_wheel_is_made_of_and_no_secret(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    assert code() <= names
    assert {f"exporter/shipped/{name}" for name in shipped_files()} <= names
    assert {"README.md", "LICENSE", "setup.cfg", "docs/man/kafka-burrow-exporter.1"} <= names
    assert not [name for name in names if "slack_api_url" in name]


def test_what_is_installed_writes_the_files_that_the_repository_has(installed: Path, tmp_path: Path) -> None:
    program = installed / "bin" / "kafka-burrow-exporter"
    where = run(installed / "bin" / "python", "-c", "import exporter; print(exporter.__file__)", cwd=tmp_path)
    assert where.startswith(str(installed))
    assert run(program, "--version", cwd=tmp_path).startswith("kafka-burrow-exporter ")
    run(program, "assets", "new/folder", cwd=tmp_path)
    folder = tmp_path / "new" / "folder"
    written = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.*")}
    assert written.pop("config.reference.yml") == reference()
    assert written == dict(shipped_files())
    assert (installed / "share/man/man1/kafka-burrow-exporter.1").read_text("utf-8").startswith(".TH ")
    run("promtool", "check", "rules", folder / "alerts/rules/kafka-burrow-exporter.yml", cwd=tmp_path)
    run(program, "check-config", "--config.file", folder / "config.reference.yml", cwd=tmp_path)


def test_everything_in_the_repository_that_an_operator_takes_is_shipped() -> None:
    tracked = run("git", "ls-files", *FOLDERS, cwd=ROOT).splitlines()
    ours = {"dashboards/.lint", "deploy/compose/secrets/.gitignore"}
    # The chart is published as a chart.
    taken = {name for name in tracked if (ROOT / name).exists() and not name.startswith("deploy/helm/")}
    assert set(shipped_files()) == taken - ours


def test_the_folders_are_links_so_that_there_is_one_source() -> None:
    for name in FOLDERS:
        assert (ROOT / "exporter" / "shipped" / name).readlink() == Path("..", "..", name)


def test_the_patterns_of_the_wheel_are_those_of_the_command() -> None:
    declared = (ROOT / "setup.cfg").read_text("utf-8")
    assert "exporter.shipped =\n" + "".join(f"    {pattern}\n" for pattern in FILES) in declared
