"""The kinds of panels: values of now, lines, bands of states, tables."""

from __future__ import annotations

from tools.dashboards.grafana import DATASOURCE, PLAIN, STEP, Json, query

AXIS_WIDTH = 84
"""Pixels for the labels of a vertical axis; the same everywhere, so that graphs above each other have one time axis."""


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
            "textMode": "auto",  # the name too, where there is more than one value
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
    height: int = 10,
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
        "fillOpacity": 60 if stacked else 0,
        "showPoints": "never",
        "spanNulls": False,
        # Room for "-100 msg/s" and "16.7 mins": measured before its font is there, an axis cuts its first digits off.
        "axisWidth": AXIS_WIDTH,
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
                "displayMode": "list" if stacked else "table",
                "placement": "bottom",
                "calcs": [] if stacked else ["lastNotNull", "max"],
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
        "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": False},
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


def table_of_columns(
    title: str,
    description: str,
    labels: dict[str, str],
    expr: str,
    names: tuple[str, ...],
    *,
    height: int = 11,
    overrides: list[Json] | None = None,
    sort: list[tuple[str, bool]] | None = None,
) -> Json:
    """The values of now, one row for each set of labels, all columns from one query as `promql.columns` makes it.

    ``labels``: label → shown name, in the order shown, before the columns' ``names``.
    """
    panel = table(title, description, {}, [query(expr)], height=height, overrides=overrides, sort=sort)
    (target,) = panel["targets"]
    named = {
        "excludeByName": {"Time": True},
        "indexByName": {field: index for index, field in enumerate((*labels, *names))},
        "renameByName": {field: name for field, name in labels.items() if field != name},
    }
    return {
        **panel,
        "targets": [{**target, "format": "time_series"}],
        "transformations": [
            {"id": "labelsToFields", "options": {"mode": "columns", "valueLabel": "column"}},
            {"id": "merge", "options": {}},
            {"id": "organize", "options": named},
        ],
    }


def _fields(defaults: Json, overrides: list[Json] | None) -> Json:
    return {"defaults": defaults, "overrides": overrides or []}
