"""The traces that are made from a seed."""

import pytest

from tests.accuracy.generated import EACH, generated
from tests.accuracy.kinds import KINDS
from tests.accuracy.scoring import total
from tests.accuracy.sets import Scores
from tests.accuracy.traces import START


def test_a_seed_always_makes_the_same_traces() -> None:
    first, again = generated(1), generated.__wrapped__(1)

    assert again == first
    assert generated(1, "other") != first


def test_there_are_some_of_every_kind_with_a_committed_offset_never_beyond_the_end() -> None:
    traces = generated()

    assert [trace.scenario for trace in traces] == [kind for kind in KINDS for _ in range(EACH)]
    for trace in traces:
        assert all(-1 <= sample.committed <= sample.end for sample in trace.samples)
        assert all(before.end <= after.end for before, after in zip(trace.samples, trace.samples[1:], strict=False))


def test_incidents_begin_when_the_rhythm_is_known_and_nothing_is_consumed_in_them_unless_it_is_behind() -> None:
    for trace in generated():
        for incident in trace.incidents:
            assert incident.start - START >= 7_200
            since = incident.start + trace.pace  # what was consumed before is committed by then
            during = {sample.committed for sample in trace.samples if since <= sample.at < incident.end}
            assert (len(during) == 1) == (not trace.scenario.endswith("behind")), trace.scenario


@pytest.mark.parametrize("scraped", ["30 s", "15 s", "60 s"])
def test_kinds_that_the_rules_were_not_made_for_raise_hardly_a_false_alarm(
    scraped: str, scores: dict[str, dict[str, Scores]]
) -> None:
    ours = total(scores["generated"][scraped].values())

    assert ours.false_alarm_ratio <= 0.005
