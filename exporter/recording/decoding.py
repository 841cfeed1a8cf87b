"""Lines → observations, strictly: anything unexpected is an error that says where it is and how to fix it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from exporter.core.model import EMPTY, NOT_READ, Failure, GroupObservation, Int64s, Members, Observation, Owner
from exporter.recording.values import (
    MAX_INT32,
    MAX_INT64,
    Malformed,
    array_of,
    commits,
    listing,
    mapping,
    no_constant,
    offsets,
    partition_id,
    text,
    unique_keys,
    whole,
)

MAX_TIME = 253_402_300_799_999
"""The last ms of the year 9999; a larger number was not given in ms."""

MAX_ROWS = 2_500_000
"""Partitions of topics and of groups in one observation, counted up to the highest id; a million take 0.7 GB."""


class RecordingError(Exception):
    """A line that cannot be used; the message says which, what is wrong with it and how to fix it."""


def read(lines: Iterable[bytes]) -> Iterator[tuple[int, Observation]]:
    """Each observation with the number of its line; blank lines are skipped.

    Raises RecordingError at the first line that is malformed, or earlier than its cluster's line before.
    """
    latest: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            observation = _observation(_decoded(line))
            before = latest.get(observation.cluster, observation.at)
            if observation.at < before:
                raise Malformed(
                    ("at",),
                    f"{observation.at} is earlier than {before}, which this cluster had before; put the lines in order",
                )
        except Malformed as malformed:
            raise RecordingError(f"line {number}: {malformed}") from None
        latest[observation.cluster] = observation.at
        yield number, observation


def _decoded(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8-sig").rstrip(), object_pairs_hook=unique_keys, parse_constant=no_constant)
    except UnicodeDecodeError:
        raise Malformed((), "not UTF-8 text; write the recording as UTF-8") from None
    except json.JSONDecodeError as error:
        raise Malformed(
            (), f"not JSON (column {error.colno}: {error.msg}); a line is one whole observation, is it cut off?"
        ) from None
    except RecursionError:
        raise Malformed((), "nested too deeply to be an observation") from None
    except ValueError:  # the remaining case: Python refuses to read integers of thousands of digits
        raise Malformed((), "a number has too many digits; offsets and times are 64-bit integers") from None


def _observation(raw: Any) -> Observation:
    fields = mapping(
        raw,
        (),
        required=("cluster", "at", "groups", "end_offsets"),
        optional=(
            "start_offsets",
            "stable_offsets",
            "topic_ids",
            "committed_readers",
            "unread_groups",
            "other_groups",
            "brokers",
            "failures",
        ),
    )
    observation = Observation(
        cluster=text(fields["cluster"], ("cluster",)),
        at=_time(fields["at"], ("at",)),
        groups={
            name: _group(group, ("groups", name)) for name, group in mapping(fields["groups"], ("groups",)).items()
        },
        end_offsets=_offsets_by_topic(fields["end_offsets"], ("end_offsets",)),
        start_offsets=_offsets_by_topic(fields.get("start_offsets", {}), ("start_offsets",)),
        stable_offsets=_offsets_by_topic(fields.get("stable_offsets", {}), ("stable_offsets",)),
        topic_ids=_texts_by_name(fields.get("topic_ids", {}), ("topic_ids",)),
        committed_readers=_names(fields.get("committed_readers", []), ("committed_readers",)),
        unread_groups=_names(fields.get("unread_groups", []), ("unread_groups",)),
        other_groups=_texts_by_name(fields.get("other_groups", {}), ("other_groups",)),
        brokers=whole(fields.get("brokers", 0), ("brokers",), MAX_INT32),
        failures=tuple(
            _failure(failure, ("failures", str(place)))
            for place, failure in enumerate(listing(fields.get("failures", []), ("failures",)))
        ),
    )
    rows = sum(map(len, observation.end_offsets.values())) + sum(
        len(observation.end_offsets.get(topic, ())) for group in observation.groups.values() for topic in group.commits
    )
    if rows > MAX_ROWS:
        raise Malformed(
            (), f"{rows} partitions, counted up to the highest id; at most {MAX_ROWS} can be judged at once"
        )
    for ends in (observation.end_offsets, observation.stable_offsets):
        totals = {topic: float(offsets.clip(min=0).sum(dtype=np.float64)) for topic, offsets in ends.items()}
        for name, group in observation.groups.items():
            if sum(totals.get(topic, 0.0) for topic in group.commits) >= MAX_INT64:
                raise Malformed(("groups", name), "the end offsets of its topics add up to more than 64 bits hold")
    return observation


def _time(value: Any, path: tuple[str, ...]) -> int:
    return whole(value, path, MAX_TIME, meaning="a time in ms since the epoch")


def _group(raw: Any, path: tuple[str, ...]) -> GroupObservation:
    fields = mapping(raw, path, required=("state", "commits"), optional=("type", "protocol", "coordinator", "members"))
    offsets_of: dict[str, Int64s] = {}
    times_of: dict[str, Int64s] = {}
    for topic, by_partition in mapping(fields["commits"], (*path, "commits")).items():
        offsets_of[topic], times = commits(by_partition, (*path, "commits", topic), MAX_TIME)
        if times is not None:
            times_of[topic] = times
    coordinator = fields.get("coordinator")
    return GroupObservation(
        state=text(fields["state"], (*path, "state")),
        commits=offsets_of,
        commit_times=times_of or EMPTY,
        type=text(fields.get("type", ""), (*path, "type")),
        protocol=text(fields.get("protocol", ""), (*path, "protocol")),
        coordinator=None if coordinator is None else whole(coordinator, (*path, "coordinator"), MAX_INT32),
        members=_members(fields["members"], (*path, "members")) if "members" in fields else None,
    )


def _members(raw: Any, path: tuple[str, ...]) -> Members:
    fields = mapping(raw, path, required=("count",), optional=("assigned",))
    owners = None
    if "assigned" in fields:
        owners = {
            topic: {
                partition_id(partition, (*path, "assigned", topic, str(place))): Owner("", "")
                for place, partition in enumerate(listing(partitions, (*path, "assigned", topic)))
            }
            for topic, partitions in mapping(fields["assigned"], (*path, "assigned")).items()
        }
    return Members(whole(fields["count"], (*path, "count"), MAX_INT32), owners)


def _failure(raw: Any, path: tuple[str, ...]) -> Failure:
    fields = mapping(raw, path, required=("scope", "subject", "reason"))
    return Failure(*(text(fields[key], (*path, key)) for key in ("scope", "subject", "reason")))


def _offsets_by_topic(raw: Any, path: tuple[str, ...]) -> dict[str, Int64s]:
    return {
        topic: array_of(offsets(by_partition, (*path, topic)), missing=NOT_READ)
        for topic, by_partition in mapping(raw, path).items()
    }


def _texts_by_name(raw: Any, path: tuple[str, ...]) -> dict[str, str]:
    return {name: text(value, (*path, name)) for name, value in mapping(raw, path).items()}


def _names(raw: Any, path: tuple[str, ...]) -> frozenset[str]:
    return frozenset(text(name, (*path, str(place))) for place, name in enumerate(listing(raw, path)))
