"""The linter's rules about dashboards, their variables and their panels.

Each is a check of one dashboard and yields (panel, query, what is wrong), with the first two empty where they do not
apply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import promql_parser

from tools.dashboards.checks.board import Board

Complaint = tuple[str, str, str]

VARIABLE_FUNCTION = re.compile(r"(label_names|label_values|metrics|query_result)\((?:(.+), )?(\w+)\)")
DATASOURCES = ("$datasource", "${datasource}")
# Those of the linter's list that could be of use here.
UNITS = (
    {"none", "string", "short", "percent", "percentunit", "locale", "bool", "bool_yes_no", "bool_on_off"}
    | {"bytes", "decbytes", "kbytes", "mbytes", "gbytes", "Bps", "dateTimeAsIso", "dateTimeFromNow"}
    | {"ns", "µs", "ms", "s", "m", "h", "d", "dtdurationms", "dtdurations"}
    | {"cps", "ops", "mps", "reqps", "rps", "wps", "iops", "cpm", "opm"}
)
SHOWING = ("stat", "table", "timeseries", "gauge", "state-timeline")
WITH_UNITS = SHOWING[:-1]


def template_datasource(board: Board) -> Iterator[Complaint]:
    """A variable chooses the data source."""
    found = [v for v in board.variables if v["type"] == "datasource" and v["name"] == "datasource"]
    if not found or found[0]["query"] != "prometheus" or found[0]["label"] != "Data source":
        yield "", "", 'needs a variable "datasource" for Prometheus, labelled "Data source"'


def _template_of_target(board: Board, name: str) -> Iterator[Complaint]:
    variable = next((v for v in board.variables if v["name"] == name), None)
    if variable is None:
        yield "", "", f"needs a variable {name}"
        return
    wanted = {"type": "query", "label": name.capitalize(), "multi": True, "allValue": ".+"}
    for key, value in wanted.items():
        if variable.get(key) != value:
            yield "", "", f"variable {name}: {key} must be {value!r}"
    if variable["datasource"]["uid"] not in DATASOURCES:
        yield "", "", f"variable {name} must ask the chosen data source"


def template_job(board: Board) -> Iterator[Complaint]:
    """A variable chooses jobs."""
    yield from _template_of_target(board, "job")


def template_instance(board: Board) -> Iterator[Complaint]:
    """A variable chooses instances."""
    yield from _template_of_target(board, "instance")


def template_label_promql(board: Board) -> Iterator[Complaint]:
    """Every variable that is a query asks in valid PromQL."""
    for variable in board.variables:
        if variable["type"] != "query":
            continue
        found = VARIABLE_FUNCTION.fullmatch(variable["query"]["query"])
        if found is None:
            yield "", "", f"variable {variable['name']}: not a function that the data source knows"
        elif found[2]:
            try:
                promql_parser.parse(found[2])
            except ValueError as error:
                yield "", "", f"variable {variable['name']}: {error}"


def template_reload(board: Board) -> Iterator[Complaint]:
    """Variables are asked for again when the time shown changes."""
    for variable in board.variables:
        if variable["type"] == "query" and variable["refresh"] != 2:
            yield "", "", f"variable {variable['name']}: refresh must be 2"


def panel_datasource(board: Board) -> Iterator[Complaint]:
    """Panels and their queries ask the chosen data source."""
    for panel in board.panels:
        for part in (panel, *panel["targets"]):
            if part["datasource"]["uid"] not in DATASOURCES:
                yield panel["title"], part.get("refId", ""), "must ask the chosen data source"


def panel_title_description(board: Board) -> Iterator[Complaint]:
    """Panels have a title and a description."""
    for panel in board.panels:
        if panel["type"] in SHOWING and not (panel.get("title") and panel.get("description")):
            yield panel.get("title", ""), "", "needs a title and a description"


def panel_units(board: Board) -> Iterator[Complaint]:
    """Every unit is one that Grafana knows."""
    for panel in board.panels:
        if panel["type"] not in WITH_UNITS:
            continue
        fields = panel["fieldConfig"]
        units = [fields["defaults"].get("unit", "")]
        units += [p["value"] for one in fields["overrides"] for p in one["properties"] if p["id"] == "unit"]
        for unit in units:
            if unit not in UNITS:
                yield panel["title"], "", f"unknown unit {unit!r}"


def panel_no_targets(board: Board) -> Iterator[Complaint]:
    """Every panel asks something."""
    for panel in board.panels:
        if panel["type"] in SHOWING and not panel.get("targets"):
            yield panel["title"], "", "asks nothing"


def uneditable(board: Board) -> Iterator[Complaint]:
    """The dashboard is changed in its source, not in Grafana."""
    if board.json["editable"] is not False:
        yield "", "", "editable must be false"
