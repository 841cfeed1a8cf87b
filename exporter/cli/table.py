"""Reports as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

import click

from exporter.core.evaluation import EvaluationSettings
from exporter.core.groups import GroupReport
from exporter.core.model import Status
from exporter.core.reasons import reason
from exporter.core.report import Report
from exporter.quoting import one_line

MAX_PARTITIONS = 50
"""At most this many partitions that are not OK are listed; the rest are counted."""

_COLOURS = {Status.OK: "green", Status.WARN: "yellow", Status.NOTFOUND: None}

_GROUPS = ("GROUP", "STATUS", "LAG", "MAX LAG", "COMPLETE", "STATE", "MEMBERS")
_PARTITIONS = ("GROUP", "TOPIC", "PARTITION", "STATUS", "COMPLETE", "WHY")
_NUMBERS = frozenset({"LAG", "MAX LAG", "COMPLETE", "MEMBERS", "PARTITION"})
"""Columns that are aligned to the right."""

Judged = Mapping[str, tuple[Report, EvaluationSettings]]
"""Cluster → its newest report, and the settings it was judged by."""


def show(judged: Judged) -> None:
    """Print the groups, worst first, and below them the partitions that are not OK, each with its reason."""
    clusters = len(judged) > 1
    for name, (report, settings) in judged.items():
        if clusters:
            click.echo(f"cluster {one_line(name)}")
        groups = worst_first(report)
        if not groups:
            click.echo("no consumer group with a commit on a monitored topic")
        else:
            lines(_GROUPS, [_group(report, group) for group in groups], _NUMBERS)
        bad = [row for group in groups for row in _bad_partitions(report, group, settings)]
        if bad:
            click.echo()
            lines(_PARTITIONS, bad[:MAX_PARTITIONS], _NUMBERS)
        if len(bad) > MAX_PARTITIONS:
            click.echo(f"and {len(bad) - MAX_PARTITIONS} more partitions; --format json has them all")
        if report.not_evaluated:
            click.echo(f"\nnot evaluated: {', '.join(map(one_line, sorted(report.not_evaluated)))}")
        if clusters:
            click.echo()


def worst_first(report: Report) -> list[GroupReport]:
    """The groups by status, worst partition, lag and name."""
    return sorted(
        report.groups.values(),
        key=lambda group: (-group.status, -worst_partition(report, group), -group.total_lag, group.name),
    )


def worst_partition(report: Report, group: GroupReport) -> Status:
    """The worst status among a group's partitions; NOTFOUND without any."""
    columns = report.columns
    return Status(
        max(
            (
                int(columns.verdicts.status[rows][columns.shown[rows]].max(initial=Status.NOTFOUND))
                for rows in group.topics.values()
            ),
            default=Status.NOTFOUND,
        )
    )


Row = tuple[Status, Sequence[str]]
"""The status of a line, for its colour, and its cells."""


def _group(report: Report, group: GroupReport) -> Row:
    worst = worst_partition(report, group)
    return group.status, (
        one_line(group.name),
        group.status.name if worst == group.status else f"{group.status.name} ({worst.name})",
        f"{group.total_lag:,}",
        f"{group.max_lag:,}",
        f"{group.complete:.0%}",
        group.state or "?",
        "?" if group.members is None else str(group.members.count),
    )


def _bad_partitions(report: Report, group: GroupReport, settings: EvaluationSettings) -> Iterator[Row]:
    columns = report.columns
    for topic in sorted(group.topics):
        for row in range(group.topics[topic].start, group.topics[topic].stop):
            status = Status(int(columns.verdicts.status[row]))
            if columns.shown[row] and status > Status.OK:
                yield (
                    status,
                    (
                        one_line(group.name),
                        one_line(topic),
                        str(columns.partition[row]),
                        status.name,
                        f"{columns.verdicts.complete[row]:.0%}",
                        reason(report, row, settings).sentence(),
                    ),
                )


def lines(head: Sequence[str], rows: Sequence[Row], numbers: Set[str]) -> None:
    """Print the rows below the head; columns of numbers are aligned to the right."""
    widths = [max(map(len, column)) for column in zip(head, *(cells for _, cells in rows), strict=True)]
    to_the_right = [name in numbers for name in head]
    click.secho(_line(head, widths, to_the_right), bold=True)
    for status, cells in rows:
        click.secho(_line(cells, widths, to_the_right), fg=_COLOURS.get(status, "red"))


def _line(cells: Sequence[str], widths: Sequence[int], to_the_right: Sequence[bool]) -> str:
    aligned = (
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, to_the_right, strict=True)
    )
    return "  ".join(aligned).rstrip()
