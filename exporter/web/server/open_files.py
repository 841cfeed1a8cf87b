"""The files that this process may have open, connections among them."""

from __future__ import annotations

import resource
from typing import Final

ENOUGH: Final = 65_536
"""More are not asked for: some libraries walk through all that may be open."""


def allow_more() -> None:
    """Raises the limit as far as the process may by itself; no further than ENOUGH."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def allowed() -> int:
    """How many files may be open now."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return ENOUGH if soft == resource.RLIM_INFINITY else soft
