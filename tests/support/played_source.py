"""A source that plays back what it is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from exporter.core.model import Observation


class PlayedSource:
    """Answers with one thing after the other, the last again and again; an exception is raised.

    ``asked`` and ``described`` count the observations and the descriptions of members.
    """

    def __init__(self, answers: Iterable[Observation | Exception]) -> None:
        self._answers = list(answers)
        self.asked = 0
        self.described = 0

    def observe(self, timeout: float) -> Observation:
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        if isinstance(answer, Exception):
            raise answer
        # The same again would be of the same moment.
        repeated = max(self.asked - len(self._answers), 0)
        return replace(answer, at=answer.at + 1000 * repeated)

    def expect(self, groups: Iterable[str], topics: Mapping[str, int]) -> None:
        pass

    def refresh_members(self, seen: Observation) -> None:
        self.described += 1

    def close(self) -> None:
        pass
