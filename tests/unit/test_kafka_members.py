"""What coordinators say of the members of groups."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exporter.core.model import Owner
from exporter.sources.kafka.members import classic_group
from tests.kafka_answers import assigned, described


def test_a_classic_groups_assignments_are_read() -> None:
    state, members = classic_group(described(assigned("t", [0, 2])))
    assert (state, members.count) == ("Stable", 1)
    assert members.owners == {"t": {0: Owner("me", "/h"), 2: Owner("me", "/h")}}


@given(st.binary(min_size=1, max_size=60))
def test_an_assignment_that_nobody_can_read_costs_no_more_than_itself(garbage: bytes) -> None:
    state, members = classic_group(described(garbage))
    assert (state, members.count) == ("Stable", 1)


def test_a_protocol_of_its_own_is_not_read_at_all() -> None:
    _, members = classic_group(described(b"\x00\x01whatever", protocol="connect"))
    assert (members.count, members.owners) == (1, None)
