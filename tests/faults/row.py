"""A row of the table: what is done to the scene, and how the exporter is started and watched meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from testbed.processes import TestbedError
from testbed.servers import Server
from tests.faults.looks import AGAIN, EXITS, Breach, right, whole
from tests.faults.result import Result, summed_up
from tests.faults.scene import WINDOW, Scene
from tests.faults.watcher import Watcher

JUDGED_SECONDS = 120.0
"""Within which everything has to be judged before a row can begin."""

AGAIN_SCRAPES = 2
AGAIN_SECONDS = 60.0
AFTERWARDS_SECONDS = 5.0
"""How long pages are held against the rules after everything is right again."""


@dataclass(slots=True)
class Stage:
    """What the steps of a row act on."""

    scene: Scene
    watcher: Watcher = field(init=False)
    undo: ExitStack = field(default_factory=ExitStack)
    notes: list[str] = field(default_factory=list)
    """What a step has measured, for the table."""
    found: list[Breach] = field(default_factory=list)
    """What a step has found that no single page shows."""
    exporters: list[Server] = field(default_factory=list)
    """Those that are to be running; the last one is scraped."""
    starts: int = 0
    """How often an exporter was started since `begin`."""
    _logged: dict[Server, int] = field(default_factory=dict)

    @property
    def exporter(self) -> Server:
        """The one that is scraped."""
        return self.exporters[-1]

    def start(self, config: Mapping[str, Any], *before: str, env: Mapping[str, str] | None = None) -> Server:
        """Starts an exporter, which is scraped from now on and ends with the row."""
        server = self.scene.start_exporter(config, *before, env=env)
        self.undo.callback(server.stop)
        self.exporters.append(server)
        self._logged[server] = server.log.stat().st_size
        self.starts += 1
        return server

    def begin(self) -> None:
        """Leaves out what the exporter has logged until now."""
        self._logged = {server: server.log.stat().st_size for server in self.exporters}
        self.starts = 0

    def logged(self) -> list[str]:
        """What all exporters have logged since then, each after it was ready."""
        texts = (server.log.read_bytes()[begin:] for server, begin in self._logged.items())
        return [line for text in texts for line in text.decode("utf-8", "replace").splitlines()]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done; ``text`` says it to the reader of the table, in a clause without a full stop."""

    text: str
    act: Callable[[Stage], object]


def reads_plaintext(stage: Stage) -> None:
    """Starts an exporter that reads the brokers' plaintext listeners."""
    stage.start(stage.scene.config())


@dataclass(frozen=True, slots=True)
class Row:
    """A fault: the steps that bring it about and end it, and how the exporter is started and scraped.

    ``before``: what is done before the exporter starts; everything is new to it then, so that its verdicts count only
    once it has reached them. ``values_hold``: False where the fault makes other valid values of some, which nobody can
    tell from true ones. ``long``: it takes many minutes, and is run only when it is named.
    """

    name: str
    steps: tuple[Step, ...]
    start: Callable[[Stage], object] = reads_plaintext
    every: float = 1.0
    timeout: float = 5.0
    before: tuple[Step, ...] = ()
    values_hold: bool = True
    long: bool = False

    @property
    def done(self) -> str:
        """What is done, in words."""
        return "; ".join(step.text for step in (*self.before, *self.steps) if step.text)


def run(scene: Scene, row: Row) -> Result:
    """Runs a row on a scene that is well."""
    stage = Stage(scene)
    scene.wait_well()
    with stage.undo:
        for step in row.before:
            step.act(stage)
        row.start(stage)
        stage.watcher = Watcher(lambda: stage.exporter, scene.traffic.ledger, row.every, row.timeout, WINDOW)
        with stage.watcher as watcher:
            if not row.before:
                watcher.wait(right, JUDGED_SECONDS, "everything to be judged")
                watcher.judged = True
            watcher.values_hold = row.values_hold
            watcher.judging, began = True, len(watcher.looks)
            stage.begin()
            for step in row.steps:
                step.act(stage)
            scene.wait_well()
            again = _right_again(stage, verdicts=watcher.judged and row.values_hold)
            time.sleep(AFTERWARDS_SECONDS)
            watcher.judging = False
            looks = watcher.looks[began:]
        lines = stage.logged()
        _check_alive(stage)
    return summed_up(
        name=row.name,
        done=row.done,
        timeout=row.timeout,
        looks=looks,
        again=again,
        lines=lines,
        starts=stage.starts,
        notes=stage.notes,
        found=stage.found,
    )


def _right_again(stage: Stage, *, verdicts: bool) -> int | None:
    """How many scrapes it took until the page was right; None if it was not in time.

    ``verdicts``: False where these take a window, so that a whole page is all that can be asked for at once.
    """
    try:
        count = stage.watcher.wait(right if verdicts else whole, AGAIN_SECONDS, "a page that is right")
    except TestbedError as error:
        stage.found.append(Breach(AGAIN, str(error)))
        return None
    if count > AGAIN_SCRAPES:
        stage.found.append(Breach(AGAIN, f"it took {count} scrapes"))
    return count


def _check_alive(stage: Stage) -> None:
    """Whether the exporters that are to be running are, and end as they should when they are told to."""
    for server in stage.exporters:
        if not server.running:
            stage.found.append(Breach(EXITS, f"it ended with exit code {server.exit_code}"))
            continue
        server.stop()
        if server.exit_code != 0:
            stage.found.append(Breach(EXITS, f"told to stop, it ended with exit code {server.exit_code}"))
