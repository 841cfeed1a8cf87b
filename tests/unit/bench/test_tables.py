from __future__ import annotations

import json
from typing import Any

import pytest

from tools.bench.measuring import THIS
from tools.bench.sizes import SIZES
from tools.bench.tables import BLOCK, DATA, PAGES, as_text, exponent, growth, pages, scrapes

RESULT: dict[str, Any] = json.loads(DATA.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_documentation_shows_the_numbers_that_are_kept(page: Any) -> None:
    assert BLOCK.search(page.read_text("utf-8"))
    assert page.read_text("utf-8") == pages(RESULT)[page], "write it by: make bench WRITE=1"


def test_the_numbers_that_are_kept_are_of_sizes_that_there_are() -> None:
    assert {size["name"] for size in RESULT["sizes"]} <= set(SIZES)


def test_work_that_grows_as_fast_as_its_size_has_the_exponent_one() -> None:
    assert exponent(0.5, 50, 100) == pytest.approx(1)
    assert exponent(1, 10, 100) == pytest.approx(0.5)


def test_growth_is_told_between_sizes_of_as_many_groups() -> None:
    first = RESULT["sizes"][0]
    own = first["exporters"][THIS]

    def grown(groups: int, partitions: int, seconds: float) -> dict[str, Any]:
        numbers = {**own, "seconds": seconds}
        size = {"groups": groups, "partitions": partitions, "group_partitions": groups * partitions}
        return {**first, **size, "exporters": {THIS: numbers}}

    rows = list(growth({**RESULT, "sizes": [grown(100, 10, 1.0), grown(100, 1000, 10.0), grown(65_000, 3, 9.0)]}))[1:]
    assert [row[:3] for row in rows] == [
        ("100 groups × 10 partitions", "100 groups × 1,000 partitions", "0.50"),
    ]


def test_a_peer_stands_below_this_exporter_with_what_it_needs_of_ours() -> None:
    size = RESULT["sizes"][0]
    own = size["exporters"][THIS]
    peer = {**own, "version": "v2", "seconds": 3 * own["seconds"], "cpu_seconds": 2 * own["cpu_seconds"]}
    _, floor, _, theirs = scrapes({**RESULT, "sizes": [{**size, "exporters": {THIS: own, "kminion": peer}}]})
    assert floor[1] == "the floor"
    assert (theirs[1], theirs[4], theirs[6]) == ("kminion v2", "3.00", "2.00")


def test_what_was_not_measured_is_said_in_the_table() -> None:
    line = "kminion is not measured: there are no sources"
    assert line in as_text({**RESULT, "not_measured": [line]})
