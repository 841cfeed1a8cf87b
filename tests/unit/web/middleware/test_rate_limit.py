"""The token bucket."""

from __future__ import annotations

from exporter.web.config import Rate
from exporter.web.middleware.rate_limit import TokenBucket


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_let_through_and_then_one_each_interval() -> None:
    clock = Clock()
    bucket = TokenBucket(Rate(interval=2.0, burst=3), clock)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    clock.now += 1.0
    assert not bucket.take()
    clock.now += 1.0
    assert [bucket.take() for _ in range(2)] == [True, False]


def test_it_holds_no_more_than_a_burst_however_long_nobody_comes() -> None:
    clock = Clock()
    bucket = TokenBucket(Rate(interval=1.0, burst=2), clock)
    clock.now += 1000.0
    assert [bucket.take() for _ in range(3)] == [True, True, False]


def test_no_interval_is_no_limit() -> None:
    bucket = TokenBucket(Rate(), Clock())
    assert all(bucket.take() for _ in range(1000))
