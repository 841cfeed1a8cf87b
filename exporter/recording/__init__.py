"""Observations and verdicts as JSON Lines: what `record` writes, `replay` reads and prints.

An observation is one line per cluster and scrape, ``at`` in ms since the epoch::

    {"cluster":"c","at":1700000029000,"groups":{"g":{"state":"Stable","commits":{"topic":{"0":123}}}},
     "end_offsets":{"topic":{"0":200}}}

A commit may be ``[offset, committed_at_ms]``: then its own time is used. An offset that could
not be read is ``null``. What else decides a verdict is there when it is known: ``start_offsets``, ``stable_offsets``
and ``committed_readers`` (groups measured against them), ``topic_ids``, ``unread_groups``; for each group ``members``
with ``count`` and ``assigned`` (topic → partition ids). The rest is for information: ``other_groups`` (name →
type), ``brokers``, ``failures``; a group's ``type``, ``protocol``, ``coordinator``.

A verdict is one line per observation and group, docs/verdicts.md explains it::

    {"cluster":"c","at":1700000029000,"group":"g","status":"OK","complete":1.0,"total_lag":77,
     "partitions":[{"topic":"topic","partition":0,"status":"OK","current_lag":77,"complete":1.0,
     "reason":{"rule":"keeping_up",...,"sentence":"77 behind, but ..."}}]}
"""

from exporter.recording.decoding import RecordingError, read
from exporter.recording.encoding import json_line, observation_line, verdict, verdict_lines

__all__ = ["RecordingError", "json_line", "observation_line", "read", "verdict", "verdict_lines"]
