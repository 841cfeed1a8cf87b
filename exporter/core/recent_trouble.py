"""Which groups have been unhealthy lately.

Series that come and go with the status would be useless: a graph of them would begin when the trouble does, and end
before anybody has looked at it. So a group counts as unhealthy for a while longer than it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from exporter.core.groups import GroupReport
from exporter.core.model import Observation, Status

REMEMBERED_MS: Final = 3_600_000
"""For how long after its last bad verdict a group counts as unhealthy."""


def last_unhealthy(
    known: Mapping[str, int], observation: Observation, groups: Iterable[GroupReport]
) -> Mapping[str, int]:
    """When (ms) each group was last at WARN or ERR, if that is not too long ago.

    ``known``: the same before this observation. A group that could not be read stays as it was. While nothing changes
    it is the same mapping.
    """
    now = observation.at
    after = {group.name: now for group in groups if group.status >= Status.WARN}
    for name, since in known.items():
        exists = name in observation.groups or name in observation.unread_groups
        if name not in after and exists and now - since <= REMEMBERED_MS:
            after[name] = since
    return known if after == known else after
