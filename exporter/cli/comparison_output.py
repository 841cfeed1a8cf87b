"""Comparisons as tables for a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import click

from exporter.cli import table
from exporter.cli.evaluation_flags import as_data, differing, shown
from exporter.core.comparison import BothTotals, Comparison, Difference
from exporter.core.model import Status
from exporter.quoting import one_line, quoted
from exporter.recording import json_line
from exporter.wording import duration

MAX_DIFFERENCES = 100
"""At most this many differences are listed; the rest are counted."""

_DIFFERENCES = ("GROUP", "TOPIC", "PARTITION", "SINCE", "FOR", "A", "B")
_GROUPS = ("GROUP", "CHANGES A", "CHANGES B", "NOT OK A", "NOT OK B")


def show(compared: Mapping[str, Comparison], fields: Iterable[str]) -> None:
    """Prints where the settings differ, and the totals of each; ``fields`` are the fields to show."""
    wanted = tuple(fields)
    for place, (name, comparison) in enumerate(compared.items()):
        if place:
            click.echo()
        _show_one(name, comparison, wanted)


def show_json(compared: Mapping[str, Comparison], _: Iterable[str] = ()) -> None:
    """Prints everything as one JSON object on one line."""
    click.echo(json_line({"clusters": [_data(name, comparison) for name, comparison in compared.items()]}))


def _show_one(name: str, comparison: Comparison, fields: Sequence[str]) -> None:
    began = comparison.ended if comparison.began is None else comparison.began
    span = duration((comparison.ended - began) / 1000)
    click.echo(f"cluster {quoted(name)}: {comparison.observations} observations over {span}, from {_time(began)} on")
    wanted = {*fields, *differing(*comparison.settings)}
    for letter, settings in zip("AB", comparison.settings, strict=True):
        first, *more = shown(settings, wanted)
        click.echo(f"  {letter}  {first}")
        for line in more:
            click.echo(f"     {line}")
    click.echo()
    rows = list(_differences(comparison.differences()))
    if rows:
        table.lines(_DIFFERENCES, rows[:MAX_DIFFERENCES], frozenset())
        if len(rows) > MAX_DIFFERENCES:
            click.echo(f"and {len(rows) - MAX_DIFFERENCES} more; --format json has them all")
    else:
        click.echo("every partition has the same verdict under both, always")
    if comparison.groups:
        click.echo()
        groups = [_totals(one_line(group), comparison.groups[group]) for group in sorted(comparison.groups)]
        table.lines(_GROUPS, [*groups, _totals("all", comparison.all_groups())], frozenset(_GROUPS[1:]))


def _differences(differences: Iterable[Difference]) -> Iterator[table.Row]:
    """A row per difference; partitions of a topic that differ in the same way at the same time share one."""

    def alike(one: Difference) -> tuple[Any, ...]:
        return (one.group, one.topic, one.since, one.seconds, one.until is None, one.statuses)

    for _, group in groupby(sorted(differences, key=lambda one: (*alike(one), one.partition)), key=alike):
        same = list(group)
        first = same[0]
        length = duration(first.seconds) + (", to the end" if first.until is None else "")
        yield (
            max(first.statuses),
            (
                one_line(first.group),
                one_line(first.topic),
                ranges([one.partition for one in same]),
                _time(first.since),
                length,
                *(status.name for status in first.statuses),
            ),
        )


def ranges(numbers: Sequence[int]) -> str:
    """Sorted numbers, consecutive ones as a range: 0-2,7 for 0, 1, 2 and 7."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _totals(name: str, totals: BothTotals) -> table.Row:
    changes = (f"{each.changes:,}" for each in totals)
    shares = (f"{each.not_ok_share:.1%}" for each in totals)
    return Status.NOTFOUND, (name, *changes, *shares)


def _data(name: str, comparison: Comparison) -> dict[str, Any]:
    return {
        "cluster": name,
        "from": comparison.began,
        "to": comparison.ended,
        "observations": comparison.observations,
        "settings": [as_data(settings) for settings in comparison.settings],
        "differences": [
            asdict(one) | {"statuses": [status.name for status in one.statuses]} for one in comparison.differences()
        ],
        "groups": [{"group": group, **_totals_data(comparison.groups[group])} for group in sorted(comparison.groups)],
        "all": _totals_data(comparison.all_groups()),
    }


def _totals_data(totals: BothTotals) -> dict[str, Any]:
    return {
        "changes": [each.changes for each in totals],
        "seconds_not_ok": [each.not_ok for each in totals],
        "seconds_watched": [each.watched for each in totals],
        "share_not_ok": [each.not_ok_share for each in totals],
    }


def _time(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S}Z"
