"""Reports as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

import click

from exporter.core.groups import GroupReport
from exporter.core.model import Status
from exporter.core.report import Report
from exporter.quoting import one_line
from exporter.wording import explanation

MAX_PARTITIONS = 50
"""At most this many partitions that are not OK are listed; the rest are counted."""

_COLOURS = {Status.OK: "green", Status.WARN: "yellow", Status.NOTFOUND: None}

_GROUPS = ("GROUP", "STATUS", "LAG", "MAX LAG", "COMPLETE", "STATE", "MEMBERS")
_PARTITIONS = ("GROUP", "TOPIC", "PARTITION", "STATUS", "COMPLETE", "WHY")
_NUMBERS = frozenset({"LAG", "MAX LAG", "COMPLETE", "MEMBERS", "PARTITION"})
"""Columns that are aligned to the right."""

Reports = Mapping[str, Report]
"""Cluster → its newest report."""


def show(reports: Reports) -> None:
    """Prints the groups, worst first, and below them the partitions that are not OK, each with its reason."""
    clusters = len(reports) > 1
    for name, report in reports.items():
        if clusters:
            click.echo(f"cluster {one_line(name)}")
        groups = report.worst_first()
        if not groups:
            click.echo("no consumer group with a commit on a monitored topic")
        else:
            _show_groups(report, groups)
        bad = [row for group in groups for row in _bad_partitions(report, group)]
        if bad:
            click.echo()
            lines(_PARTITIONS, bad[:MAX_PARTITIONS], _NUMBERS)
        if len(bad) > MAX_PARTITIONS:
            click.echo(f"and {len(bad) - MAX_PARTITIONS} more partitions; --format json has them all")
        if report.not_evaluated:
            click.echo(f"\nnot evaluated: {', '.join(map(one_line, sorted(report.not_evaluated)))}")
        if clusters:
            click.echo()


def _show_groups(report: Report, groups: Sequence[GroupReport]) -> None:
    """Prints the groups; which override takes each is only shown where there are some."""
    rows = [_group(group) for group in groups]
    if report.settings.overrides:
        rows = [
            (status, (*cells, _overrides(report, group))) for (status, cells), group in zip(rows, groups, strict=True)
        ]
        lines((*_GROUPS, "OVERRIDE"), rows, _NUMBERS)
    else:
        lines(_GROUPS, rows, _NUMBERS)


Row = tuple[Status, Sequence[str]]
"""The status of a line, for its colour, and its cells."""


def _group(group: GroupReport) -> Row:
    return group.status, (
        one_line(group.name),
        _status(group),
        f"{group.total_lag:,}",
        f"{group.max_lag:,}",
        f"{group.complete:.0%}",
        one_line(group.state) or "?",
        "?" if group.member_count is None else str(group.member_count),
    )


def _status(group: GroupReport) -> str:
    """The status of a group and, where it says less than is known, what is: ERR (STOP), NOTFOUND (2 unread)."""
    if group.status == Status.NOTFOUND and group.unreadable:
        return f"{group.status.name} ({group.unreadable} unread)"
    return group.status.name if group.worst == group.status else f"{group.status.name} ({group.worst.name})"


def _overrides(report: Report, group: GroupReport) -> str:
    """The overrides that take partitions of a group, by their position, with what they match."""
    matches = ((position, report.settings.overrides[position].match.pattern) for position in report.overrides(group))
    return one_line(", ".join(f"[{position}] {match}" for position, match in matches))


def _bad_partitions(report: Report, group: GroupReport) -> Iterator[Row]:
    for partition in report.partitions(group):
        if partition.readable and partition.status > Status.OK:
            yield (
                partition.status,
                (
                    one_line(group.name),
                    one_line(partition.topic),
                    str(partition.partition),
                    partition.status.name,
                    f"{partition.complete:.0%}",
                    explanation(partition.reason()),
                ),
            )


def lines(head: Sequence[str], rows: Sequence[Row], numbers: Set[str]) -> None:
    """Prints the rows below the head; columns of numbers are aligned to the right."""
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
