"""A recording of one's own is scored like the traces."""

import json

import pytest

from tests.accuracy.own import scored

INCIDENTS = ['{"group": "billing", "from": "2026-11-22T16:30:00Z", "to": "2026-11-22T16:40:00Z"}']
FROM, TO = 1_795_365_000, 1_795_365_600


def replayed(status_at: dict[int, str]) -> list[str]:
    """What `replay` prints of one group for an hour that begins half an hour before the incident."""
    status, lines = "OK", []
    for at in range(FROM - 1_800, FROM + 1_800, 30):
        status = status_at.get(at, status)
        lines.append(json.dumps({"group": "billing", "at": at * 1000, "status": status}))
    return lines


def test_alarms_outside_the_incidents_are_false_and_inside_they_are_told() -> None:
    lines = replayed({FROM - 600: "ERR", FROM - 300: "OK", FROM + 120: "ERR", TO: "OK"})

    found = scored(lines, INCIDENTS)["billing"]

    assert (found.false_alarms, found.incidents, found.delays, found.held) == (10, 1, (120,), (1.0,))


def test_a_group_that_is_not_in_the_recording_is_named() -> None:
    with pytest.raises(SystemExit, match="not in the recording: shipping"):
        scored(replayed({}), [INCIDENTS[0].replace("billing", "shipping")])
