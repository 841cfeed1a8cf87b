"""A token bucket like the exporter-toolkit's: it starts full and gains one token per interval."""

from __future__ import annotations

import time
from collections.abc import Callable

from exporter.web.config.web_config import Rate


class TokenBucket:
    """Tells for each request whether it may be answered now."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._clock = clock
        self._tokens = float(rate.burst)
        self._filled = clock()

    def take(self) -> bool:
        """Takes a token; True if there was one, or if there is no limit."""
        if self.rate.interval == 0:
            return True
        now = self._clock()
        self._tokens = min(self.rate.burst, self._tokens + (now - self._filled) / self.rate.interval)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
