"""How a cluster is judged."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

from exporter.name_pattern import NamePattern

MIN_COMMITS: Final = 4
"""A window in time holds at least this many commits; with fewer a single pause would look like a stop."""

MIN_CAPACITY: Final = 12
"""Room for so many commits is kept in any case: a trend needs more than the window's own."""

MAX_ENTRIES: Final = 128
"""A window never holds more entries than this, whatever the settings ask for."""


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """Settings of the judging core. Times in seconds, lag in records.

    ``window``: a partition is bad only after it has been silent, or fallen behind, for this long. ``patience``: how
    long one may be silent whose rhythm is not known yet. ``min_distance``: observations closer than this to the newest
    retained one do not extend the window. ``intervals``: how many commits Burrow's own rule uses, where commits have
    their own times. ``allowed_lag``: up to this lag a partition is OK. ``minimum_complete``: below this completeness a
    partition is OK. ``evaluate``: whether there is a verdict at all. ``overrides``: what is otherwise for some groups;
    the first that takes a partition decides.
    """

    window: float = 120.0
    patience: float = 3600.0
    min_distance: float = 27.0
    intervals: int = 10
    allowed_lag: int = 0
    minimum_complete: float = 0.0
    evaluate: bool = True
    overrides: tuple[Override, ...] = ()

    def by_override(self) -> tuple[EvaluationSettings, ...]:
        """What each override makes of these settings, in their order."""
        return tuple(override.over(self) for override in self.overrides)

    def override_of(self, group: str, topic: str) -> int | None:
        """The position of the override that takes the partitions of a topic; None if none does."""
        return next((at for at, override in enumerate(self.overrides) if override.takes(group, topic)), None)

    def of(self, group: str, topic: str) -> EvaluationSettings:
        """What the partitions of a topic are judged by."""
        position = self.override_of(group, topic)
        return self if position is None else self.overrides[position].over(self)


@dataclass(frozen=True, slots=True)
class Override:
    """Other settings for the partitions of some groups; where they are None, the cluster's apply.

    ``match`` is looked for in the group's name and ``topics`` in the topic's, anywhere; without ``topics`` it takes
    all. The rest are as in `EvaluationSettings`.
    """

    match: NamePattern
    topics: NamePattern | None = None
    evaluate: bool | None = None
    window: float | None = None
    patience: float | None = None
    min_distance: float | None = None
    intervals: int | None = None
    allowed_lag: int | None = None
    minimum_complete: float | None = None

    def takes(self, group: str, topic: str) -> bool:
        """True if it is about this topic's partitions of the group, as far as no earlier override is."""
        return self.match.search(group) and (self.topics is None or self.topics.search(topic))

    def over(self, settings: EvaluationSettings) -> EvaluationSettings:
        """The settings with these over them.

        A longer window alone makes ``min_distance`` longer in proportion: it holds no more commits than the others, so
        that it costs the cluster's other partitions neither memory nor time.
        """
        changed = {name: value for name in OVERRIDABLE if (value := getattr(self, name)) is not None}
        if self.min_distance is None and self.window is not None and self.window > settings.window > 0:
            changed["min_distance"] = settings.min_distance * self.window / settings.window
        return replace(settings, overrides=(), **changed)


OVERRIDABLE: Final = tuple(field.name for field in fields(EvaluationSettings) if field.name != "overrides")
"""The settings that an override may change."""
