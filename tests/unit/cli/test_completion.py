"""What bash offers for what has been typed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.cli import COMMANDS
from tests.support.repository import ROOT


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program under its name, in a folder of its own."""
    path = tmp_path_factory.mktemp("bin") / "kafka-burrow-exporter"
    path.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom exporter.cli import main\nmain()\n"
    )
    path.chmod(0o755)
    return path


def offered(program: Path, *words: str) -> list[str]:
    """What bash offers for the last word, after the line in the documentation has been run."""
    line = 'eval "$(_KAFKA_BURROW_EXPORTER_COMPLETE=bash_source kafka-burrow-exporter)"'
    assert line in (ROOT / "docs" / "configuration.md").read_text("utf-8")
    typed = f"COMP_WORDS=(kafka-burrow-exporter {' '.join(words)}); COMP_CWORD={len(words)}"
    ask = '_kafka_burrow_exporter_completion kafka-burrow-exporter; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(
        ["bash", "--norc", "-c", f"compopt() {{ echo $@; }}\n{line}\n{typed}\n{ask}"],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": f"{program.parent}:{os.environ['PATH']}"},
    )
    return done.stdout.split()


def test_the_first_word_is_a_command(program: Path) -> None:
    assert offered(program, "''") == list(COMMANDS)
    assert offered(program, "re") == ["record", "replay"]


def test_flags_of_the_default_command_need_no_command(program: Path) -> None:
    assert offered(program, "--storage") == ["--storage.path"]
    assert offered(program, "--log.format", "json", "--storage") == ["--storage.path"]
    assert offered(program, "--vers") == ["--version"]


def test_values_are_files_folders_or_words(program: Path) -> None:
    assert offered(program, "serve", "--log.level", "''") == ["debug", "info", "warning", "error"]
    assert offered(program, "check-config", "--config.file", "k")[:2] == ["-o", "default"]
    assert offered(program, "serve", "--storage.path", "v")[:2] == ["-o", "dirnames"]
