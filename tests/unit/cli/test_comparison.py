"""`replay --compare`: one recording under two settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import settings as examples

from exporter.cli import commands
from exporter.cli.comparison_output import ranges
from exporter.cli.replay import reports
from exporter.core.comparison import Comparison, Difference, Totals
from exporter.core.evaluation import EvaluationSettings
from exporter.core.model import NOT_READ, Observation, Status
from exporter.recording import observation_line
from tests.support.observations import SETTINGS, START, group, observation, observations

Partition = tuple[str, str, int]


def compared(seen: Sequence[Observation], *flags: str) -> Result:
    lines = b"".join(observation_line(each).encode() + b"\n" for each in seen)
    return CliRunner().invoke(commands, ["replay", "-", *flags], input=lines, env={"KBE_CONFIG_FILE": None})


def data(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n") == 1
    return json.loads(result.stdout)["clusters"]


def stuck(partitions: int = 1, minutes: float = 6) -> list[Observation]:
    """A group that moves twice and then stands still while others write; a second one keeps up."""
    return [
        observation(
            at,
            {"fine": group({"t": [50 + at] * partitions}), "stuck": group({"t": [min(at, 60)] * partitions})},
            {"t": [50 + at] * partitions},
        )
        for at in range(0, int(minutes * 60) + 1, 30)
    ]


def test_it_tells_since_when_and_for_how_long_the_verdicts_differ() -> None:
    result = compared(stuck(), "--compare", "window=240s")

    assert result.stdout.splitlines() == [
        'cluster "c": 13 observations over 6 min, from 2023-11-14 22:13:20Z on',
        "  A  window=120s",
        "  B  window=240s",
        "",
        "GROUP  TOPIC  PARTITION  SINCE                 FOR    A      B",
        "stuck  t      0          2023-11-14 22:16:20Z  2 min  STALL  OK",
        "",
        "GROUP  CHANGES A  CHANGES B  NOT OK A  NOT OK B",
        "fine           0          0      0.0%      0.0%",
        "stuck          1          1     50.0%     16.7%",
        "all            1          1     25.0%      8.3%",
    ]


def test_the_same_is_there_as_json() -> None:
    (found,) = data(compared(stuck(), "--compare", "window=240s", "--format", "json"))

    assert (found["cluster"], found["from"], found["to"], found["observations"]) == ("c", START, START + 360_000, 13)
    assert [settings["window"] for settings in found["settings"]] == [120, 240]
    assert [settings["patience"] for settings in found["settings"]] == [3600, 3600]
    assert found["differences"] == [
        {
            "group": "stuck",
            "topic": "t",
            "partition": 0,
            "since": START + 180_000,
            "until": START + 300_000,
            "seconds": 120.0,
            "statuses": ["STALL", "OK"],
        }
    ]
    assert found["groups"][1] == {
        "group": "stuck",
        "changes": [1, 1],
        "seconds_not_ok": [180.0, 60.0],
        "seconds_watched": [360.0, 360.0],
        "share_not_ok": [pytest.approx(180 / 360), pytest.approx(60 / 360)],
    }
    assert found["all"]["seconds_not_ok"] == [180.0, 60.0]


def test_what_still_differs_at_the_end_of_the_recording_has_no_end() -> None:
    seen = stuck(minutes=3.5)

    (found,) = data(compared(seen, "--compare", "window=240s", "--format", "json"))
    table = compared(seen, "--compare", "window=240s").stdout

    assert [(one["until"], one["seconds"]) for one in found["differences"]] == [(None, 30.0)]
    assert "30 s, to the end  STALL  OK" in table


def test_a_difference_ends_when_the_partition_is_gone_or_the_verdicts_are_others() -> None:
    gone = [*stuck(minutes=3.5), observation(240, {"fine": group({"t": [290]})}, {"t": [290]})]
    left = [replace(each, groups={"stuck": group({"t": [60]}, state="Empty")}) for each in stuck(minutes=15)]
    mixed = [*stuck(minutes=4), *left[9:]]

    ((of_gone,), (of_mixed,)) = (
        data(compared(seen, "--compare", "window=10m", "--format", "json")) for seen in (gone, mixed)
    )

    def told(found: Mapping[str, Any]) -> list[tuple[float, str]]:
        return [(one["seconds"], "/".join(one["statuses"])) for one in found["differences"]]

    assert told(of_gone) == [(60.0, "STALL/OK")]
    # From 270 s on nobody is there, and 10 min after it moved for the last time that is a stop under both.
    assert told(of_mixed) == [(90.0, "STALL/OK"), (390.0, "STOP/OK")]


def test_partitions_that_differ_in_the_same_way_share_a_line() -> None:
    result = compared(stuck(partitions=3), "--compare", "window=240s")

    assert [line.split()[:3] for line in result.stdout.splitlines() if " STALL " in line] == [["stuck", "t", "0-2"]]
    assert ranges([0, 1, 2, 7, 9, 10]) == "0-2,7,9-10"


def test_settings_that_judge_alike_are_told_to() -> None:
    result = compared(stuck(), "--compare", "intervals=12")

    assert "every partition has the same verdict under both, always" in result.stdout
    assert result.exit_code == 0


def test_flags_and_configuration_say_what_is_compared_with(tmp_path: Path) -> None:
    file = tmp_path / "kbe.yml"
    file.write_text("clusters: {c: {bootstrap_servers: 'a:1', evaluation: {window: 90s}}}")

    of_file, of_flag = (
        data(compared(stuck(), "--compare", "min-distance=20s", "--format", "json", "--config.file", str(file), *more))
        for more in ([], ["--evaluation.window=60s"])
    )

    assert [each["window"] for each in of_file[0]["settings"]] == [90, 90]
    assert [each["window"] for each in of_flag[0]["settings"]] == [60, 60]
    assert [each["min_distance"] for each in of_flag[0]["settings"]] == [27, 20]


def test_clusters_are_compared_each_for_itself() -> None:
    both = [replace(each, cluster=name) for each in stuck() for name in ("c", "d")]

    one, other = data(compared(both, "--compare", "window=240s", "--format", "json"))

    assert (one["cluster"], other["cluster"]) == ("c", "d")
    assert {**one, "cluster": ""} == {**other, "cluster": ""}
    table = compared(both, "--compare", "window=240s").stdout
    assert [line[:11] for line in table.splitlines() if line.startswith("cluster")] == ['cluster "c"', 'cluster "d"']


def test_a_recording_of_nothing_gives_nothing() -> None:
    assert compared([], "--compare", "window=1s").stdout == ""
    assert data(compared([], "--compare", "window=1s", "--format", "json")) == []


def test_a_time_in_which_a_group_could_not_be_read_is_not_counted() -> None:
    seen = [
        observation(at, {"g": group({"t": [10]})}, {"t": [NOT_READ if 60 <= at <= 90 else 50 + at]})
        for at in range(0, 301, 30)
    ]

    at_once = "--evaluation.patience=120s"
    (found,) = data(compared(seen, "--compare", "allowed_lag=1000", "--format", "json", at_once))

    assert found["groups"][0]["seconds_watched"] == [240.0, 240.0]
    assert found["groups"][0]["changes"] == [1, 0]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--compare", "windw=3s"], '"windw" is not a key of the evaluation; did you mean "window"?'),
        (["--compare", "zzz=3s"], "there are window, patience, min_distance"),
        (["--compare", "window"], '"window" has no value; write KEY=VALUE,KEY=VALUE'),
        (["--compare", "window=3x"], '"3x" is not a duration'),
        (["--compare", "window=3s,window=4s"], '"window" is given twice'),
        (["--compare", ""], '"" is not a key of the evaluation'),
        (["--format", "json"], "--format needs --compare"),
    ],
)
def test_mistakes_end_with_2_and_one_line(flags: list[str], message: str) -> None:
    result = compared(stuck(), *flags)

    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_cut_off_recording_is_told_in_one_line() -> None:
    result = CliRunner().invoke(commands, ["replay", "-", "--compare", "window=1s"], input=b'{"cluster"')

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("standard input: line 1: not JSON")


def statuses(run: Sequence[Observation], settings: EvaluationSettings) -> list[dict[Partition, Status]]:
    """What a plain replay says of each partition, observation by observation."""
    return [
        {
            (name, one.topic, one.partition): one.status
            for name, group_report in each.groups.items()
            for one in each.partitions(group_report)
            if one.readable
        }
        for each in reports(run, lambda _: settings)
    ]


@examples(max_examples=60, deadline=None)
@given(run=observations(), one=SETTINGS, other=SETTINGS)
def test_it_is_what_two_replays_say_side_by_side(
    run: list[Observation], one: EvaluationSettings, other: EvaluationSettings
) -> None:
    comparison = Comparison((one, other))
    for seen in run:
        comparison.add(seen)
    differences = comparison.differences()

    told: dict[tuple[int, Partition], tuple[Status, Status]] = {}
    for place in range(len(run)):
        for each in differences:
            if _covers(each, run, place):
                told[place, (each.group, each.topic, each.partition)] = each.statuses
    expected = {
        (place, where): (first[where], second[where])
        for place, (first, second) in enumerate(zip(statuses(run, one), statuses(run, other), strict=True))
        for where in first
        if first[where] != second[where]
    }
    # Observations of the same moment cannot be told apart by time.
    moments = [seen.at for seen in run]
    if all(before < after for before, after in pairwise(moments)):
        assert told == expected
    assert {where for _, where in expected} == {(one.group, one.topic, one.partition) for one in differences}


def _covers(difference: Difference, run: Sequence[Observation], place: int) -> bool:
    at = run[place].at
    return difference.since <= at and (difference.until is None or at < difference.until)


def test_tallies_add_up() -> None:
    assert Totals(1, 30.0, 60.0) + Totals(2, 0.0, 60.0) == Totals(3, 30.0, 120.0)
    assert Totals(3, 30.0, 120.0).not_ok_share == 0.25
    assert Totals().not_ok_share == 0
