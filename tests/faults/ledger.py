"""What Kafka has acknowledged, and when: the truth that pages are held against."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections import defaultdict
from itertools import pairwise

Place = tuple[str, ...]
"""``(topic, partition)`` for end offsets, ``(group, topic, partition)`` for commits, as on the page."""


class Ledger:
    """Offsets by place. Times are seconds since the epoch."""

    def __init__(self) -> None:
        self._times: dict[Place, list[float]] = defaultdict(list)
        self._offsets: dict[Place, list[int]] = defaultdict(list)
        self._sent: dict[Place, int] = defaultdict(int)
        self._lock = threading.Lock()

    def send(self, place: Place, offset: int) -> None:
        """Notes that Kafka has been asked for this offset, whatever becomes of it."""
        with self._lock:
            self._sent[place] = max(self._sent[place], offset)

    def acknowledge(self, place: Place, offset: int) -> None:
        """Notes that Kafka has said yes just now."""
        with self._lock:
            offsets = self._offsets[place]
            if offsets and offset < offsets[-1]:
                return
            self._times[place].append(time.time())
            offsets.append(offset)

    def known(self, place: Place) -> bool:
        """Whether this place is in the ledger."""
        with self._lock:
            return bool(self._offsets.get(place))

    def acknowledged(self, place: Place, by: float) -> int:
        """The highest offset that was acknowledged by that time; 0 if none was."""
        with self._lock:
            before = bisect_right(self._times[place], by)
            return self._offsets[place][before - 1] if before else 0

    def sent(self, place: Place) -> int:
        """The highest offset that Kafka was ever asked for: none beyond it can be true."""
        with self._lock:
            return self._sent[place]

    def last(self, place: Place) -> float:
        """When the last offset was acknowledged; 0 if none was."""
        with self._lock:
            times = self._times.get(place)
            return times[-1] if times else 0.0

    def steady(self, place: Place, since: float, until: float, gap: float) -> bool:
        """Whether something was acknowledged again and again between these times, without a gap longer than this."""
        with self._lock:
            times = self._times.get(place, [])
            between = [since, *times[bisect_right(times, since) : bisect_right(times, until)], until]
        return all(after - before <= gap for before, after in pairwise(between))

    def places(self) -> list[Place]:
        """All places."""
        with self._lock:
            return list(self._offsets)
