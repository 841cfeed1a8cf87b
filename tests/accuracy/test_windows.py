"""Burrow's own evaluator, on 3,000 windows."""

from exporter.core.model import Status
from tests.accuracy.traces import windows
from tests.support.one_partition import burrow_verdict


def test_every_window_gets_the_status_and_completeness_that_burrow_gives_it() -> None:
    different, seen = [], 0
    for window in windows():
        status, complete = burrow_verdict(
            window["offsets"],
            window["broker_offsets"],
            intervals=window["intervals"],
            current_lag=window["current_lag"],
            now=window["now"] * 1000,
            allowed_lag=window["allowed_lag"],
            minimum_complete=window["minimum_complete"],
        )
        seen += 1
        # Burrow's completeness is a 32-bit float.
        if status != Status[window["status"]] or abs(complete - window["complete"]) > 1e-6:
            different.append((window["id"], status, complete))

    assert different == []
    assert seen == 3000
