"""Observations and verdicts as lines, there and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples

from exporter.core.model import NO_OFFSET, NOT_READ, Failure, Members, Observation
from exporter.recording import RecordingError, decoding, observation_line, read, verdict_lines
from tests.support.observations import START, group, members, observation, observations, reported

LINE = (
    '{"cluster":"c","at":1700000029000,"groups":{"g":{"state":"Stable","commits":{"topic":{"0":123}}}},'
    '"end_offsets":{"topic":{"0":200}}}'
)


def parsed(text: str) -> Observation:
    return next(read([text.encode()]))[1]


def complaint(text: str | bytes) -> str:
    """What is said of a bad third line."""
    line = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(RecordingError) as raised:
        list(read([LINE.encode() + b"\n", b"\n", line + b"\n"]))
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_line_is_an_observation() -> None:
    seen = parsed(LINE)

    assert (seen.cluster, seen.at) == ("c", 1700000029000)
    assert seen.groups["g"].state == "Stable"
    assert seen.groups["g"].alive
    assert seen.groups["g"].commits["topic"].tolist() == [123]
    assert seen.end_offsets["topic"].tolist() == [200]


def test_an_observation_is_that_line() -> None:
    assert observation_line(parsed(LINE)) == LINE


def test_a_verdict_is_a_line() -> None:
    seen = parsed(LINE)

    (line,) = verdict_lines(reported([seen]))

    assert line == (
        '{"cluster":"c","at":1700000029000,"group":"g","status":"OK","complete":0.0,"total_lag":77,"lag_seconds":0.0,'
        '"lag_seconds_is_lower_bound":true,"partitions":[{"topic":"topic","partition":0,"status":"OK",'
        '"current_lag":77,"lag_seconds":0.0,"lag_seconds_is_lower_bound":true,"complete":0.0,'
        '"reason":{"rule":"young","current_lag":77,"allowed_lag":0,"commits":1,"span":0.0,"since_commit":0.0,'
        '"first_offset":123,"last_offset":123,"highest_offset":123,"lowest_offset":123,"silence":0.0,'
        '"usual_silence":null,"tolerated_silence":3600.0,"lag_growth":0.0,"growth_span":0.0,"markers":0,'
        '"sentence":"77 behind; watched for 0 s, too short to say more"}}]}'
    )


def test_lag_in_seconds_is_that_of_each_partition_and_of_the_one_furthest_behind() -> None:
    # The end offsets grow by 10 a second; the commits were passed by 10 s and 25 s ago, the third even before.
    ends = {at: [100 + 10 * at, 100 + 10 * at, 500] for at in range(0, 61, 30)}
    seen = [observation(at, {"g": group({"t": [600, 450, 499]})}, {"t": end}) for at, end in ends.items()]

    (line,) = [json.loads(line) for line in verdict_lines(reported(seen))]

    assert [(one["lag_seconds"], one["lag_seconds_is_lower_bound"]) for one in line["partitions"]] == [
        (10.0, False),
        (25.0, False),
        (60.0, True),
    ]
    assert (line["lag_seconds"], line["lag_seconds_is_lower_bound"]) == (60.0, True)


def test_verdicts_come_in_the_order_of_groups_topics_and_partitions() -> None:
    commits = {"u": [1] * 11, "t": [1, NO_OFFSET, 1]}
    seen = observation(0, {"h": group(commits), "g": group({"t": [1]})}, {"t": [9, 9, 9], "u": [9] * 11})

    lines = [json.loads(line) for line in verdict_lines(reported([seen]))]

    assert [line["group"] for line in lines] == ["g", "h"]
    assert [(one["topic"], one["partition"]) for one in lines[1]["partitions"]] == [
        ("t", 0),
        ("t", 2),
        *(("u", partition) for partition in range(11)),
    ]


def test_a_commit_without_an_end_offset_is_not_judged() -> None:
    line = LINE.replace('{"0":123}', '{"0":123,"1":5},"unknown":{"0":7}')

    (verdict,) = [json.loads(line) for line in verdict_lines(reported([parsed(line)]))]

    assert [(one["topic"], one["partition"]) for one in verdict["partitions"]] == [("topic", 0)]
    assert verdict["total_lag"] == 77


def test_a_commit_may_bring_its_own_time() -> None:
    seen = parsed(LINE.replace('{"0":123}', '{"0":[123,1700000020000],"2":5,"3":[7,0]}'))

    assert seen.groups["g"].commits["topic"].tolist() == [123, NO_OFFSET, 5, 7]
    assert seen.groups["g"].commit_times["topic"].tolist() == [1700000020000, -1, -1, 0]


def test_what_could_not_be_read_is_null() -> None:
    seen = observation(0, {"g": group({"t": [NOT_READ, 5, NO_OFFSET]})}, {"t": [7, NOT_READ, 9]})

    line = json.loads(observation_line(seen))

    assert line["groups"]["g"]["commits"] == {"t": {"0": None, "1": 5}}
    assert line["end_offsets"] == {"t": {"0": 7, "1": None, "2": 9}}
    assert parsed(observation_line(seen)).end_offsets["t"].tolist() == [7, NOT_READ, 9]


def test_what_else_is_known_is_recorded_too() -> None:
    seen = observation(
        0,
        {
            "g": group({"t": [5]}, type="consumer", protocol="range", coordinator=3, members=members({"t": [0, 2]})),
            "h": group({}, state="Empty", members=Members(2, None)),
        },
        {"t": [7]},
        start_offsets={"t": np.array([1])},
        stable_offsets={"t": np.array([6])},
        topic_ids={"t": "an-id"},
        committed_readers=frozenset({"g"}),
        unread_groups=frozenset({"u", "a"}),
        other_groups={"s": "share"},
        brokers=3,
        failures=(Failure("group", "u", "timeout"),),
    )

    assert json.loads(observation_line(seen)) == {
        "cluster": "c",
        "at": START,
        "groups": {
            "g": {
                "state": "Stable",
                "commits": {"t": {"0": 5}},
                "type": "consumer",
                "protocol": "range",
                "coordinator": 3,
                "members": {"count": 1, "assigned": {"t": [0, 2]}},
            },
            "h": {"state": "Empty", "commits": {}, "members": {"count": 2}},
        },
        "end_offsets": {"t": {"0": 7}},
        "start_offsets": {"t": {"0": 1}},
        "stable_offsets": {"t": {"0": 6}},
        "topic_ids": {"t": "an-id"},
        "committed_readers": ["g"],
        "unread_groups": ["a", "u"],
        "other_groups": {"s": "share"},
        "brokers": 3,
        "failures": [{"scope": "group", "subject": "u", "reason": "timeout"}],
    }


@examples(max_examples=60, deadline=None)
@given(run=observations())
def test_what_was_written_reads_as_the_same(run: list[Observation]) -> None:
    lines = [observation_line(seen) for seen in run]

    again = [seen for _, seen in read(line.encode() for line in lines)]

    assert [observation_line(seen) for seen in again] == lines
    for seen, back in zip(run, again, strict=True):
        assert (back.cluster, back.at, set(back.groups)) == (seen.cluster, seen.at, set(seen.groups))
        assert _lists(back.end_offsets) == _lists(seen.end_offsets)


def _lists(offsets: Mapping[str, Any]) -> dict[str, list[int]]:
    return {topic: values.tolist() for topic, values in offsets.items()}


def test_names_of_any_kind_come_through_on_one_line_of_ascii() -> None:
    names = ['quote"', "back\\slash", "new\nline", "a b", "a/b", "ünï→😀", "\u2028\x85\x1b[31m", ""]
    seen = observation(0, {name: group({name: [1]}) for name in names}, {name: [2] for name in names})

    line = observation_line(seen)

    assert line.isascii()
    assert line.isprintable()
    assert set(parsed(line).groups) == set(names)
    verdicts = [json.loads(verdict) for verdict in verdict_lines(reported([parsed(line)]))]
    assert [(one["group"], one["partitions"][0]["topic"]) for one in verdicts] == [
        (name, name) for name in sorted(names)
    ]


def test_blank_lines_and_line_ends_of_other_systems_are_passed_over() -> None:
    lines = [b"\n", b"  \r\n", b"\xef\xbb\xbf" + LINE.encode() + b"\r\n", b"\n", LINE.encode()]

    assert [number for number, _ in read(lines)] == [3, 5]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"end_offsets"', '"end_ofsets"', 'end_ofsets: not a known key; did you mean "end_offsets"?'),
        ('"state":"Stable",', "", 'groups.g: the key "state" is missing; add it'),
        ('"state"', '"xyz":1,"state"', "groups.g.xyz: not a known key; known here: state, commits, type, protocol"),
        ('"Stable"', "7", "groups.g.state: must be a string, not 7"),
        ("1700000029000", "1.5", "at: must be a time in ms since the epoch, not 1.5"),
        ("1700000029000", "-1", "at: must be a time in ms since the epoch from 0 to"),
        ("1700000029000", "1700000029000000", "at: must be a time in ms since the epoch from 0 to"),
        ("123", "-5", "groups.g.commits.topic.0: must be an offset (or null if it could not be read) from 0 to"),
        ("123", "true", "groups.g.commits.topic.0: must be an offset (or null if it could not be read), not true"),
        ("123", "1e3", "groups.g.commits.topic.0: must be an offset (or null if it could not be read), not 1000.0"),
        ("123", '"5"', 'groups.g.commits.topic.0: must be an offset (or null if it could not be read), not "5"'),
        ("123", "9223372036854775808", "groups.g.commits.topic.0: must be an offset"),
        ("123", "[1]", "groups.g.commits.topic.0: must be an offset, or [offset, time of the commit in ms]"),
        ("123", "[1,-1]", "groups.g.commits.topic.0.1: must be a time in ms since the epoch from 0 to"),
        ("123", "9" * 5000, "a number has too many digits"),
        ("123", "NaN", "NaN is not JSON"),
        ('{"0":123}', "[123]", "groups.g.commits.topic: must be an object {...}, not a list"),
        ('{"0":123}', '{"00":1}', "groups.g.commits.topic.00: must be a partition id from 0 to 1000000"),
        ('{"0":123}', '{"1000001":1}', "groups.g.commits.topic.1000001: must be a partition id from 0 to 1000000"),
        ('{"0":123}', '{"٣":1}', "groups.g.commits.topic.٣: must be a partition id"),
        ('{"0":123}', '{"0":1,"0":2}', 'the key "0" appears twice in one object'),
        ('"g":', '"a b\\nc.d":7,"g":', 'groups."a b\\nc.d": must be an object {...}, not 7'),
        ('"end_offsets":{"topic":{"0":200}}', '"end_offsets":{"topic":{"0":-1}}', "end_offsets.topic.0: must be an"),
        ('"0":200', '"0":9223372036854775807,"1":5', "groups.g: the end offsets of its topics add up to more than 64"),
        (LINE, "[]", "must be an object {...}, not a list"),
        (LINE, LINE[:50], "not JSON (column 50: "),
        (LINE, "[" * 100_000, "nested too deeply"),
        (LINE, LINE.replace('"0":200', ",".join(f'"{n}":1' for n in (0, 1_000_000))) * 2, "not JSON (column"),
    ],
)
def test_a_bad_line_is_told_with_its_number_its_place_and_how_to_mend_it(before: str, after: str, message: str) -> None:
    assert before in LINE

    assert complaint(LINE.replace(before, after)).startswith(f"line 3: {message}")


def test_text_that_is_not_utf_8_is_told() -> None:
    assert complaint(LINE.encode().replace(b'"g"', b'"\xff"')) == (
        "line 3: not UTF-8 text; write the recording as UTF-8"
    )


def test_more_partitions_than_fit_in_memory_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_ROWS", 6000)
    topics = ",".join(f'"t{number}":{{"1000":1}}' for number in range(6))
    line = f'{{"cluster":"c","at":1700000029000,"groups":{{}},"end_offsets":{{{topics}}}}}'

    assert complaint(line).startswith("line 3: 6006 partitions, counted up to the highest id; at most")


@pytest.mark.parametrize(
    ("key", "rest"),
    [
        ("end_offsets.t", '"groups":{},"end_offsets":{"t":{"0":1,"1002":1}}'),
        ("start_offsets.t", '"groups":{},"end_offsets":{},"start_offsets":{"t":{"1001":1,"1002":1}}'),
        ("groups.g.commits.t", '"groups":{"g":{"state":"","commits":{"t":{"0":1,"10002":[1,2]}}}},"end_offsets":{}'),
    ],
)
def test_a_few_high_partition_ids_do_not_take_the_memory_of_all_below(key: str, rest: str) -> None:
    highest = "10002" if "groups" in key else "1002"
    told = f"line 3: {key}: has partition {highest} and only 2 in all; list those between, too"
    assert complaint(f'{{"cluster":"c","at":1700000029000,{rest}}}') == told


def test_a_cluster_does_not_go_back_in_time() -> None:
    earlier = LINE.replace("1700000029000", "1700000028999")

    assert complaint(earlier).startswith("line 3: at: 1700000028999 is earlier than 1700000029000")


def test_each_cluster_has_its_own_time() -> None:
    other = LINE.replace('"c"', '"d"').replace("1700000029000", "5")

    assert [seen.at for _, seen in read([LINE.encode(), other.encode(), LINE.encode()])] == [
        1700000029000,
        5,
        1700000029000,
    ]


def test_what_comes_before_a_bad_line_is_given_first() -> None:
    lines = read([LINE.encode(), LINE.encode()[:40]])

    assert next(lines)[0] == 1
    with pytest.raises(RecordingError, match="line 2: not JSON"):
        next(lines)
