"""The folder of histories belongs to one exporter, and nothing in it leads outside."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import empty
from exporter.storage import LOCK, FolderInUse, HistoryFiles, lock
from exporter.storage.journal import Journal
from tests.support.observations import group, observation
from tests.support.repository import ROOT

SERVE = [sys.executable, "-m", "exporter", "--kafka.bootstrap-servers=127.0.0.1:1", "--web.listen-address=127.0.0.1:0"]


def test_a_second_exporter_on_the_folder_is_told_which_process_has_it(tmp_path: Path) -> None:
    folder = tmp_path / "histories"
    with lock(folder):
        second = subprocess.run(
            [*SERVE, f"--storage.path={folder}"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
        )
    assert second.returncode == 1
    (line,) = second.stderr.splitlines()
    assert f"{folder} is in use by another exporter (process {os.getpid()} on " in line
    assert line.endswith("; give each exporter a --storage.path of its own")


def test_the_folder_is_free_once_its_exporter_has_ended(tmp_path: Path) -> None:
    with lock(tmp_path), pytest.raises(FolderInUse), lock(tmp_path):
        pass
    with lock(tmp_path):
        pass
    killed = "import sys; from exporter.storage import lock; from pathlib import Path\n"
    killed += "with lock(Path(sys.argv[1])): import os; os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", killed, str(tmp_path)], cwd=ROOT, check=False)
    with lock(tmp_path):
        assert (tmp_path / LOCK).read_text().startswith(f"process {os.getpid()} on ")


def test_a_folder_that_cannot_be_locked_does_not_keep_the_exporter_from_starting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING), lock(tmp_path / "file"):
        pass
    (line,) = caplog.messages
    assert line.startswith("the folder of histories is not locked: ")


def test_nothing_is_written_where_a_link_leads(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "histories", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.write_text("precious")
    for name in ("c.history.npz", "c.history.npz.new", "c.history.journal", LOCK):
        (folder / name).symlink_to(elsewhere)
    HistoryFiles(folder).save("c", empty(EvaluationSettings()))
    Journal(folder / "c.history.journal", b"x").append([observation(0, {"g": group({"t": [5]})}, {"t": [5]})])
    with lock(folder):
        pass
    assert elsewhere.read_text() == "precious"
    assert not (folder / "c.history.npz").is_symlink()
    assert not (folder / "c.history.journal").is_symlink()
