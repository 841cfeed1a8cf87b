"""Plays the scene on a real Kafka for a while, and draws each dashboard from what Prometheus has seen.

``python -m tools.dashboards.picture --minutes 25 docs/images``. Needs npm, and chromium (a Debian package).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from testbed import dashboard_scene as scene
from testbed.broker import Cluster
from tools.dashboards.checks.board import Board, boards
from tools.dashboards.picture.browser import bundled, photograph, served

WIDTH, MARGIN = 1600, 32
ROW, HEADER = 38, 110
STEP = 15
GROUP = "mailer"
PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="draw.css">
<body style="margin:0"><div id="root"></div><script>window.SHOT = {shot}</script><script src="draw.js"></script>
"""


def shot_of(board: Board, prometheus: str, start: float, end: float) -> dict[str, Any]:
    """What the drawing program is told: the dashboard, the time shown, what its variables stand for."""
    chosen = {"cluster": scene.CLUSTER, "group": GROUP} if board.json["uid"] == "kafka-burrow-group" else {}
    every = dict.fromkeys(("job", "instance", "cluster", "group", "topic", "partition"), ".+")
    span = int(end - start)
    times = {"__range": f"{span}s", "__rate_interval": "2m", "top": "25"}
    labels = {v["name"]: v["label"] for v in board.variables if v["type"] == "query"}
    return {
        "dashboard": board.json,
        "prometheus": prometheus,
        "from": int(start) // STEP * STEP,
        "to": int(end) // STEP * STEP,
        "step": STEP,
        "values": {**every, **chosen, **times},
        "shown": {label: chosen.get(name, "All") for name, label in labels.items()},
        "width": WIDTH,
    }


def draw(prometheus: str, start: float, end: float, into: Path) -> None:
    """Writes ``dashboard-NAME.png`` for each dashboard."""
    page = bundled()
    for board in boards():
        name = board.json["uid"].removeprefix("kafka-burrow-")
        shot = json.dumps(shot_of(board, prometheus, start, end)).replace("</", "<\\/")
        (page / f"{name}.html").write_text(PAGE.format(shot=shot), encoding="utf-8")
        bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board.panels)
        size = (WIDTH + MARGIN, bottom * ROW + HEADER)
        with served(page) as address:
            photograph(f"{address}/{name}.html", size, (into / f"dashboard-{name}.png").resolve())


def main() -> None:
    """Plays and draws; or only draws, from a Prometheus that has seen enough."""
    arguments = argparse.ArgumentParser(prog="python -m tools.dashboards.picture", description=__doc__)
    arguments.add_argument("folder", type=Path, help="where the pictures go")
    arguments.add_argument("--minutes", type=float, default=25.0, help="how long is shown (default: %(default)g)")
    arguments.add_argument("--prometheus", help="draw from this one, at http://HOST:PORT, instead of playing a scene")
    chosen = arguments.parse_args()
    span = chosen.minutes * 60
    if chosen.prometheus:
        draw(chosen.prometheus, time.time() - span, time.time(), chosen.folder)
        return
    with tempfile.TemporaryDirectory(prefix="kafka-burrow-dashboards-") as temporary:
        folder = Path(temporary)
        with Cluster(folder) as kafka, scene.played(kafka, folder, scene.USUAL, all_kinds=False) as playing:
            start = time.time()
            while time.time() < start + span:
                playing.check()
                time.sleep(1.0)
            draw(playing.url, start, time.time(), chosen.folder)


if __name__ == "__main__":
    main()
