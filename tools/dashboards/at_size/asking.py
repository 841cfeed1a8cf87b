"""Asks Prometheus what Grafana asks when somebody opens a dashboard: its variables, its panels, its annotations."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from testbed.servers import Server, get
from tools.dashboards.checks.board import Board, Json, fill
from tools.dashboards.grafana import STEP

PATIENCE = 120.0
"""Seconds after which a query counts as not answered: what Prometheus itself allows one by default."""

RATE_INTERVAL = "2m"
"""What Grafana makes of ``$__rate_interval`` with a step of `STEP` and a data source that scrapes as often."""

POINTS = 1600
"""Points across a window of 24 columns; Grafana asks for no more than there are pixels."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one panel (or the variables, or the annotations) took: all its queries, one after the other."""

    board: str
    panel: str
    seconds: float
    samples: int
    """The most samples that one of its queries held in memory at once, which `--query.max-samples` limits."""

    series: int
    """How many series came back."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """A dashboard while it is opened: of whom it asks, until when (Unix time), over how many seconds, of what."""

    server: Server
    title: str
    now: float
    span: int
    values: dict[str, str]

    def answer(self, panel: str, asked: list[tuple[str, int]]) -> Answer:
        """What these queries take, each with its step in seconds, or 0 if it asks for now."""
        began = time.perf_counter()
        samples = series = 0
        for expr, step in asked:
            query = {"query": fill(expr, self.values), "stats": "all"}
            if step:
                times = {"start": str(self.now - self.span), "end": str(self.now), "step": str(step)}
                data = _get(self.server, "query_range", {**query, **times})
            else:
                data = _get(self.server, "query", {**query, "time": str(self.now)})
            samples = max(samples, data["stats"]["samples"]["peakSamples"])
            series += len(data["result"])
        return Answer(self.title, panel, time.perf_counter() - began, samples, series)

    def choose(self, variable: Json) -> int:
        """Lets a variable stand for what it stands for at first, and returns how many choices it offers."""
        name = variable["name"]
        if variable["type"] != "query":
            self.values[name] = str(variable.get("current", {}).get("value", ""))
            return 0
        selector, _, label = variable["query"]["query"].removeprefix("label_values(").removesuffix(")").rpartition(", ")
        times = {"start": str(self.now - self.span), "end": str(self.now)}
        choices = sorted(_get(self.server, f"label/{label}/values", {"match[]": fill(selector, self.values), **times}))
        every = variable.get("allValue") or "|".join(choices)
        self.values[name] = every if variable["includeAll"] else choices[0]
        return len(choices)


def opened(server: Server, board: Board, now: float) -> Iterator[Answer]:
    """Everything that a dashboard asks when it is opened, at its default time range and choices."""
    span = _seconds(board.json["time"]["from"].removeprefix("now-"))
    asking = _Asking(server, board.title, now, span, {"__range": f"{span}s", "__rate_interval": RATE_INTERVAL})
    began = time.perf_counter()
    offered = sum(asking.choose(variable) for variable in board.variables)
    yield Answer(board.title, "the variables", time.perf_counter() - began, 0, offered)
    for panel in board.panels:
        step = max(_seconds(STEP), -(-span // (POINTS * panel["gridPos"]["w"] // 24)))
        yield asking.answer(panel["title"], [(one["expr"], 0 if one["instant"] else step) for one in panel["targets"]])
    marks = [(one["expr"], _seconds(one["step"])) for one in board.json["annotations"]["list"] if "expr" in one]
    yield asking.answer("the annotations", marks)


def evaluated(server: Server, rules: list[Json], now: float) -> Iterator[Answer]:
    """What one evaluation of each recording rule takes."""
    asking = _Asking(server, "recording rules", now, 0, {})
    for rule in rules:
        yield asking.answer(rule["record"], [(rule["expr"], 0)])


def _get(server: Server, path: str, query: dict[str, str]) -> Json:
    status, text = get(f"{server.url}/api/v1/{path}?{urlencode(query)}", timeout=PATIENCE)
    answer = json.loads(text)
    if status != HTTPStatus.OK:
        raise SystemExit(f"{answer['error']}: {query}")
    return answer["data"]  # type: ignore[no-any-return]


def _seconds(duration: str) -> int:
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600}[duration[-1]]
