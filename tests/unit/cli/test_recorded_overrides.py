"""Settings for some groups on the command line: which takes what, and what it changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from exporter.cli import commands
from exporter.cli.status import spanning
from exporter.config import load
from exporter.core.model import Observation
from exporter.recording import observation_line
from tests.support.observations import group, members, observation
from tests.unit.cli.test_status import Run, every_2_s
from tests.unit.cli.test_status import run as run  # noqa: PLC0414 - a fixture

OVERRIDES = """
      - {match: ^etl-, window: 10m}
      - {match: ^etl-, topics: ^u$, allowed_lag: 5}
      - {match: test, topics: ^u$, evaluate: false}
      - {match: nobody, window: 5m}
"""


def config(folder: Path, overrides: str = OVERRIDES, name: str = "c") -> str:
    path = folder / "kbe.yml"
    path.write_text(f"clusters:\n  {name}:\n    bootstrap_servers: h:1\n    groups:\n      overrides:{overrides}")
    return str(path)


def stuck(number: int) -> Observation:
    """Groups that kept up for five minutes and then stay where they are."""
    commits = {topic: [100 * min(number, 10)] for topic in ("t", "u")}
    each = group(commits, protocol="consumer", members=members({"t": [0], "u": [0]}))
    names = ("etl-a", "etl-b", "my-test", "other")
    return observation(30 * number, dict.fromkeys(names, each), {"t": [100 * number], "u": [100 * number]})


STUCK = [stuck(number) for number in range(28)]


def recorded(seen: Sequence[Observation]) -> bytes:
    return b"".join(observation_line(each).encode() + b"\n" for each in seen)


def command(*arguments: str, seen: Sequence[Observation] = STUCK) -> Result:
    return CliRunner().invoke(commands, arguments, input=recorded(seen), env={"KBE_CONFIG_FILE": None})


def comments(result: Result) -> list[str]:
    return [line for line in result.stdout.splitlines() if line.startswith("#")]


def test_check_config_prints_the_overrides_in_their_order(tmp_path: Path) -> None:
    result = command("check-config", "--config.file", config(tmp_path))
    assert result.exit_code == 0
    assert comments(result)[1:] == [
        '# overrides of cluster "c"; the first that matches decides:',
        "#   [0] match ^etl-: window=600s",
        "#   [1] match ^etl-, topics ^u$: allowed_lag=5",
        "#   [2] match test, topics ^u$: evaluate=false",
        "#   [3] match nobody: window=300s",
    ]


def test_check_config_says_what_each_override_takes_of_a_recording(tmp_path: Path) -> None:
    result = command("check-config", "--config.file", config(tmp_path), "--recording", "-")
    assert comments(result)[2:] == [
        "#   [0] match ^etl-: window=600s",
        "#       takes 2 groups: etl-a, etl-b",
        "#   [1] match ^etl-, topics ^u$: allowed_lag=5",
        "#       takes nothing",
        "#   [2] match test, topics ^u$: evaluate=false",
        "#       takes 1 group: my-test (u)",
        "#   [3] match nobody: window=300s",
        "#       takes nothing",
        "#   the rest: 2 groups: my-test (t), other",
    ]


def test_a_recorded_cluster_that_is_not_configured_has_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "kbe.yml"
    path.write_text(
        "clusters: {d: {bootstrap_servers: 'h:1', groups: {overrides: [{match: x, window: 1m}]}}}\n"
        "defaults: {groups: {overrides: [{match: other, window: 5m}]}}\n"
    )
    lines = comments(command("check-config", "--config.file", str(path), "--recording", "-"))
    assert lines[1:] == [
        '# overrides of cluster "d"; the first that matches decides:',
        "#   [0] match x: window=60s",
        "#       takes nothing",
        "#   the rest: nothing",
        '# overrides of cluster "c"; the first that matches decides:',
        "#   [0] match other: window=300s",
        "#       takes 1 group: other",
        "#   the rest: 3 groups: etl-a, etl-b, my-test",
    ]


def test_without_overrides_nothing_is_said_of_them(tmp_path: Path) -> None:
    path = tmp_path / "kbe.yml"
    path.write_text("clusters: {c: {bootstrap_servers: 'h:1'}}")
    assert len(comments(command("check-config", "--config.file", str(path), "--recording", "-"))) == 1


def last_verdicts(result: Result) -> dict[str, dict[str, Any]]:
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return {line["group"]: line for line in lines[-4:]}


def test_replay_judges_by_the_overrides_of_the_file_and_says_which(tmp_path: Path) -> None:
    plain = last_verdicts(command("replay", "-"))
    assert {name: line["status"] for name, line in plain.items()} == dict.fromkeys(plain, "ERR")
    assert all("override" not in partition for line in plain.values() for partition in line["partitions"])

    judged = last_verdicts(command("replay", "-", "--config.file", config(tmp_path)))
    each = {
        (name, partition["topic"]): (partition["status"], partition.get("override"))
        for name, line in judged.items()
        for partition in line["partitions"]
    }
    assert each == {
        ("etl-a", "t"): ("OK", 0),
        ("etl-a", "u"): ("OK", 0),
        ("etl-b", "t"): ("OK", 0),
        ("etl-b", "u"): ("OK", 0),
        ("my-test", "t"): ("STALL", None),
        ("my-test", "u"): ("NOTFOUND", 2),
        ("other", "t"): ("STALL", None),
        ("other", "u"): ("STALL", None),
    }
    (reason,) = (p["reason"] for p in judged["my-test"]["partitions"] if p["topic"] == "u")
    assert reason["sentence"] == "not judged, as the settings say; 1,700 behind"


def test_an_override_wins_over_a_flag(tmp_path: Path) -> None:
    judged = last_verdicts(command("replay", "-", "--config.file", config(tmp_path), "--evaluation.allowed-lag=9999"))
    assert {line["status"] for line in judged.values()} == {"OK"}
    short = config(tmp_path, "\n      - {match: etl-a, allowed_lag: 0}\n")
    judged = last_verdicts(command("replay", "-", "--config.file", short, "--evaluation.allowed-lag=9999"))
    assert {name: line["status"] for name, line in judged.items() if line["status"] != "OK"} == {"etl-a": "ERR"}


def test_compare_shows_what_the_overrides_change(tmp_path: Path) -> None:
    overrides = "\n      - {match: ^etl-a, window: 10m}\n      - {match: test, evaluate: false}\n"
    result = command("replay", "-", "--config.file", config(tmp_path, overrides), "--compare", "overrides=none")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[1:5] == [
        "  A  overrides:",
        "     [0] match ^etl-a: window=600s",
        "     [1] match test: evaluate=false",
        "  B  overrides=none",
    ]
    differences = [line.split() for line in lines if line.startswith(("etl-a ", "etl-b ", "my-test ", "other "))]
    verdicts = {(line[0], *line[-2:]) for line in differences if not line[-1].endswith("%")}
    assert verdicts == {("etl-a", "OK", "STALL"), ("my-test", "NOTFOUND", "OK"), ("my-test", "NOTFOUND", "STALL")}


def test_two_files_can_be_compared(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    one = config(tmp_path, "\n      - {match: ^etl-a, window: 10m}\n")
    two = config(other, "\n      - {match: ^etl-b, window: 10m}\n")
    flags = ("--config.file", one, "--compare.config.file", two)
    table = command("replay", "-", *flags).stdout.splitlines()
    assert table[1:5] == [
        "  A  overrides:",
        "     [0] match ^etl-a: window=600s",
        "  B  overrides:",
        "     [0] match ^etl-b: window=600s",
    ]
    data = json.loads(command("replay", "-", *flags, "--format", "json").stdout)["clusters"][0]
    assert [each["overrides"] for each in data["settings"]] == [
        [{"match": "^etl-a", "window": "600s"}],
        [{"match": "^etl-b", "window": "600s"}],
    ]
    assert {(one["group"], *one["statuses"]) for one in data["differences"]} == {
        ("etl-a", "OK", "STALL"),
        ("etl-b", "STALL", "OK"),
    }


@pytest.mark.parametrize(
    ("value", "mistake"),
    [
        ("overrides=some", "overrides=some is not possible; write overrides=none, or use --compare.config.file"),
        ("overides=none", '"overides" is not a key of the evaluation; did you mean "overrides"?'),
    ],
)
def test_a_mistake_in_what_is_compared_is_one_line(value: str, mistake: str) -> None:
    result = command("replay", "-", "--compare", value)
    assert result.exit_code == 2
    assert mistake in result.stderr
    assert len([line for line in result.stderr.splitlines() if "verride" in line]) == 1


def test_status_shows_which_override_takes_which_group(run: Run, tmp_path: Path) -> None:
    overrides = "\n      - {match: ^stuck, topics: x, allowed_lag: 9}\n      - {match: ^stuck, evaluate: false}\n"
    file = Path(config(tmp_path, overrides))
    seen = every_2_s(lambda n: {"stuck": group({"t": [10, 10]}), "well": group({"t": [100 + 10 * n, 100 + 10 * n]})})
    result = run({"c": seen}, config=file)
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[0][-1] == "OVERRIDE"
    assert {row[0]: (row[1], row[2], *row[-2:]) for row in rows[1:]} == {
        "well": ("OK", "0", "Stable", "?"),
        "stuck": ("NOTFOUND", "280", "[1]", "^stuck"),
    }
    (cluster,) = json.loads(run({"c": seen}, "--format", "json", config=file).stdout)["clusters"]
    found = {
        line["group"]: (line["status"], line["total_lag"], {each.get("override") for each in line["partitions"]})
        for line in cluster["groups"]
    }
    assert found == {"well": ("OK", 0, {None}), "stuck": ("NOTFOUND", 280, {1})}


def test_status_watches_all_groups_for_its_own_short_while(tmp_path: Path) -> None:
    (of,) = load(config(tmp_path)).clusters
    judging = spanning(of.judging, 2, 6)
    assert judging.of("etl-a", "t").window == judging.window == 9
    assert [each.allowed_lag for each in judging.overrides] == [None, 5, None, None]
    assert not judging.of("my-test", "u").evaluate
