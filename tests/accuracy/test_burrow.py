"""Our own writing of Burrow's evaluator says what Burrow itself said."""

from tests.accuracy.burrow import Burrow, status
from tests.accuracy.traces import BurrowTrace, windows, with_burrow


def test_it_gives_every_window_burrows_status() -> None:
    different = [
        window["id"]
        for window in windows()
        if len(window["offsets"]) / window["intervals"] >= window["minimum_complete"]
        and window["status"]
        != status(
            window["offsets"],
            window["broker_offsets"],
            current_lag=window["current_lag"],
            now=window["now"] * 1000,
            allowed_lag=window["allowed_lag"],
        )
    ]

    assert different == []


def test_it_gives_every_check_of_every_trace_burrows_status_lag_and_completeness() -> None:
    assert [trace.number for trace in with_burrow() if _checks(trace) != _burrows_checks(trace)] == []


def _checks(trace: BurrowTrace) -> list[tuple[str, int, float]]:
    burrow, events, checks = Burrow(trace.intervals, trace.min_distance), iter((*trace.events, ("end", 1 << 62, 0))), []
    kind, at, offset = next(events)
    for check in trace.checks:
        while at <= check.at * 1000:
            if kind == "broker":
                burrow.end(offset)
            else:
                burrow.commit(offset, at)
            kind, at, offset = next(events)
        if check.committed >= 0:
            checks.append((burrow.status(check.at * 1000), burrow.lag, round(burrow.complete, 5)))
    return checks


def _burrows_checks(trace: BurrowTrace) -> list[tuple[str, int, float]]:
    # Burrow's completeness is a 32-bit float.
    return [(check.status, check.lag, round(check.complete, 5)) for check in trace.checks if check.committed >= 0]
