"""Observations and reports → lines, each without its line end.

Names stay intact on any terminal and through any tool that splits lines: what is not ASCII is escaped as JSON does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from exporter.core.groups import GroupReport
from exporter.core.model import NOT_READ, GroupObservation, Int64s, Members, Observation
from exporter.core.partitions import PartitionReport
from exporter.core.report import Report
from exporter.wording import explanation


def observation_line(observation: Observation) -> str:
    """An observation, with everything that a verdict depends on."""
    optional = {
        "start_offsets": _offsets_by_topic(observation.start_offsets),
        "stable_offsets": _offsets_by_topic(observation.stable_offsets),
        "topic_ids": dict(sorted(observation.topic_ids.items())),
        "committed_readers": sorted(observation.committed_readers),
        "unread_groups": sorted(observation.unread_groups),
        "other_groups": dict(sorted(observation.other_groups.items())),
        "brokers": observation.brokers,
        "failures": [
            {"scope": failure.scope, "subject": failure.subject, "reason": failure.reason}
            for failure in observation.failures
        ],
    }
    return json_line(
        {
            "cluster": observation.cluster,
            "at": observation.at,
            "groups": {name: _group(group) for name, group in sorted(observation.groups.items())},
            "end_offsets": _offsets_by_topic(observation.end_offsets),
        }
        | _without_empty(optional)
    )


def verdict_lines(report: Report) -> Iterator[str]:
    """One line per group; groups, topics and partitions in order."""
    for name in sorted(report.groups):
        yield json_line(verdict(report, report.groups[name]))


def verdict(report: Report, group: GroupReport) -> dict[str, Any]:
    """The verdict on one group and, with its reason, on each of its partitions; ``at`` in ms.

    Lag is in records or, where the name says so, seconds; of a group the largest on a partition. A group has the status
    of its worst partition, whose reason says why. Where an override for some groups takes a partition, its position in
    the configuration's list is there too.
    """
    overrides = {topic: position for position, topics in report.overrides(group).items() for topic in topics}
    return {
        "cluster": report.cluster,
        "at": report.at,
        "group": group.name,
        "status": group.status.name,
        "complete": group.complete,
        "total_lag": group.total_lag,
        "lag_seconds": round(group.max_lag_seconds, 3),
        "lag_seconds_is_lower_bound": group.lag_is_lower_bound,
        "partitions": [
            _partition(partition, overrides.get(partition.topic))
            for partition in report.partitions(group)
            if partition.readable
        ],
    }


def _partition(partition: PartitionReport, override: int | None) -> dict[str, Any]:
    reason = partition.reason()
    return {
        "topic": partition.topic,
        "partition": partition.partition,
        "status": partition.status.name,
        "current_lag": partition.lag,
        "lag_seconds": round(partition.lag_seconds, 3),
        "lag_seconds_is_lower_bound": partition.lag_is_lower_bound,
        "complete": partition.complete,
        "reason": reason.as_data() | {"sentence": explanation(reason)},
    } | ({} if override is None else {"override": override})


def _group(group: GroupObservation) -> dict[str, Any]:
    optional = {"type": group.type, "protocol": group.protocol}
    return (
        {
            "state": group.state,
            "commits": {
                topic: _commits(offsets, group.commit_times.get(topic))
                for topic, offsets in sorted(group.commits.items())
            },
        }
        | _without_empty(optional)
        | ({} if group.coordinator is None else {"coordinator": group.coordinator})
        | ({} if group.members is None else {"members": _members(group.members)})
    )


def _commits(offsets: Int64s, times: Int64s | None) -> dict[str, Any]:
    """Partition id → offset, [offset, time] or null; a partition without a commit is left out."""
    if times is None:
        return _offsets(offsets)
    own = times.tolist() + [-1] * (len(offsets) - len(times))
    return {
        partition: [offset, own[int(partition)]] if offset is not None and own[int(partition)] >= 0 else offset
        for partition, offset in _offsets(offsets).items()
    }


def _offsets_by_topic(offsets: Mapping[str, Int64s]) -> dict[str, dict[str, int | None]]:
    return {topic: _offsets(array) for topic, array in sorted(offsets.items())}


def _offsets(array: Int64s) -> dict[str, int | None]:
    return {
        str(partition): None if offset == NOT_READ else offset
        for partition, offset in enumerate(array.tolist())
        if offset >= 0 or offset == NOT_READ
    }


def _members(members: Members) -> dict[str, Any]:
    if members.owners is None:
        return {"count": members.count}
    return {
        "count": members.count,
        "assigned": {topic: sorted(owners) for topic, owners in sorted(members.owners.items())},
    }


def _without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}


def json_line(value: Mapping[str, Any]) -> str:
    """JSON on one line, in ASCII and without blanks."""
    return json.dumps(value, separators=(",", ":"))
