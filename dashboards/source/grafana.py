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


def colour(name: str) -> Json:
    """One colour whatever the value."""
    return {"mode": "fixed", "fixedColor": name}


def data_link(title: str, url: str, *, new_tab: bool = False) -> Json:
    """A link from a value."""
    return {"title": title, "url": url, "targetBlank": new_tab}


def _panel(
    kind: str, title: str, description: str, queries: list[Json], *, size: tuple[int, int], fields: Json
) -> Json:
    instant = kind in ("stat", "table")
    targets = [
        {
            "refId": chr(ord("A") + index),
            **one,
            "instant": instant,
            "range": not instant,
            "format": "table" if kind == "table" else "time_series",
        }
        for index, one in enumerate(queries)
    ]
    width, height = size
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "gridPos": {"w": width, "h": height},
        "interval": STEP,
        "targets": targets,
        "fieldConfig": fields,
    }


def stat(
    title: str,
    description: str,
    queries: list[Json],
    *,
    width: int,
    unit: str = "none",
    mappings: list[Json] | None = None,
    thresholds: Json = PLAIN,
    overrides: list[Json] | None = None,
    links: list[Json] | None = None,
    no_value: str = "no data",
    height: int = 4,
) -> Json:
    """The value of now, large."""
    defaults = {
        "unit": unit,
        "mappings": mappings or [],
        "thresholds": thresholds,
        "color": {"mode": "thresholds"},
        "noValue": no_value,
        "links": links or [],
    }
    panel = _panel("stat", title, description, queries, size=(width, height), fields=_fields(defaults, overrides))
    return {
        **panel,
        "options": {
            "colorMode": "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "orientation": "auto",
            "textMode": "value_and_name" if len(queries) > 1 else "value",
            "wideLayout": True,
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        },
    }


def lines(
    title: str,
    description: str,
    queries: list[Json],
    *,
    width: int = 12,
    height: int = 9,
    unit: str = "short",
    stacked: bool = False,
    overrides: list[Json] | None = None,
    links: list[Json] | None = None,
    lowest: float | None = 0,
    highest: float | None = None,
    thresholds: Json = PLAIN,
) -> Json:
    """Values over time."""
    custom = {
        "drawStyle": "line",
        "lineInterpolation": "stepAfter" if stacked else "linear",
        "lineWidth": 1,
        "fillOpacity": 60 if stacked else 8,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "off" if thresholds is PLAIN else "line"},
    }
    defaults: Json = {
        "unit": unit,
        "custom": custom,
        "color": {"mode": "palette-classic"},
        "mappings": [],
        "thresholds": thresholds,
        "links": links or [],
    }
    if lowest is not None:
        defaults["min"] = lowest
    if highest is not None:
        defaults["max"] = highest
    panel = _panel("timeseries", title, description, queries, size=(width, height), fields=_fields(defaults, overrides))
    return {
        **panel,
        "options": {
            "legend": {
                "showLegend": True,
                "displayMode": "table",
                "placement": "bottom",
                "calcs": ["lastNotNull", "max"],
                "sortBy": "Last *",
                "sortDesc": True,
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    }


def timeline(
    title: str,
    description: str,
    queries: list[Json],
    *,
    mappings: list[Json],
    width: int = 24,
    height: int = 9,
    links: list[Json] | None = None,
) -> Json:
    """States over time, one band for each series."""
    defaults = {
        "unit": "none",
        "mappings": mappings,
        "thresholds": PLAIN,
        "color": {"mode": "thresholds"},
        "custom": {"fillOpacity": 80, "lineWidth": 0, "spanNulls": False},
        "links": links or [],
    }
    panel = _panel("state-timeline", title, description, queries, size=(width, height), fields=_fields(defaults, None))
    return {
        **panel,
        "options": {
            "alignValue": "left",
            "mergeValues": True,
            "rowHeight": 0.85,
            "showValue": "auto",
            "legend": {"showLegend": False, "displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "single", "sort": "none"},
        },
    }


def table(
    title: str,
    description: str,
    columns: dict[str, str],
    queries: list[Json],
    *,
    unit: str = "none",
    width: int = 24,
    height: int = 11,
    overrides: list[Json] | None = None,
    sort: list[tuple[str, bool]] | None = None,
) -> Json:
    """The values of now, one row for each set of labels, one column for each query.

    ``columns``: field → shown name, in the order shown; a label by its name, a value by its query ("Value #B").
    A value that is not named is hidden. ``sort``: (shown name, largest first).
    """
    defaults = {
        "unit": unit,
        "mappings": [],
        "thresholds": PLAIN,
        "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True},
    }
    panel = _panel("table", title, description, queries, size=(width, height), fields=_fields(defaults, overrides))
    values = [f"Value #{target['refId']}" for target in panel["targets"]]
    named = {
        "excludeByName": {field: True for field in ("Time", *values) if field not in columns},
        "indexByName": {field: index for index, field in enumerate(columns)},
        "renameByName": {field: name for field, name in columns.items() if field != name},
    }
    return {
        **panel,
        "transformations": [{"id": "merge", "options": {}}, {"id": "organize", "options": named}],
        "options": {
            "showHeader": True,
            "cellHeight": "sm",
            "footer": {"show": False, "reducer": ["sum"], "fields": ""},
            "sortBy": [{"displayName": name, "desc": desc} for name, desc in sort or []],
        },
    }


def _fields(defaults: Json, overrides: list[Json] | None) -> Json:
    return {"defaults": defaults, "overrides": overrides or []}


def dashboard(
    uid: str, title: str, description: str, *, variables: list[Json], links: list[Json], rows: dict[str, list[Json]]
) -> Json:
    """A dashboard whose panels flow from left to right under the titles of their rows."""
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
        "time": {"from": "now-6h", "to": "now"},
        "timepicker": {},
        "timezone": "browser",
        "weekStart": "",
        "fiscalYearStartMonth": 0,
        "annotations": {"list": []},
        "links": links,
        "templating": {"list": variables},
        "panels": panels,
    }
