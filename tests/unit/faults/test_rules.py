"""The rules that `make faults` holds pages against notice what they are there for."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from testbed.network import BlackHole
from tests.faults.ledger import Ledger
from tests.faults.looks import (
    ERR,
    FALSE,
    LINES,
    MISSING,
    OK,
    OLD,
    Look,
    Seen,
    numbers_breaches,
    right,
    seen_on,
    verdict_breaches,
    whole,
)
from tests.faults.result import page_of, summed_up
from tests.faults.traffic import BAD, GROUPS, HEALTHY, OFFSETS_PARTITIONS, STOPPED, offsets_partition

PATIENCE, WINDOW = 5.0, 10.0


def seen(**changes: object) -> Seen:
    statuses = {group: ERR if group in BAD else OK for group in GROUPS}
    page = Seen(True, 0.0, time.time(), frozenset(), statuses, frozenset(), {})
    return replace(page, **changes)  # type: ignore[arg-type]


def rules(page: Seen, ledger: Ledger | None = None, judged: bool = True) -> set[str]:
    ledger = ledger or Ledger()
    found = [*numbers_breaches(page, ledger, PATIENCE, time.time() - (page.age or 0.0), 0.0)]
    found += verdict_breaches(page, ledger, WINDOW, time.time() - (page.age or 0.0), judged=judged)
    return {breach.rule for breach in found}


def written(at: list[float], offsets: list[int]) -> Ledger:
    ledger = Ledger()
    for moment, offset in zip(at, offsets, strict=True):
        ledger.send(("orders", "0"), offset)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "time", lambda moment=moment: moment)
            ledger.acknowledge(("orders", "0"), offset)
    return ledger


def test_a_page_as_it_should_be_breaks_no_rule() -> None:
    assert rules(seen()) == set()
    assert right(seen())


def test_a_bad_group_that_is_called_ok_is_a_breach_once_it_has_been_judged() -> None:
    page = seen(statuses={**seen().statuses, STOPPED[0]: OK})
    assert rules(page) == {MISSING}
    assert rules(page, judged=False) == set()
    assert not right(page)
    assert whole(page)


def test_a_group_may_be_missing_only_where_a_failure_says_so() -> None:
    statuses = {group: status for group, status in seen().statuses.items() if group != STOPPED[0]}
    assert rules(seen(statuses=statuses)) == {MISSING}
    assert rules(seen(statuses=statuses, failures=frozenset({("broker", "timeout")}))) == set()
    assert rules(seen(statuses={}, up=False)) == set()


def test_an_offset_must_not_be_older_than_what_the_page_says_of_its_age() -> None:
    now = time.time()
    ledger = written([now - 60, now - 30], [100, 200])
    old = seen(numbers={("orders", "0"): 100})
    assert rules(old, ledger) == {OLD}
    assert rules(replace(old, numbers={("orders", "0"): 200}), ledger) == set()
    assert rules(replace(old, numbers={("orders", "0"): 201}), ledger) == {OLD}
    told = replace(old, up=False, age=40.0, read_at=now - 40)
    assert rules(told, ledger) == set()
    assert rules(replace(told, age=None), ledger) == {OLD}
    assert rules(replace(told, read_at=now), ledger) == {OLD}


def test_up_is_a_promise_that_the_numbers_are_new() -> None:
    page = seen(age=20.0, read_at=time.time() - 20, numbers={("t", "0"): 0})
    assert rules(page) == {OLD}
    assert rules(replace(page, up=False)) == set()


def test_a_healthy_group_must_not_be_in_error_while_it_commits() -> None:
    page = seen(statuses={**seen().statuses, HEALTHY[0]: ERR})
    place = (HEALTHY[0], "orders", "0")
    now, quiet, steady = time.time(), Ledger(), Ledger()
    quiet.acknowledge(place, 1)
    for ago in range(40, -1, -1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "time", lambda at=now - ago: at)
            steady.acknowledge(place, 100 - ago)
    assert rules(page, quiet) == set()
    assert rules(page, steady) == {FALSE}
    assert rules(seen(rewound=frozenset({HEALTHY[0]}))) == {FALSE}


def test_the_log_has_a_line_for_each_change_and_no_traceback() -> None:
    looks = [Look(0.0, 0.1, seen(), memory=1.0), Look(1.0, 0.1, seen(up=False), memory=1.0)]

    def broken(*lines: str) -> set[str]:
        given = {"name": "row", "done": "something", "timeout": 5.0, "looks": looks, "again": 1, "starts": 0}
        return set(summed_up(**given, lines=lines, notes=(), found=()).breaches)  # type: ignore[arg-type]

    assert broken() == {LINES}
    assert broken("one") == set()
    assert broken("one", "two", "three", "four") == {LINES}
    assert broken('traceback="Traceback (most recent call last): ..."') == {LINES}


def test_a_page_in_words() -> None:
    looks = [Look(0.0, 0.1, seen()), Look(1.0, 0.1, seen(up=False, failures=frozenset({("cluster", "timeout")})))]
    assert page_of([*looks, Look(2.0, 5.0, None)]) == (
        f"1 of 3 scrapes without an answer; up 0 in 1 of 2 scrapes; all {len(GROUPS)} groups; "
        "failures: cluster (`timeout`)"
    )


def test_every_coordinator_has_groups_of_each_kind() -> None:
    assert offsets_partition("console") == abs(951510359) % OFFSETS_PARTITIONS  # "console".hashCode() of Java
    for groups in (HEALTHY, STOPPED):
        assert {offsets_partition(group) for group in groups} == set(range(OFFSETS_PARTITIONS))


def test_pages_are_read_by_the_names_of_the_metrics() -> None:
    from testbed.scrape import parse  # noqa: PLC0415

    page = parse(
        'burrow_kafka_cluster_up{cluster="real"} 1\n'
        'burrow_exporter_last_collection_timestamp_seconds{cluster="real"} 7\n'
        'burrow_exporter_offsets_age_seconds{cluster="real"} 0.5\n'
        'burrow_exporter_failures{cluster="real",scope="broker",reason="timeout"} 2\n'
        'burrow_kafka_consumer_status{cluster="real",consumer_group="g"} 3\n'
        'burrow_kafka_topic_partition_status{cluster="real",consumer_group="g",topic="t",partition="0"} 6\n'
        'burrow_kafka_topic_partition_offset{cluster="real",topic="t",partition="0"} 9\n'
        'burrow_kafka_consumer_current_offset{cluster="real",consumer_group="g",topic="t",partition="0"} 4\n'
    )
    numbers = {("t", "0"): 9, ("g", "t", "0"): 4}
    assert seen_on(page) == Seen(
        True, 0.5, 7.0, frozenset({("broker", "timeout")}), {"g": 3}, frozenset({"g"}), numbers
    )


def test_an_address_that_takes_no_connection_takes_none() -> None:
    import socket  # noqa: PLC0415

    with BlackHole(full=True) as full, pytest.raises(TimeoutError):
        socket.create_connection(("127.0.0.1", full.port), timeout=0.3)
    with BlackHole() as silent, socket.create_connection(("127.0.0.1", silent.port), timeout=1.0) as connection:
        connection.settimeout(0.1)
        connection.sendall(b"hello")
        with pytest.raises(TimeoutError):
            connection.recv(1)
