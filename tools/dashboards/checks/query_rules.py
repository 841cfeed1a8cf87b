"""The linter's rules about queries, each a check of one dashboard as in `board_rules`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import promql_parser

from tools.dashboards.checks.board import Board
from tools.dashboards.checks.board_rules import Complaint

RATE_INTERVAL = 11_277_964
# Variables stand within quotes, where they are part of a value, or where a number or a length of time is due.
NUMBERS = {"[$__rate_interval]": f"[{RATE_INTERVAL}s]", "[$__range]": "[9001s]", "$top": "25"}

Node = Any
Selector = tuple[Node, tuple[Node, ...]]
"""A vector selector and what it stands in, outermost first."""


def selectors(expr: str) -> list[Selector]:
    """Every vector selector of a query.

    Raises:
        ValueError: the query is not PromQL.
    """
    for variable, number in NUMBERS.items():
        expr = expr.replace(variable, number)
    path: list[Node] = []
    found: list[Selector] = []

    def enter(node: Node) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append((node, tuple(path)))
        path.append(node)

    promql_parser.walk(promql_parser.parse(expr), pre_visit=enter, post_visit=lambda _: path.pop() and None)
    return found


def _function_over_time(path: tuple[Node, ...]) -> str:
    """The function that a range selector is given to; empty if it is no range, or given to none."""
    if len(path) < 2 or not isinstance(path[-1], promql_parser.MatrixSelector):
        return ""
    return path[-2].func.name if isinstance(path[-2], promql_parser.Call) else ""


def _each_selector(board: Board) -> Iterator[tuple[str, str, Selector]]:
    for query in board.queries():
        try:
            found = selectors(query.expr)
        except ValueError:
            continue  # target-promql-rule speaks of it
        for selector in found:
            yield query.panel, str(query.index), selector


def target_promql(board: Board) -> Iterator[Complaint]:
    """Every query is PromQL."""
    for query in board.queries():
        try:
            selectors(query.expr)
        except ValueError as error:
            yield query.panel, str(query.index), str(error)


def target_rate_interval(board: Board) -> Iterator[Complaint]:
    """Rates are over the interval that fits the time shown."""
    for panel, index, (selector, path) in _each_selector(board):
        function = _function_over_time(path)
        if function in ("rate", "irate", "deriv") and path[-1].range.total_seconds() != RATE_INTERVAL:
            yield panel, index, f"{function} of {selector.name} must be over $__rate_interval"


def _target_matches(board: Board, label: str) -> Iterator[Complaint]:
    for panel, index, (selector, _) in _each_selector(board):
        matchers = [(m.name, m.op, m.value) for m in selector.matchers.matchers]
        if (label, promql_parser.MatchOp.Re, f"${label}") not in matchers:
            yield panel, index, f'{selector.name} lacks {label}=~"${label}"'


def target_job(board: Board) -> Iterator[Complaint]:
    """Every selector asks for the chosen jobs."""
    yield from _target_matches(board, "job")


def target_instance(board: Board) -> Iterator[Complaint]:
    """Every selector asks for the chosen instances."""
    yield from _target_matches(board, "instance")


def target_counter_agg(board: Board) -> Iterator[Complaint]:
    """A counter is only looked at through its rate."""
    for panel, index, (selector, path) in _each_selector(board):
        if not (selector.name or "").endswith("_total"):
            continue
        calls = [node.func.name for node in path[-2:] if isinstance(node, promql_parser.Call)]
        if not isinstance(path[-1], promql_parser.MatrixSelector) or calls[:1] not in (
            ["rate"],
            ["irate"],
            ["increase"],
        ):
            yield panel, index, f"{selector.name} is not in rate, irate or increase"


def target_logql(board: Board) -> Iterator[Complaint]:
    """LogQL parses: there is none, every query is PromQL."""
    for panel in board.panels:
        for index, target in enumerate(panel["targets"]):
            if target["datasource"]["type"] != "prometheus":
                yield panel["title"], str(index), "only Prometheus is asked here"
