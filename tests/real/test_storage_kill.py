"""The retained history is readable after `kill -9` at any moment: a whole one, never half, never a refusal."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import History, empty
from exporter.core.model import GroupObservation, Observation
from exporter.storage import HistoryFiles, columns_of

pytestmark = pytest.mark.real

KILLS = 200
SETTINGS = EvaluationSettings()
PARTITIONS = 3000


def history(steps: int) -> History:
    """A history large enough for its write to take a while, in which every array tells how many steps it took."""
    retained = empty(SETTINGS)
    for step in range(steps):
        offsets = np.arange(PARTITIONS) + 1000 * step
        seen = Observation(
            "c",
            1_700_000_000_000 + 30_000 * step,
            {"g": GroupObservation("Stable", {"t": offsets})},
            {"t": offsets + 7},
        )
        retained, _ = advance(retained, seen, SETTINGS)
    return retained


def write_for_ever(folder: str, begun: Connection) -> None:
    """Write one history after the other until killed."""
    storage, histories = HistoryFiles(Path(folder)), (history(5), history(6))
    begun.send(None)
    for each in cycle(histories):
        storage.save("c", each)


def test_a_history_is_whole_whenever_its_writer_is_killed(tmp_path: Path) -> None:
    whole = [{name: array.tobytes() for name, array in columns_of(history(steps)).items()} for steps in (5, 6)]
    chance = random.Random(7)  # noqa: S311  # moments, not secrets
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    seen = set()
    HistoryFiles(tmp_path).save("c", history(5))
    for _ in range(KILLS):
        listener, teller = processes.Pipe(duplex=False)
        writer = processes.Process(target=write_for_ever, args=(str(tmp_path), teller), daemon=True)
        writer.start()
        assert listener.poll(30)
        time.sleep(chance.uniform(0, 0.03))
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join(30)
        assert writer.exitcode == -signal.SIGKILL
        writer.close()
        listener.close()
        teller.close()
        found = {
            name: array.tobytes() for name, array in columns_of(HistoryFiles(tmp_path).load("c", SETTINGS)).items()
        }
        assert found in whole
        seen.add(whole.index(found))
    assert seen == {0, 1}
    assert not [file for file in tmp_path.iterdir() if "damaged" in file.name]
