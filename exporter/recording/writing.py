"""Observations and reports → lines, each without its line end.

Names stay intact on any terminal and through any tool that splits lines: what is not ASCII is escaped as JSON does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from exporter.core.evaluation import EvaluationSettings
from exporter.core.groups import GroupReport
from exporter.core.model import NOT_READ, GroupObservation, Int64s, Members, Observation, Status
from exporter.core.reasons import reason
from exporter.core.report import Report


def observation_line(seen: Observation) -> str:
    """An observation, with everything that a verdict depends on."""
    optional = {
        "start_offsets": _offsets_by_topic(seen.start_offsets),
        "stable_offsets": _offsets_by_topic(seen.stable_offsets),
        "topic_ids": dict(sorted(seen.topic_ids.items())),
        "committed_readers": sorted(seen.committed_readers),
        "unread_groups": sorted(seen.unread_groups),
        "other_groups": dict(sorted(seen.other_groups.items())),
        "brokers": seen.brokers,
        "failures": [
            {"scope": failure.scope, "subject": failure.subject, "reason": failure.reason} for failure in seen.failures
        ],
    }
    return json_line(
        {
            "cluster": seen.cluster,
            "at": seen.at,
            "groups": {name: _group(group) for name, group in sorted(seen.groups.items())},
            "end_offsets": _offsets_by_topic(seen.end_offsets),
        }
        | _without_empty(optional)
    )


def verdict_lines(report: Report, settings: EvaluationSettings) -> Iterator[str]:
    """One line per group; groups, topics and partitions in order. ``settings`` are those it was judged by."""
    for name in sorted(report.groups):
        yield json_line(verdict(report, report.groups[name], settings))


def verdict(report: Report, group: GroupReport, settings: EvaluationSettings) -> dict[str, Any]:
    """The verdict on one group and, with its reason, on each of its partitions; lag in records, ``at`` in ms.

    A group has the status of its worst partition, whose reason says why.
    """
    return {
        "cluster": report.cluster,
        "at": report.at,
        "group": group.name,
        "status": group.status.name,
        "complete": group.complete,
        "total_lag": group.total_lag,
        "partitions": [
            partition
            for topic in sorted(group.topics)
            for partition in _partitions(report, topic, group.topics[topic], settings)
        ],
    }


def _partitions(report: Report, topic: str, rows: slice, settings: EvaluationSettings) -> Iterator[dict[str, Any]]:
    columns = report.columns
    for row in range(rows.start, rows.stop):
        if columns.shown[row]:
            why = reason(report, row, settings)
            yield {
                "topic": topic,
                "partition": int(columns.partition[row]),
                "status": Status(columns.verdicts.status[row]).name,
                "current_lag": int(columns.lag[row]),
                "complete": float(columns.verdicts.complete[row]),
                "reason": why.as_data() | {"sentence": why.sentence()},
            }


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
