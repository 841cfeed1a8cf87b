"""The folder of the history: exporters killed while they write it, two of them in it, a full disk."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from testbed.processes import Process, TestbedError, wait_until
from testbed.servers import answers
from testbed.servers import exporter as an_exporter
from tests.faults.looks import REFUSED, WRITTEN, Breach
from tests.faults.row import Row, Stage, Step
from tests.faults.steps import watch

KILLS = 20
CHANCE = random.Random(7)  # noqa: S311  # moments, not secrets
SAVED_SECONDS = 40.0
"""Within which the history is written again: it is every 25 s."""

DISK_BYTES = 1 << 20


def folder_of(stage: Stage) -> Path:
    """Where the row's exporters keep their history."""
    return stage.scene.folder / f"history-{id(stage)}"


def kept(stage: Stage) -> dict[str, Any]:
    """The configuration of an exporter that keeps its history."""
    return {**stage.scene.config(), "storage": {"path": str(folder_of(stage))}}


def keeps_history(stage: Stage) -> None:
    """Starts an exporter that keeps its history."""
    stage.start(kept(stage))


def on_a_small_disk(stage: Stage) -> None:
    """Starts an exporter that keeps its history on a disk of its own, of one megabyte."""
    folder = folder_of(stage)
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(folder))
    stage.undo.callback(subprocess.run, ["umount", "--lazy", str(folder)], check=False)
    keeps_history(stage)


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise TestbedError(f"mount {' '.join(arguments)} failed, which takes root: {done.stderr}")


def _kill_again_and_again(stage: Stage) -> None:
    """Kills the exporter shortly after its first collection, when it writes, and starts another on its history."""
    watcher = stage.watcher
    # What was written so far is from before everything had been judged.
    _await_write(stage)
    for _ in range(KILLS):
        with watcher.paused():
            stage.exporters.pop().kill()
            keeps_history(stage)
            before = len(watcher.looks)
        wait_until(lambda count=before: len(watcher.looks) > count, 30.0, "a scrape")  # type: ignore[misc]
        time.sleep(CHANCE.uniform(0.0, 0.1))
    damaged = [file.name for file in folder_of(stage).iterdir() if "damaged" in file.name]
    if damaged:
        stage.found.append(Breach(WRITTEN, f"damaged files: {', '.join(damaged)}"))


def _second_exporter(stage: Stage) -> None:
    """Starts another exporter on the same folder, and tells what becomes of it."""
    folder = stage.scene.folder / f"second-{id(stage)}"
    folder.mkdir()
    second = an_exporter(folder, kept(stage))
    stage.undo.callback(second.stop)
    Process.start(second)
    with suppress(TestbedError):
        wait_until(lambda: not second.running or answers(f"{second.url}/-/ready"), 30.0, "it to start")
    if second.running:
        stage.found.append(Breach(REFUSED, "it serves beside the first"))
        time.sleep(30.0)
        second.stop()
    else:
        said = second.log.read_text("utf-8").strip().splitlines()
        stage.notes.append(f"the second ends with exit code {second.exit_code} and {len(said)} lines")


def _fill(stage: Stage) -> None:
    with suppress(OSError):
        (folder_of(stage) / "filler").write_bytes(bytes(2 * DISK_BYTES))


def _empty(stage: Stage) -> None:
    (folder_of(stage) / "filler").unlink()
    _await_write(stage)


def _await_write(stage: Stage) -> None:
    """Waits until the history has been written again."""
    since = time.time()

    def written() -> bool:
        return any(file.stat().st_mtime > since for file in folder_of(stage).glob("*.npz"))

    try:
        wait_until(written, SAVED_SECONDS, "the history to be written")
    except TestbedError as error:
        stage.found.append(Breach(WRITTEN, str(error)))


def _remount(how: str) -> Callable[[Stage], None]:
    return lambda stage: _mount("-o", f"remount,{how}", str(folder_of(stage)))


def _writable(stage: Stage) -> None:
    _remount("rw")(stage)
    _await_write(stage)


ROWS = (
    Row(
        "killed-during-saves",
        (
            Step(
                f"the exporter is killed (SIGKILL) {KILLS} times shortly after it has begun to write its history, and "
                "started again",
                _kill_again_and_again,
            ),
        ),
        start=keeps_history,
        every=0.5,
    ),
    Row(
        "two-exporters-one-folder",
        (Step("a second exporter is started on the folder of the first", _second_exporter), watch(10)),
        start=keeps_history,
    ),
    Row(
        "disk-full",
        (Step("the disk of the history is full", _fill), watch(60), Step("then there is room again", _empty)),
        start=on_a_small_disk,
    ),
    Row(
        "disk-read-only",
        (
            Step("the disk of the history becomes read-only", _remount("ro")),
            watch(60),
            Step("then writable", _writable),
        ),
        start=on_a_small_disk,
    ),
)
