"""`replay`: the verdicts on a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Literal

import click

from exporter.cli import comparison_output
from exporter.cli.command_failures import BadConfiguration
from exporter.cli.evaluation_flags import evaluation_options, some_values
from exporter.cli.recordings import observations
from exporter.cli.shared_flags import RECORDING, variable
from exporter.config import load
from exporter.core.advance import advance
from exporter.core.comparison import Comparison
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import History, empty
from exporter.core.model import Observation
from exporter.core.report import Report
from exporter.recording import verdict_lines
from exporter.schema import ConfigError

Format = Literal["table", "json"]

Judge = Callable[[str], EvaluationSettings]
"""Cluster → the evaluation it is judged by."""


@click.command()
@click.argument("recording", metavar="FILE|-", type=RECORDING)
@click.option(
    "--config.file",
    "config_file",
    metavar="FILE",
    help="Configuration file to take the `evaluation` settings of each recorded cluster from, and the overrides for"
    " some of its groups.",
    envvar=variable("--config.file"),
    show_envvar=True,
)
@click.option(
    "--compare",
    "other",
    callback=some_values,
    metavar="KEY=VALUE,...",
    help="Judge a second time with these evaluation settings changed (window=300s,patience=30m), or without the"
    " overrides for some groups (overrides=none), and print where the verdicts differ, with totals, instead of the"
    " verdicts.",
)
@click.option(
    "--compare.config.file",
    "other_file",
    metavar="FILE",
    help="Judge a second time as this configuration file says, and compare as --compare does.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    help="With --compare: a table, or one JSON object on one line.  [default: table]",
)
@evaluation_options
def replay(
    *,
    recording: str,
    config_file: str | None,
    other: dict[str, Any] | None,
    other_file: str | None,
    format_: Format | None,
    changed: Callable[[EvaluationSettings], EvaluationSettings],
) -> None:
    """Judge a recording with the given settings: a JSON object for each observation and group.

    FILE is what `record` writes; - reads standard input. A flag wins over the `evaluation` in the configuration file,
    and the overrides for some groups in it over both. A cluster that the file does not name gets the `defaults` in it.
    """
    comparing = other is not None or other_file is not None
    if format_ is not None and not comparing:
        raise click.UsageError("--format needs --compare; without it the verdicts are always JSON Lines")
    judge = _judge(config_file, changed)
    if not comparing:
        _print_verdicts(observations(recording), judge)
        return
    values = other or {}
    of_file = judge if other_file is None else _judge(other_file, changed)
    show = comparison_output.show_json if format_ == "json" else comparison_output.show
    show(compare(observations(recording), judge, lambda cluster: replace(of_file(cluster), **values)), values)


def _judge(file: str | None, changed: Callable[[EvaluationSettings], EvaluationSettings]) -> Judge:
    """How each cluster is judged by a configuration file, or by the defaults, with the flags applied."""
    try:
        settings = load(file, clusters_needed=False)
    except ConfigError as error:
        raise BadConfiguration(error) from None
    of_cluster = {cluster.name: changed(cluster.judging) for cluster in settings.clusters}
    otherwise = changed(settings.evaluation)
    return lambda cluster: of_cluster.get(cluster, otherwise)


def _print_verdicts(recorded: Iterable[Observation], judge: Judge) -> None:
    for report in reports(recorded, judge):
        if report.groups:
            click.echo("\n".join(verdict_lines(report)))


def reports(recorded: Iterable[Observation], judge: Judge) -> Iterator[Report]:
    """The report on each observation; clusters are kept apart."""
    histories: dict[str, History] = {}
    for observation in recorded:
        settings = judge(observation.cluster)
        before = histories.get(observation.cluster) or empty(settings)
        histories[observation.cluster], report = advance(before, observation, settings)
        yield report


def compare(recorded: Iterable[Observation], judge: Judge, other: Judge) -> dict[str, Comparison]:
    """Cluster → the comparison of two ways to judge it."""
    comparisons: dict[str, Comparison] = {}
    for observation in recorded:
        name = observation.cluster
        if name not in comparisons:
            comparisons[name] = Comparison((judge(name), other(name)))
        comparisons[name].add(observation)
    return comparisons
