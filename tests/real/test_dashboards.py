"""Every query of every panel, asked of a real Prometheus that scrapes the exporter on a real Kafka, gives data."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest

from testbed import dashboard_scene as scene
from testbed.broker import Cluster
from testbed.processes import wait_until
from testbed.servers import get
from tools.dashboards.checks.board import Board, Query, boards, fill

pytestmark = pytest.mark.real

PATIENCE = 60.0
"""Seconds from the beginning until every group must have shown what it does, and every query have data."""

AT_LEAST = 5.0
"""Seconds that each test has all the same, however long those before it took."""

BOARDS = {board.json["uid"]: board for board in boards()}
QUERIES = [
    pytest.param(board, query, id=f"{uid}: {query}") for uid, board in BOARDS.items() for query in board.queries()
]
ANY = dict.fromkeys(("job", "instance", "cluster", "group", "topic", "partition"), ".+")
CHOSEN = {**ANY, "top": "25", "__rate_interval": "10s", "__range": "5m"}
# A group for each query that does not speak of every group.
GROUPS = {"Time to catch up": scene.BACKFILL, "Catches up in": scene.BACKFILL, "Firing alerts": "mailer"}


class Watched:
    """A scene, the Prometheus that watches it, and since when."""

    def __init__(self, playing: scene.Played) -> None:
        self.playing = playing
        self.url = playing.url
        self.since = time.monotonic()

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Returns as soon as the condition holds, and fails when it should have."""
        left = PATIENCE - (time.monotonic() - self.since)
        wait_until(condition, max(AT_LEAST, left), what, interval=0.5)
        self.playing.check()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A Prometheus of this module's own, on a Kafka that nobody else writes to."""
    folder = tmp_path_factory.mktemp("dashboards")
    with Cluster(folder) as kafka, scene.played(kafka, folder, scene.QUICK, all_kinds=True) as playing:
        yield Watched(playing)


def values_for(board: Board, panel: str) -> dict[str, str]:
    """What the variables stand for: everything, or one group of one cluster where only one can be chosen."""
    single = {v["name"] for v in board.variables if v["type"] == "query" and not v["multi"]}
    chosen = {"cluster": scene.CLUSTER, "group": GROUPS.get(panel, "billing")}
    return {**CHOSEN, **{name: chosen[name] for name in single}}


def asked(server: Watched, board: Board, query: Query) -> list[dict]:
    """What Prometheus answers to the query as Grafana would ask it."""
    expr = fill(query.expr, values_for(board, query.panel))
    now = time.time()
    if query.instant:
        path = "query?" + urlencode({"query": expr, "time": now})
    else:
        path = "query_range?" + urlencode({"query": expr, "start": now - 60, "end": now, "step": 1})
    status, text = get(f"{server.url}/api/v1/{path}", timeout=10.0)
    answer = json.loads(text)
    assert status == 200, f"{answer['error']}: {expr}"
    assert not answer.get("warnings"), f"{answer['warnings']}: {expr}"
    return answer["data"]["result"]


@pytest.mark.parametrize(
    ("group", "status", "worst"),
    [
        ("billing", 1, 1),
        ("ledger", 2, 2),
        ("fraud-check", 3, 4),
        ("mailer", 3, 5),
        ("replayer", 3, 6),
    ],
)
def test_the_group_dashboard_shows_the_status_that_the_consumer_earns(
    watched: Watched, group: str, status: int, worst: int
) -> None:
    board = BOARDS["kafka-burrow-group"]
    queries = {query.panel: query for query in board.queries() if query.panel in ("Status", "Worst partition")}

    def shown() -> list[float]:
        values = {**CHOSEN, "cluster": scene.CLUSTER, "group": group}
        found = []
        for panel in ("Status", "Worst partition"):
            path = urlencode({"query": fill(queries[panel].expr, values)})
            _, text = get(f"{watched.url}/api/v1/query?{path}")
            found += [float(one["value"][1]) for one in json.loads(text)["data"]["result"]]
        return found

    watched.wait_until(lambda: shown() == [status, worst], f"{group} to be shown as {status}, {worst}")


@pytest.mark.parametrize(("board", "query"), QUERIES)
def test_a_query_of_a_panel_gives_data(watched: Watched, board: Board, query: Query) -> None:
    watched.wait_until(lambda: bool(asked(watched, board, query)), f"data of {query.expr}")


@pytest.mark.parametrize("uid", BOARDS)
def test_every_variable_that_is_a_query_offers_a_choice(watched: Watched, uid: str) -> None:
    board = BOARDS[uid]
    for variable in board.variables:
        if variable["type"] != "query":
            continue
        query = variable["query"]["query"].removeprefix("label_values(").removesuffix(")")
        selector, _, label = query.rpartition(", ")
        match = urlencode({"match[]": fill(selector, values_for(board, ""))})
        _, text = get(f"{watched.url}/api/v1/label/{label}/values?{match}")
        assert json.loads(text)["data"], variable["name"]
