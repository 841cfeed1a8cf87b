"""Label parts that also name the member to which a partition is assigned."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from exporter.core.model import EMPTY, Owner
from exporter.core.report import Report
from exporter.metrics import text
from exporter.metrics.family import Names

NOBODY: Final = Owner("unknown", "unknown", "unknown")
"""What kafka-lag-exporter says of a partition without a member."""


def owner_labels(report: Report, names: Names) -> list[bytes]:
    """The label part of every partition of a group, with the client, the id and the host of its member.

    ``names.owner`` are what these three labels are called, in that order.
    """
    layout = report.history.group_topics
    client, member, host = names.owner
    order = sorted((names.cluster, names.group, names.partition, names.topic, *names.owner))
    rows: list[bytes] = []
    for (group, topic), (start, stop) in zip(layout.keys, pairwise(layout.starts.tolist()), strict=True):
        members = report.groups[group].members if group in report.groups else None
        by_topic = members.owners if members is not None and members.owners is not None else EMPTY
        owners: Mapping[int, Owner] = by_topic.get(topic, {})
        block = {names.cluster: report.cluster, names.group: group, names.topic: topic}
        for partition in range(stop - start):
            owner = owners.get(partition, NOBODY)
            of_member = {client: owner.client_id, member: owner.member_id, host: owner.host}
            values = {**block, **of_member, names.partition: str(partition)}
            rows.append(text.labels(order, (values[name] for name in order)))
    return rows
