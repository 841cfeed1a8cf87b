"""Grafana's classic dashboard model (schema version 39, Grafana 11 and later), as far as these dashboards need it."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

SCHEMA = 39
TAG = "kafka-burrow"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
# No finer than the usual scrape interval; it also keeps $__rate_interval at two minutes or more, so that a slope has
# its two samples even where Prometheus scrapes every minute and the data source was not told so.
STEP = "30s"
COLUMNS = 24


def query(expr: str, legend: str = "") -> Json:
    """One query of a panel; the panel says whether it is asked for now or for the whole time shown."""
    return {"datasource": DATASOURCE, "editorMode": "code", "expr": expr, "legendFormat": legend}


def steps(*limits: tuple[float | None, str]) -> Json:
    """Thresholds, lowest first: (None, colour) below all others, then (from here, colour)."""
    return {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in limits]}


PLAIN = steps((None, "text"))


def override(field: str, **properties: Any) -> Json:
    """Properties of one field by its shown name; double underscores stand for dots (``custom__width``)."""
    return {
        "matcher": {"id": "byName", "options": field},
        "properties": [{"id": name.replace("__", "."), "value": value} for name, value in properties.items()],
    }


def override_query(letter: str, **properties: Any) -> Json:
    """Properties of all series of one query, by its letter (A is the first)."""
    return {**override("", **properties), "matcher": {"id": "byFrameRefID", "options": letter}}


COLOURED_CELL = {"type": "color-background", "mode": "basic"}
COLOURED_TEXT = {"type": "color-text"}


def colour(name: str) -> Json:
    """One colour whatever the value."""
    return {"mode": "fixed", "fixedColor": name}


def data_link(title: str, url: str, *, new_tab: bool = False) -> Json:
    """A link from a value."""
    return {"title": title, "url": url, "targetBlank": new_tab}


def dashboard(
    uid: str,
    title: str,
    description: str,
    *,
    shown: str,
    variables: list[Json],
    links: list[Json],
    annotations: list[Json],
    rows: dict[str, list[Json]],
) -> Json:
    """A dashboard whose panels flow from left to right under the titles of their rows.

    ``shown``: the time range that it opens with, up to now ("1h").
    """
    panels: list[Json] = []
    y = 0
    for heading, members in rows.items():
        panels.append(
            {
                "id": len(panels) + 1,
                "type": "row",
                "title": heading,
                "collapsed": False,
                "panels": [],
                "gridPos": {"h": 1, "w": COLUMNS, "x": 0, "y": y},
            }
        )
        x, y, tallest = 0, y + 1, 0
        for panel in members:
            place = panel["gridPos"]
            if x + place["w"] > COLUMNS:
                x, y, tallest = 0, y + tallest, 0
            panels.append({"id": len(panels) + 1, **panel, "gridPos": {**place, "x": x, "y": y}})
            x, tallest = x + place["w"], max(tallest, place["h"])
        y += tallest
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": [TAG],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": f"now-{shown}", "to": "now"},
        "timepicker": {},
        "timezone": "browser",
        "weekStart": "",
        "fiscalYearStartMonth": 0,
        "annotations": {"list": annotations},
        "links": links,
        "templating": {"list": variables},
        "panels": panels,
    }
