"""The steps that rows are made of, each with the words for the table."""

from __future__ import annotations

import time

from testbed.processes import wait_until
from tests.faults.row import Stage, Step
from tests.faults.scene import NODES


def setting(text: str) -> Step:
    """Nothing is done: the text says how the exporter of the row was started."""
    return Step(text, lambda stage: None)


def watch(seconds: float) -> Step:
    """Nothing happens for a while, but scrapes."""
    return Step(f"{seconds:g} s pass", lambda stage: time.sleep(seconds))


def scraped(times: int) -> Step:
    """Nothing happens for so many scrapes."""

    def act(stage: Stage) -> None:
        enough = len(stage.watcher.looks) + times
        wait_until(lambda: len(stage.watcher.looks) >= enough, 10.0 * times, f"{times} scrapes")

    return Step(f"{times} scrapes", act)


def kill(*nodes: int) -> Step:
    """Ends brokers as a loss of power does."""

    def act(stage: Stage) -> None:
        for node in nodes:
            stage.scene.cluster.kill_node(node)

    return Step("all brokers are killed" if nodes == NODES else f"broker {', '.join(map(str, nodes))} is killed", act)


def start(*nodes: int) -> Step:
    """Starts brokers that have ended."""
    return Step(
        "they are started again" if len(nodes) > 1 else "it is started again",
        lambda stage: stage.scene.cluster.start_node(*nodes),
    )


def freeze(node: int) -> Step:
    """Halts a broker, whose connections stay open."""
    return Step(f"broker {node} is frozen (SIGSTOP)", lambda stage: stage.scene.cluster.freeze_node(node))


def thaw(node: int) -> Step:
    """Lets it go on."""
    return Step("it goes on (SIGCONT)", lambda stage: stage.scene.cluster.thaw_node(node))
