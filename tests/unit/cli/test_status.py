"""`status`: the groups of a cluster, worst first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from exporter.cli import commands
from exporter.cli.rounds import Responses
from exporter.cli.status import ClusterState, exit_code, spanning
from exporter.core.evaluation import EvaluationSettings
from exporter.core.model import Failure, GroupObservation, Members, Observation
from exporter.sources import ClusterUnavailable
from tests.support.observations import group, observation
from tests.support.played_source import PlayedSource

AWAY = ClusterUnavailable("timeout", "broker 1:\nno answer")

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `status` on what clusters answer, observation after observation."""

    def run_it(
        answers: Mapping[str, Sequence[Observation | Exception]], *flags: str, config: Path | None = None
    ) -> Result:
        sources = {name: PlayedSource(given) for name, given in answers.items()}
        monkeypatch.setattr("exporter.cli.status.open_sources", lambda _: sources)
        # Real time is not waited for: the observations say when they were made.
        monkeypatch.setattr("exporter.cli.status.rounds", _without_waiting)
        alone = [f"--kafka.cluster-name={next(iter(answers))}", "--kafka.bootstrap-servers=127.0.0.1:1"]
        servers = alone if config is None else ["--config.file", str(config)]
        return CliRunner().invoke(commands, ["status", *servers, *flags])

    return run_it


def _without_waiting(sources: Mapping[str, PlayedSource], **_: object) -> Any:
    while True:
        seen: dict[str, Observation | ClusterUnavailable] = {}
        for name, source in sources.items():
            try:
                seen[name] = source.observe(1)
            except ClusterUnavailable as unavailable:
                seen[name] = unavailable
        answer: Responses = seen
        yield answer


def every_2_s(
    groups: Callable[[int], Mapping[str, GroupObservation]], count: int = 6, **more: Any
) -> list[Observation]:
    return [observation(2 * n, groups(n), {"t": [100 + 10 * n, 100 + 10 * n]}, **more) for n in range(count)]


OK = {"fine": lambda n: group({"t": [100 + 10 * n, 100 + 10 * n]}, members=Members(2, None))}
WARN = {"late": lambda n: group({"t": [100 + n, 100 + n]})}
STALL = {"stuck": lambda n: group({"t": [50, 100 + 10 * n]})}
STOP = {"absent": lambda _: group({"t": [50, 50]}, state="Empty", protocol="consumer")}

UNTIL_LATE = 16
"""More observations than a verdict takes by itself: for all that is known this may be a burst, which is given time."""
WATCHED = ("--observations", "4", "--watch", "--count", str(UNTIL_LATE))


def cluster(*kinds: Mapping[str, Callable[[int], GroupObservation]], **more: Any) -> list[Observation]:
    return every_2_s(lambda n: {name: made(n) for kind in kinds for name, made in kind.items()}, **more)


def test_groups_are_listed_worst_first_and_bad_partitions_below(run: Run) -> None:
    result = run({"c": cluster(OK, WARN, STALL, STOP, count=UNTIL_LATE)}, *WATCHED)

    *_, last = result.stdout.split("\n\nGROUP   STATUS ")
    groups, partitions = last.splitlines()[1:5], last.splitlines()[6:]
    assert groups == [
        "absent  ERR (STOP)   400      200      100%  Empty         0",
        "stuck   ERR (STALL)  200      200      100%  Stable        ?",
        "late    WARN         270      135      100%  Stable        ?",
        "fine    OK             0        0      100%  Stable        2",
    ]
    assert [line.split()[:5] for line in partitions] == [
        ["GROUP", "TOPIC", "PARTITION", "STATUS", "COMPLETE"],
        ["absent", "t", "0", "STOP", "100%"],
        ["absent", "t", "1", "STOP", "100%"],
        ["stuck", "t", "0", "STALL", "100%"],
        ["late", "t", "0", "WARN", "100%"],
        ["late", "t", "1", "WARN", "100%"],
    ]
    assert "has left records waiting at 50 for 30 s while a consumer is assigned" in partitions[3]
    assert "although it consumed" in partitions[4]


def test_a_few_observations_are_enough_to_tell_who_stands_still(run: Run) -> None:
    result = run({"c": cluster(OK, WARN, STALL, STOP)})

    assert [line.split()[:2] for line in result.stdout.splitlines()[1:5]] == [
        ["absent", "ERR"],
        ["stuck", "ERR"],
        ["late", "OK"],
        ["fine", "OK"],
    ]


@pytest.mark.parametrize(("kinds", "code"), [((OK,), 0), ((OK, WARN), 1), ((OK, STALL), 2), ((WARN, STOP), 2), ((), 0)])
def test_the_exit_code_tells_the_worst(run: Run, kinds: Sequence[Any], code: int) -> None:
    assert run({"c": cluster(*kinds, count=UNTIL_LATE)}, *WATCHED).exit_code == code


def test_a_cluster_that_does_not_answer_ends_it_at_once_with_3_and_one_line(run: Run) -> None:
    result = run({"c": [AWAY]})

    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr == 'cluster "c" could not be observed: broker 1:\\nno answer\n'


def test_a_cluster_that_fails_in_between_is_shown_when_it_is_back(run: Run) -> None:
    seen: list[Observation | Exception] = [*cluster(OK)]
    seen[3] = AWAY

    result = run({"c": seen})

    assert (result.exit_code, result.stderr) == (0, "")


def test_a_cluster_that_is_away_at_the_end_is_told_beside_what_was_seen_before(run: Run) -> None:
    result = run({"c": [*cluster(WARN)[:5], AWAY]})

    assert result.exit_code == 3
    assert "late" in result.stdout
    assert "could not be observed" in result.stderr


