"""What a collector would give, made from observations without a Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exporter.core import history
from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.model import Failure, Observation
from exporter.core.report import Outcome


def outcomes(
    observations: Iterable[Observation], settings: EvaluationSettings = EvaluationSettings()
) -> Iterator[Outcome]:
    """The outcome after each observation of one cluster, one following the other."""
    known = history.empty(settings)
    for seen in observations:
        known, report = advance(known, seen, settings)
        yield Outcome(seen.cluster, report, seen.failures, up=True, last_read=seen.at)


def outcome(seen: Observation) -> Outcome:
    """The outcome after a first observation."""
    return next(outcomes([seen]))


def down(cluster: str, reason: str = "timeout") -> Outcome:
    return Outcome(cluster, None, (Failure("cluster", cluster, reason),), up=False)
