"""`status`: the groups of the clusters and their verdicts, now."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import click

from exporter.cli import table
from exporter.cli.evaluation import value_of
from exporter.cli.options import settings_options
from exporter.cli.rounds import Stopped, interruptible, open_sources, rounds
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import History, empty, fold
from exporter.core.model import Observation, Status
from exporter.core.report import Report, report
from exporter.quoting import one_line, quoted
from exporter.recording import json_line, verdict
from exporter.schema.kinds import duration
from exporter.settings import Settings
from exporter.sources import Source

Format = Literal["table", "json"]

ALL_OK, SOME_WARN, SOME_ERR, NOT_OBSERVED = 0, 1, 2, 3
"""Exit codes, those of a monitoring plugin: OK, WARNING, CRITICAL, UNKNOWN."""


@click.command()
@click.option(
    "--interval",
    callback=value_of(duration()),
    metavar="DURATION",
    default="2s",
    show_default=True,
    help="Time from one observation to the next.",
)
@click.option(
    "--observations",
    type=click.IntRange(min=4),
    metavar="N",
    default=6,
    show_default=True,
    help="Observations that a verdict needs; a consumer that commits less often than they span may look stalled.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="A table, worst first, or one JSON object on one line.",
)
@click.option("--watch", is_flag=True, help="Continue until Ctrl-C, and print the groups after every observation.")
@click.option(
    "--count", type=click.IntRange(min=1), metavar="N", help="With --watch: stop after this many observations."
)
@settings_options()
def status(
    *, settings: Settings, interval: float, observations: int, format_: Format, watch: bool, count: int | None
) -> None:
    """Watch the clusters for a few intervals and print their groups, worst first.

    Exit code 0 if all groups are OK, 1 if some are at WARN, 2 if some are at ERR, and 3 if the clusters, or parts
    of them, could not be observed and nothing worse is known, or if it was interrupted before there was a verdict.
    Wrong arguments and configuration end with 2 as well.
    """
    if count is not None and not watch:
        raise click.UsageError("--count needs --watch; without it --observations says how many there are")
    views = {cluster.name: View(spanning(cluster.evaluation, interval, observations)) for cluster in settings.clusters}
    timeout = max(cluster.request_timeout for cluster in settings.clusters)
    with interruptible() as stopped:
        observe(
            views,
            open_sources(settings),
            show={"table": table.show, "json": show_json}[format_],
            interval=interval,
            timeout=timeout,
            count=count if watch else observations,
            watch=watch,
            stopped=stopped,
        )
        too_early = stopped() and not watch
    if too_early:
        click.echo(f"interrupted: {observations} observations make a verdict", err=True)
        sys.exit(NOT_OBSERVED)
    sys.exit(exit_code(views.values()))


def spanning(evaluation: EvaluationSettings, interval: float, observations: int) -> EvaluationSettings:
    """The evaluation whose window is full after this many observations, with half an interval left for delays."""
    window = interval * (observations - 1.5)
    return replace(evaluation, window=window, recent=window * 4 / 3, min_distance=interval / 2, intervals=observations)


@dataclass(slots=True)
class View:
    """One cluster after the newest observation; ``trouble`` says why it could not be observed."""

    evaluation: EvaluationSettings
    history: History | None = None
    report: Report | None = None
    trouble: str | None = None

    def see(self, answer: Observation | Exception) -> None:
        """Add the cluster's answer of one round."""
        if not isinstance(answer, Observation):
            self.trouble = str(answer)
            return
        self.trouble = None
        self.history = fold(self.history or empty(self.evaluation), answer, self.evaluation)
        self.report = report(self.history, answer, self.evaluation)


Views = Mapping[str, View]


def observe(
    views: Views,
    sources: Mapping[str, Source],
    *,
    show: Callable[[table.Judged], None],
    interval: float,
    timeout: float,
    count: int | None,
    watch: bool = False,
    stopped: Stopped = lambda: False,
) -> None:
    """Observe the clusters ``count`` times, and show the result at the end or, with watch, every time."""
    for number, seen in enumerate(rounds(sources, interval=interval, timeout=timeout, stopped=stopped), start=1):
        for name, answer in seen.items():
            views[name].see(answer)
        nothing_yet = all(view.report is None for view in views.values())
        last = number == count or (nothing_yet and not watch)
        if last or watch:
            if sys.stdout.isatty() and watch:
                click.clear()
            elif number > 1 and watch and show is table.show:
                click.echo()
            show({name: (view.report, view.evaluation) for name, view in views.items() if view.report is not None})
            _tell(views)
        if last:
            return


def exit_code(views: Iterable[View]) -> int:
    """The exit code for the newest reports."""
    every = tuple(views)
    worst = max(
        (group.status for view in every if view.report for group in view.report.groups.values()), default=Status.OK
    )
    if worst >= Status.ERR:
        return SOME_ERR
    if any(view.trouble or view.report is None for view in every):
        return NOT_OBSERVED
    if worst == Status.WARN:
        return SOME_WARN
    return NOT_OBSERVED if any(view.report.failures for view in every if view.report) else ALL_OK


def show_json(judged: table.Judged) -> None:
    """Print all groups, worst first, as one JSON object on one line."""
    clusters = [
        {
            "cluster": name,
            "at": shown.at,
            "groups": [
                verdict(shown, group, settings)
                | {
                    "max_lag": group.max_lag,
                    "state": group.state,
                    "members": None if group.members is None else group.members.count,
                }
                for group in table.worst_first(shown)
            ],
            "not_evaluated": dict(shown.not_evaluated),
            "failures": [
                {"scope": failure.scope, "subject": failure.subject, "reason": failure.reason}
                for failure in shown.failures
            ],
        }
        for name, (shown, settings) in judged.items()
    ]
    click.echo(json_line({"clusters": clusters}))


def _tell(views: Views) -> None:
    """Print to standard error what could not be observed."""
    for name, view in views.items():
        if view.trouble is not None:
            click.echo(f"cluster {quoted(name)} could not be observed: {one_line(view.trouble)}", err=True)
        elif view.report is not None and view.report.failures:
            of_many = view.report.failures
            first = f"{of_many[0].scope} {of_many[0].subject}: {of_many[0].reason}"
            more = f" (and {len(of_many) - 1} more)" if len(of_many) > 1 else ""
            click.echo(f"cluster {quoted(name)} was observed in part: {one_line(first)}{more}", err=True)
