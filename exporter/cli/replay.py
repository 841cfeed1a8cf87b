"""`replay`: the verdicts on a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Literal

import click

from exporter.cli import comparison_output
from exporter.cli.evaluation import evaluation_options, some_values
from exporter.cli.failures import BadArguments, BadConfiguration, RunFailed
from exporter.cli.options import variable
from exporter.config import load
from exporter.core.advance import advance
from exporter.core.comparison import Comparison
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import History, empty
from exporter.core.model import Observation
from exporter.core.report import Report
from exporter.recording import RecordingError, read, verdict_lines
from exporter.schema import ConfigError

Format = Literal["table", "json"]

Judge = Callable[[str], EvaluationSettings]
"""Cluster → the evaluation it is judged by."""


@click.command()
@click.argument("recording", metavar="FILE|-", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--config.file",
    "config_file",
    metavar="FILE",
    help="Configuration file to take the `evaluation` settings of each recorded cluster from.",
    envvar=variable("--config.file"),
    show_envvar=True,
)
@click.option(
    "--compare",
    "other",
    callback=some_values,
    metavar="KEY=VALUE,...",
    help="Judge a second time with these evaluation settings changed (window=300s,patience=30m), and print where the"
    " verdicts differ, with totals, instead of the verdicts.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    help="With --compare: a table, or one JSON object on one line.  [default: table]",
)
@evaluation_options
def replay(
    recording: str,
    config_file: str | None,
    other: dict[str, Any] | None,
    format_: Format | None,
    changed: Callable[[EvaluationSettings], EvaluationSettings],
) -> None:
    """Judge a recording with the given settings: a JSON object for each observation and group.

    FILE is what `record` writes; - reads standard input. A flag wins over the configuration file; a cluster that the
    file does not name gets the `defaults` in it.
    """
    if format_ is not None and other is None:
        raise click.UsageError("--format needs --compare; without it the verdicts are always JSON Lines")
    try:
        settings = load(config_file, clusters_needed=False)
    except ConfigError as error:
        raise BadConfiguration(error) from None
    of_cluster = {cluster.name: changed(cluster.evaluation) for cluster in settings.clusters}
    otherwise = changed(settings.evaluation)

    def judge(cluster: str) -> EvaluationSettings:
        return of_cluster.get(cluster, otherwise)

    if other is None:
        _print_verdicts(_observations(recording), judge)
    else:
        show = comparison_output.show_json if format_ == "json" else comparison_output.show
        show(compare(_observations(recording), judge, other), other)


def _observations(recording: str) -> Iterator[Observation]:
    """The recorded observations; an error in the file ends the command."""
    name = "standard input" if recording == "-" else recording
    try:
        with click.open_file(recording, "rb") as lines:
            for _, observation in read(lines):
                yield observation
    except RecordingError as error:
        raise BadArguments(f"{name}: {error}") from None
    except OSError as error:
        raise RunFailed(f"cannot read {name}: {(error.strerror or str(error)).lower()}") from error


def _print_verdicts(observations: Iterable[Observation], judge: Judge) -> None:
    for report in reports(observations, judge):
        if report.groups:
            click.echo("\n".join(verdict_lines(report)))


def reports(observations: Iterable[Observation], judge: Judge) -> Iterator[Report]:
    """The report on each observation; clusters are kept apart."""
    histories: dict[str, History] = {}
    for observation in observations:
        settings = judge(observation.cluster)
        before = histories.get(observation.cluster) or empty(settings)
        histories[observation.cluster], report = advance(before, observation, settings)
        yield report


def compare(observations: Iterable[Observation], judge: Judge, other: dict[str, Any]) -> dict[str, Comparison]:
    """Cluster → the comparison of its evaluation with the same evaluation after the changes in ``other``."""
    comparisons: dict[str, Comparison] = {}
    for observation in observations:
        if observation.cluster not in comparisons:
            settings = judge(observation.cluster)
            comparisons[observation.cluster] = Comparison((settings, replace(settings, **other)))
        comparisons[observation.cluster].add(observation)
    return comparisons
