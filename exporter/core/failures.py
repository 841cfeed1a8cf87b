"""What could not be read, summarised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exporter.core.model import Failure


@dataclass(frozen=True, slots=True)
class FailureSummary:
    """The failures with the same scope and reason: the names of what could not be read, in the order of failing."""

    scope: str
    reason: str
    subjects: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.subjects)


def summarized(failures: Iterable[Failure]) -> list[FailureSummary]:
    """Failures by scope and reason, the most frequent first."""
    subjects: dict[tuple[str, str], list[str]] = {}
    for failure in failures:
        subjects.setdefault((failure.scope, failure.reason), []).append(failure.subject)
    summaries = [FailureSummary(*kind, tuple(names)) for kind, names in subjects.items()]
    return sorted(summaries, key=lambda summary: (-summary.count, summary.scope, summary.reason))
