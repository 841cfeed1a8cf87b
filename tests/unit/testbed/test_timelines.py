"""Timelines on a clock that the test moves."""

from __future__ import annotations

import pytest

from testbed import timelines
from testbed.processes import TestbedError
from testbed.timelines import Timeline, at, between, by, keep, play, want


class Clock:
    """A clock on which time passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timelines, "time", clock)
    return clock


def one_step(step: object) -> Timeline:
    yield step  # type: ignore[misc]


def test_several_are_played_at_the_same_time_each_by_its_own_clock(clock: Clock) -> None:
    done: list[tuple[float, str]] = []

    def story(name: str, pace: float) -> Timeline:
        yield at(pace, "the first thing", lambda: done.append((clock.now, f"{name} 1")))
        yield at(pace, "the second thing", lambda: done.append((clock.now, f"{name} 2")))

    played = play({"slow": story("slow", 3), "fast": story("fast", 2)})
    assert done == [(2, "fast 1"), (3, "slow 1"), (4, "fast 2"), (6, "slow 2")]
    assert played["slow"].steps == ["   3.0 s  the first thing", "   6.0 s  the second thing"]
    for each in played.values():
        each.check()


def test_a_wish_is_measured_from_what_was_last_done(clock: Clock) -> None:
    def story() -> Timeline:
        yield at(10, "it begins", lambda: None)
        yield want(between(2, 4), "it comes", lambda: clock.now >= 12)
        yield want(between(3, 4), "it comes again", lambda: clock.now >= 13.5)

    play({"": story()})[""].check()


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (want(by(4), "it comes", lambda: False), "it comes: not within 4 s"),
        (want(between(2, 4), "it comes", lambda: True), "it comes: after 0.0 s, 2 s at the earliest"),
        (keep(4, "it stays", lambda: False), "it stays: no more after 0.0 s of 4 s"),
    ],
)
def test_what_does_not_come_true_in_its_time_fails(clock: Clock, step: object, message: str) -> None:
    failed = play({"": one_step(step)})[""]
    with pytest.raises(TestbedError, match=message):
        failed.check()


@pytest.mark.parametrize(("seconds", "failure"), [(2, None), (4, "it stays: no more after 3.0 s of 4 s")])
def test_what_must_stay_is_looked_at_until_the_end(clock: Clock, seconds: float, failure: str | None) -> None:
    played = play({"": one_step(keep(seconds, "it stays", lambda: clock.now < 3))})[""]
    assert (str(played.failure) if played.failure else None) == failure


def test_a_story_that_fails_tells_how_far_it_came_and_leaves_the_others_alone(clock: Clock) -> None:
    def fails() -> Timeline:
        yield at(1, "it begins", lambda: None)
        raise ValueError("nobody knows")

    def goes_on() -> Timeline:
        yield at(5, "it is over", lambda: None)

    played = play({"fails": fails(), "goes on": goes_on()})
    with pytest.raises(ValueError, match="nobody knows") as raised:
        played["fails"].check()
    assert raised.value.__notes__ == ["The story so far:\n   1.0 s  it begins"]
    assert played["goes on"].failure is None
    assert clock.now >= 5


def test_what_goes_wrong_with_the_world_ends_the_play(clock: Clock) -> None:
    def look() -> None:
        if clock.now > 2:
            raise TestbedError("the server has ended")

    with pytest.raises(TestbedError, match="the server has ended"):
        play({"": one_step(at(60, "never", lambda: None))}, look)
