"""Burrow's API before a collector that knows what the test says."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from typing import Any

from exporter.core.model import Members, Observation, Owner
from exporter.core.report import Outcome
from exporter.settings import Cluster, Settings, Web
from exporter.web.v3 import Api
from tests.support.asking import Answer
from tests.support.asking import ask as ask_app
from tests.support.observations import group, observation
from tests.support.outcomes import outcomes

HOST = socket.gethostname()
STEP = 30
SETTINGS = Settings((Cluster("Prod", ("k:1",)),))


class Known:
    """A collector with these outcomes; it notes what is to be forgotten."""

    def __init__(self, *known: Outcome) -> None:
        self.outcomes = known
        self.forgotten: list[tuple[str, str, str | None]] = []

    def latest(self) -> tuple[Outcome, ...]:
        return self.outcomes

    def forget(self, cluster: str, group: str, topic: str | None = None) -> None:
        self.forgotten.append((cluster, group, topic))


def ask(
    target: str,
    *known: Outcome,
    method: str = "GET",
    body: str = "",
    settings: Settings = SETTINGS,
    web: Web | None = None,
) -> Answer:
    """The answer of an API whose collector has these outcomes."""
    if web is not None:
        settings = Settings(settings.clusters, web=web)
    return ask_app(Api(Known(*known), settings), target, method, body=body.encode())


def said(target: str, *known: Outcome) -> Any:
    """What a path answers, without the request that is repeated."""
    answer = json.loads(ask(target, *known).body)
    assert answer.pop("request")["host"] == HOST
    return answer


def last(observations: Iterable[Observation]) -> Outcome:
    *_, outcome = outcomes(observations)
    return outcome


def two_commits() -> Outcome:
    """Group "g" on three partitions of "t": two commits on the first, one on the last, none between."""
    owners = Members(1, {"t": {0: Owner("me", "/10.0.0.1"), 1: Owner("me", "/10.0.0.1")}})
    return last(
        [
            observation(0, {"g": group({"t": [40]}, members=owners)}, {"t": [90, 90, 90]}, cluster="Prod"),
            observation(
                STEP + 0.25,
                {"g": group({"t": [60, -1, 95]}, members=owners)},
                {"t": [100, 100, -2], "u": [7]},
                cluster="Prod",
            ),
        ]
    )


def falling_behind() -> Outcome:
    """Group "g" falls behind on the first partition of "t" and keeps up on the second, for five minutes."""
    return last(
        observation(
            number * STEP,
            {"g": group({"t": [20 + 10 * number, 20 * number]}, protocol="consumer")},
            {"t": [30 + 20 * number, 20 * number]},
            cluster="Prod",
        )
        for number in range(12)
    )
