"""`status`: the groups of the clusters and their verdicts, now."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import click

from exporter.cli import table
from exporter.cli.command_failures import discard_output
from exporter.cli.evaluation_flags import value_of
from exporter.cli.rounds import Stopped, interruptible, open_sources, rounds
from exporter.cli.shared_flags import settings_options
from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import History, empty
from exporter.core.model import Observation, Status
from exporter.core.report import Report
from exporter.quoting import one_line, quoted
from exporter.recording import json_line, verdict
from exporter.schema.kinds import duration
from exporter.settings import Settings
from exporter.sources import Source
from exporter.wording import failures_on_one_line

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
    states = {
        cluster.name: ClusterState(spanning(cluster.judging, interval, observations)) for cluster in settings.clusters
    }
    timeout = max(cluster.request_timeout for cluster in settings.clusters)
    with interruptible() as stopped:
        try:
            observe(
                states,
                open_sources(settings),
                show={"table": table.show, "json": show_json}[format_],
                interval=interval,
                timeout=timeout,
                count=count if watch else observations,
                watch=watch,
                stopped=stopped,
            )
        except BrokenPipeError:  # nobody reads on, but the exit code still says what was found
            discard_output()
        too_early = stopped() and not watch
    if too_early:
        click.echo(f"interrupted: {observations} observations make a verdict", err=True)
        sys.exit(NOT_OBSERVED)
    sys.exit(exit_code(states.values()))


def spanning(evaluation: EvaluationSettings, interval: float, observations: int) -> EvaluationSettings:
    """The evaluation whose window is full after this many observations, with half an interval left for delays.

    So few observations teach no rhythm: whoever looks on decides how long is too long, for the groups of overrides too.
    """
    window = interval * (observations - 1.5)
    overrides = tuple(
        replace(override, window=None, patience=None, min_distance=None, intervals=None)
        for override in evaluation.overrides
    )
    return replace(
        evaluation,
        window=window,
        patience=window,
        min_distance=interval / 2,
        intervals=observations,
        overrides=overrides,
    )


@dataclass(slots=True)
class ClusterState:
    """One cluster after the newest round; ``trouble`` says why it could not be observed."""

    evaluation: EvaluationSettings
    history: History | None = None
    report: Report | None = None
    trouble: str | None = None

    def update(self, response: Observation | Exception) -> None:
        """Adds the cluster's response of one round."""
        if not isinstance(response, Observation):
            self.trouble = str(response)
            return
        self.trouble = None
        before = self.history or empty(self.evaluation)
        self.history, self.report = advance(before, response, self.evaluation)


ClusterStates = Mapping[str, ClusterState]


def observe(
    states: ClusterStates,
    sources: Mapping[str, Source],
    *,
    show: Callable[[table.Reports], None],
    interval: float,
    timeout: float,
    count: int | None,
    watch: bool = False,
    stopped: Stopped = lambda: False,
) -> None:
    """Observes the clusters ``count`` times, and shows the result at the end or, with watch, every time."""
    for number, responses in enumerate(rounds(sources, interval=interval, timeout=timeout, stopped=stopped), start=1):
        for name, response in responses.items():
            states[name].update(response)
        nothing_yet = all(state.report is None for state in states.values())
        last = number == count or (nothing_yet and not watch)
        if last or watch:
            if sys.stdout.isatty() and watch:
                click.clear()
            elif number > 1 and watch and show is table.show:
                click.echo()
            show({name: state.report for name, state in states.items() if state.report is not None})
            _tell(states)
        if last:
            return


def exit_code(states: Iterable[ClusterState]) -> int:
    """The exit code for the newest reports."""
    every = tuple(states)
    worst = max(
        (group.status for state in every if state.report for group in state.report.groups.values()), default=Status.OK
    )
    if worst >= Status.ERR:
        return SOME_ERR
    if any(state.trouble or state.report is None for state in every):
        return NOT_OBSERVED
    if worst == Status.WARN:
        return SOME_WARN
    return NOT_OBSERVED if any(state.report.failures for state in every if state.report) else ALL_OK


def show_json(reports: table.Reports) -> None:
    """Prints all groups, worst first, as one JSON object on one line."""
    clusters = [
        {
            "cluster": name,
            "at": report.at,
            "groups": [
                verdict(report, group)
                | {
                    "max_lag": group.max_lag,
                    "state": group.state,
                    "members": group.member_count,
                }
                for group in report.worst_first()
            ],
            "not_evaluated": dict(report.not_evaluated),
            "failures": [
                {"scope": failure.scope, "subject": failure.subject, "reason": failure.reason}
                for failure in report.failures
            ],
        }
        for name, report in reports.items()
    ]
    click.echo(json_line({"clusters": clusters}))


def _tell(states: ClusterStates) -> None:
    """Prints to standard error what could not be observed."""
    for name, state in states.items():
        if state.trouble is not None:
            click.echo(f"cluster {quoted(name)} could not be observed: {one_line(state.trouble)}", err=True)
        elif state.report is not None and state.report.failures:
            failed = one_line(failures_on_one_line(state.report.failures))
            click.echo(f"cluster {quoted(name)} was observed in part; missing: {failed}", err=True)