def test_what_could_not_be_read_is_told_and_is_not_called_ok(run: Run) -> None:
    failures = (Failure("group", "g\n1", "timeout"), Failure("topic", "t", "timeout"))

    of_ok, of_warn = (run({"c": cluster(kind, count=UNTIL_LATE, failures=failures)}, *WATCHED) for kind in (OK, WARN))

    assert (of_ok.exit_code, of_warn.exit_code) == (3, 1)
    assert set(of_ok.stderr.splitlines(keepends=True)) == {
        'cluster "c" was observed in part; missing: 1 group timeout (g\\n1), 1 topic timeout (t)\n'
    }


def test_json_has_the_verdicts_on_one_line(run: Run) -> None:
    result = run({"c": cluster(OK, STALL, other_groups={"s": "share"})}, "--format", "json")

    assert result.stdout.count("\n") == 1
    (found,) = json.loads(result.stdout)["clusters"]
    assert found["cluster"] == "c"
    assert found["not_evaluated"] == {"s": "share"}
    stuck = found["groups"][0]
    assert [group["group"] for group in found["groups"]] == ["stuck", "fine"]
    assert (stuck["status"], stuck["total_lag"], stuck["max_lag"], stuck["state"]) == ("ERR", 100, 100, "Stable")
    assert [(one["partition"], one["status"]) for one in stuck["partitions"]] == [(0, "STALL"), (1, "OK")]
    assert found["groups"][1]["members"] == 2
    why = stuck["partitions"][0]["reason"]
    assert (why["rule"], why["last_offset"], why["current_lag"]) == ("stalled", 50, 100)
    assert why["sentence"].startswith("has left records waiting at 50 for 10 s while a consumer is assigned; ")


def test_watching_shows_what_is_known_after_every_observation(run: Run) -> None:
    result = run({"c": cluster(STALL)}, "--watch", "--count", "6", "--format", "json")

    shown = [json.loads(line)["clusters"][0]["groups"][0]["status"] for line in result.stdout.splitlines()]
    assert shown == ["OK"] * 5 + ["ERR"]
    assert result.exit_code == 2


def test_watching_goes_on_though_the_cluster_does_not_answer(run: Run) -> None:
    result = run({"c": [AWAY, *cluster(OK)]}, "--watch", "--count", "2")

    assert "could not be observed" in result.stderr
    assert "fine" in result.stdout


def test_an_interrupt_before_there_is_a_verdict_is_not_called_ok(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.cli.status.interruptible", lambda: nullcontext(lambda: True))
    monkeypatch.setattr("exporter.cli.status.observe", lambda states, *_, **__: states["c"].update(cluster(OK)[0]))

    result = run({"c": []})

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "interrupted: 6 observations make a verdict\n"


def test_a_count_without_watching_is_a_mistake(run: Run) -> None:
    result = run({"c": cluster(OK)}, "--count", "2")

    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "--count needs --watch" in result.stderr


def test_names_do_not_break_a_line(run: Run) -> None:
    name = 'ü "x"\n\x1b[2J'

    result = run({"c": cluster({name: STALL["stuck"]})})

    assert 'ü "x"\\n\\u001b[2J' in result.stdout
    assert "\x1b" not in result.stdout


def test_what_a_broker_says_of_a_group_cannot_command_the_terminal(run: Run) -> None:
    result = run({"c": cluster({"g": lambda _: group({"t": [5, 5]}, state="\x1b[2JDead")})})
    assert "\x1b" not in result.stdout
    assert "\\u001b[2JDead" in result.stdout


def test_output_that_nobody_reads_leaves_the_exit_code_of_what_was_found(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("exporter.cli.table.show", nobody)
    monkeypatch.setattr("exporter.cli.status.discard_output", lambda: None)
    assert run({"c": cluster(STALL)}).exit_code == 2


def test_many_bad_partitions_are_counted_not_listed(run: Run) -> None:
    wide = [observation(2 * n, {"g": group({"t": [5] * 60})}, {"t": [100 + n] * 60}) for n in range(6)]

    lines = run({"c": wide}).stdout.splitlines()

    assert lines[-1] == "and 10 more partitions; --format json has them all"
    assert len(lines) == 2 + 1 + 1 + 50 + 1


def test_a_cluster_without_groups_says_so(run: Run) -> None:
    assert run({"c": cluster()}).stdout == "no consumer group with a commit on a monitored topic\n"


def test_several_clusters_are_shown_one_below_the_other(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "kbe.yml"
    file.write_text("clusters: {a: {bootstrap_servers: 'h:1'}, b: {bootstrap_servers: 'h:2'}}")

    result = run({"a": cluster(OK), "b": [AWAY]}, config=file)

    assert result.exit_code == 3
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["GROUP", "fine"]
    both = run({"a": cluster(OK), "b": cluster(STALL)}, config=file)
    assert both.exit_code == 2
    assert [line for line in both.stdout.splitlines() if line.startswith("cluster")] == ["cluster a", "cluster b"]


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ([cluster(OK)[0]], 0),
        ([], 3),
        ([AWAY], 3),
        ([cluster(OK)[0], AWAY], 3),
    ],
)
def test_a_view_that_has_seen_nothing_lately_is_not_ok(seen: Sequence[Observation | Exception], code: int) -> None:
    state = ClusterState(spanning(EvaluationSettings(), 2, 6))
    for answer in seen:
        state.update(answer)

    assert exit_code([state]) == code


def test_the_window_is_full_after_as_many_observations_though_one_is_half_an_interval_late() -> None:
    assert spanning(EvaluationSettings(allowed_lag=7), 2, 6) == EvaluationSettings(
        window=9, patience=9, min_distance=1, intervals=6, allowed_lag=7
    )
