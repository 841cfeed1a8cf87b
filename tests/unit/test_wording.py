"""Failures in words."""

from __future__ import annotations

from exporter.core.failures import summarized
from exporter.core.model import Failure
from exporter.wording import failure_reason, failures_on_one_line

FAILURES = [
    Failure("broker", "2", "timeout"),
    *(Failure("partition", f"t/{id_}", "no_leader") for id_ in range(20)),
]


def test_failures_are_summarised_by_reason_the_most_frequent_first() -> None:
    partitions, broker = summarized(FAILURES)
    assert (partitions.scope, partitions.count, partitions.subjects[:3]) == ("partition", 20, ("t/0", "t/1", "t/2"))
    assert failure_reason(partitions.reason) == "the partition has no leader (no_leader)"
    assert (broker.scope, broker.count, broker.subjects) == ("broker", 1, ("2",))
    assert failure_reason(broker.reason) == "no answer in time (timeout)"


def test_on_one_line_of_each_kind_some_are_told_by_name() -> None:
    assert failures_on_one_line(FAILURES) == "20 partition no_leader (t/0, t/1, t/2, ...), 1 broker timeout (2)"


def test_a_reason_that_has_no_words_is_told_as_it_is() -> None:
    assert failure_reason("NotCoordinatorError") == "NotCoordinatorError"
