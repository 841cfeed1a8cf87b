"""How groups are judged: the keys of `exporter.core.evaluation`."""

from __future__ import annotations

from typing import Final

from exporter.core.evaluation import MAX_ENTRIES, EvaluationSettings
from exporter.schema.kinds import duration, integer, share
from exporter.schema.section import Key, section

# The core declares its settings without keys: it knows no configuration.
EVALUATION: Final = section(
    EvaluationSettings,
    "How groups are judged.",
    parts={
        "window": Key(
            duration(),
            "A partition is bad only after it has been silent, or has fallen behind, for this long; its newest commits"
            " that span this long, at least 4, are judged.",
        ),
        "patience": Key(
            duration(),
            "How long a partition may be silent while records wait before its own rhythm is known: after two moves, or"
            " from other partitions of the group's topic. Then its rhythm says how long.",
        ),
        "min_distance": Key(
            duration(zero=True),
            "Observations closer than this to the newest retained one do not extend the window, so it grows at the"
            " same pace however often, and by however many servers, the exporter is scraped. Keep it a little below"
            " the scrape interval.",
        ),
        "intervals": Key(
            integer(1, MAX_ENTRIES),
            "Burrow's own setting: the number of commits to judge. It applies where commits carry their own times"
            " (recordings); elsewhere it is the least number kept, and `window` and `min_distance` may need more.",
        ),
        "allowed_lag": Key(integer(0, 10**18 - 1), "A partition with at most this lag (records) is always OK."),
        "minimum_complete": Key(share(), "A partition whose window is less complete than this is always OK."),
    },
)
