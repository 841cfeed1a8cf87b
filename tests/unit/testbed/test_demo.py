"""What the consumers commit, what is read off a page, and what the demo shows of it."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from testbed.behaviours import Behaviour, consumer
from testbed.demo_screen import Row, Screen, table
from testbed.kafka import Offsets
from testbed.processes import TestbedError, wait_until
from testbed.scrape import Page, parse

AT = ("orders", 0)


class Recorder:
    """A member of a topic that gets ten records each time it is read."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.position = 0
        self.commits: list[int] = []
        self.sought: list[int] = []
        self.closed = False

    def read(self, _seconds: float) -> None:
        if self.steps == 0:
            raise EOFError
        self.steps -= 1
        self.position += 10

    def positions(self) -> Offsets:
        return {AT: self.position}

    def commit(self, offsets: Offsets) -> bool:
        self.commits.append(offsets[AT])
        return True

    def go_back(self, offsets: Offsets) -> None:
        self.sought.append(offsets[AT])

    def close(self) -> None:
        self.closed = True


def played(behaviour: Behaviour, steps: int = 5) -> Recorder:
    """What a member has done after its first commit and so many steps in all; it turns right after that commit."""
    member = Recorder(steps)
    loop = consumer(member, behaviour, turns_after=0.0, records=3).start()
    wait_until(lambda: not loop.running, 20, "the member to have taken its steps")
    return member


@pytest.mark.parametrize(
    ("behaviour", "commits"),
    [
        (Behaviour.HEALTHY, [10, 20, 30, 40, 50]),
        (Behaviour.IDLE, [10, 20, 30, 40, 50]),
        (Behaviour.SLOW, [10, 13, 16, 19, 22]),
        (Behaviour.STALLED, [10]),
        (Behaviour.STOPPED, [10]),
        (Behaviour.REWINDING, [10, 7, 4, 1, 0]),
    ],
)
def test_each_behaviour_commits_as_it_says(behaviour: Behaviour, commits: list[int]) -> None:
    assert played(behaviour).commits == commits


def test_one_that_rewinds_seeks_to_what_it_then_commits() -> None:
    member = played(Behaviour.REWINDING)
    assert member.sought == member.commits[1:]


def test_one_that_stops_leaves_and_one_that_stalls_stays() -> None:
    assert played(Behaviour.STOPPED).steps == 3
    assert played(Behaviour.STALLED).steps == 0


def page(*statuses: int) -> Page:
    lines = ["# TYPE burrow_kafka_topic_partition_status gauge"]
    for partition, status in enumerate(statuses):
        labels = f'consumer_group="a \\"b\\"",topic="t",partition="{partition}"'
        lines.append(f"burrow_kafka_topic_partition_status{{{labels}}} {status}")
    return parse("\n".join(lines) + "\n")


def test_a_group_is_shown_by_its_worst_partition() -> None:
    assert page(1, 5, 2).worst_status('a "b"') == "STALL"
    assert page(1).worst_status("another") is None


def test_a_value_that_is_not_the_only_one_is_not_guessed() -> None:
    name = "burrow_kafka_topic_partition_status"
    assert page(1, 5).value(name, partition="1") == 5
    assert page(1, 5).value(name, partition="7") is None
    with pytest.raises(TestbedError, match="2 samples are burrow_kafka_topic_partition_status"):
        page(1, 5).value(name, topic="t")


def rows() -> Iterator[Row]:
    yield Row("slow", "WARN", "classic", "WARN", 123.0, 1.0, 1.0, reached=12.4)
    yield Row("late", "OK")


def test_the_table_is_aligned_and_says_what_is_not_known_yet() -> None:
    assert table([*rows()], colours=False) == [
        "GROUP  KIND     EXPECTED  STATUS  LAG  COMPLETE  MEMBERS",
        "slow   classic  WARN      WARN    123  100%      1        as expected after 12 s",
        "late   -        OK        -       -    -         -",
    ]


def test_colours_do_not_move_the_columns() -> None:
    coloured = table([*rows()], colours=True)[1]
    assert coloured.replace("\x1b[33m", "").replace("\x1b[0m", "") == table([*rows()], colours=False)[1]
    assert "\x1b[33mWARN" in coloured


def test_without_a_terminal_only_changes_are_told() -> None:
    out = io.StringIO()
    screen, shown = Screen(out), [*rows()]
    screen.show(shown, 1.0)
    screen.show(shown, 2.0)
    shown[1].status = "OK"
    screen.show(shown, 3.0)
    assert [line for line in out.getvalue().splitlines() if line.startswith("after")] == ["after 1 s", "after 3 s"]


def test_a_terminal_has_the_table_drawn_over_the_last_one() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    screen = Screen(out)
    screen.show([*rows()], 1.0)
    assert "\x1b[5A" not in out.getvalue()
    screen.show([*rows()], 2.0)
    assert "\x1b[5A" in out.getvalue()
