"""The rules of Grafana's dashboard-linter, by their names there, as checks of one dashboard each.

The linter itself is a Go program whose module the public proxy does not serve; what its rules ask is written here
anew. Exceptions are in the file that it reads too, ``.lint`` beside the dashboards, each with its reason.

Run it: ``python -m tools.dashboards.checks.linter``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import yaml

from tools.dashboards import FOLDER
from tools.dashboards.checks import board_rules, query_rules
from tools.dashboards.checks.board import Board, Json, boards


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a rule objects to; ``panel`` and ``target`` are empty where it concerns the dashboard."""

    rule: str
    dashboard: str
    message: str
    panel: str = ""
    target: str = ""

    def __str__(self) -> str:
        """One line for a person."""
        place = " / ".join(part for part in (self.dashboard, self.panel, self.target) if part)
        return f"{self.rule}: {place}: {self.message}"


RULES: dict[str, Callable[[Board], Iterator[board_rules.Complaint]]] = {
    "template-datasource-rule": board_rules.template_datasource,
    "template-job-rule": board_rules.template_job,
    "template-instance-rule": board_rules.template_instance,
    "template-label-promql-rule": board_rules.template_label_promql,
    "template-on-time-change-reload-rule": board_rules.template_reload,
    "panel-datasource-rule": board_rules.panel_datasource,
    "panel-title-description-rule": board_rules.panel_title_description,
    "panel-units-rule": board_rules.panel_units,
    "panel-no-targets-rule": board_rules.panel_no_targets,
    "target-promql-rule": query_rules.target_promql,
    "target-rate-interval-rule": query_rules.target_rate_interval,
    "target-job-rule": query_rules.target_job,
    "target-instance-rule": query_rules.target_instance,
    "target-counter-agg-rule": query_rules.target_counter_agg,
    "uneditable-dashboard": board_rules.uneditable,
    "target-logql-rule": query_rules.target_logql,
    "target-logql-auto-rule": query_rules.target_logql,
}


def lint(board: Board) -> list[Finding]:
    """Everything that a rule objects to, exceptions included."""
    return [
        Finding(name, board.title, message, panel, target)
        for name, rule in RULES.items()
        for panel, target, message in rule(board)
    ]


def exceptions() -> dict[str, Json]:
    """Rule → the reason and the places where it does not hold, as ``.lint`` says."""
    loaded = yaml.safe_load((FOLDER / ".lint").read_text(encoding="utf-8"))
    return dict(loaded["exclusions"])


def excepted(finding: Finding, allowed: dict[str, Json]) -> bool:
    """True if ``.lint`` names this place for this rule."""
    return any(
        entry["dashboard"] == finding.dashboard and entry.get("panel", "") == finding.panel
        for entry in allowed.get(finding.rule, {}).get("entries", [])
    )


def main() -> None:
    """Prints what is found; exits 1 if anything is."""
    allowed = exceptions()
    findings = [one for board in boards() for one in lint(board) if not excepted(one, allowed)]
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
