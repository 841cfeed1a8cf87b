"""docs/reliability.md has every row, as a run has recorded it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import documented, result
from tests.faults.looks import OLD, RULES, Breach, Look
from tests.faults.result import recorded, summed_up
from tests.faults.rows import ROWS

PAGE = documented.PAGE.read_text("utf-8")
NAMES = [row.name for _, rows in ROWS for row in rows]


def test_no_two_rows_have_one_name() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_the_page_has_every_row_and_no_other() -> None:
    assert list(documented.documented_rows(PAGE)) == NAMES


def test_what_is_done_in_a_row_is_what_the_page_says() -> None:
    lines = documented.documented_rows(PAGE)
    assert [row.name for _, rows in ROWS for row in rows if f"| {row.done} |" not in lines[row.name]] == []


def test_a_run_replaces_its_own_row_and_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result, "FOLDER", tmp_path)
    assert documented.updated(PAGE) == PAGE
    made = summed_up(
        name=NAMES[0],
        done="something is done",
        timeout=5.0,
        looks=[Look(0.0, 4.2, None, memory=80e6, breaches=[Breach(OLD, "it was old")])],
        again=None,
        lines=["one"],
        starts=0,
        notes=["a note"],
        found=[],
    )
    about = {"date": "2026-01-31", "machine": "a machine", "kafka": "4", "python": "3", "exporter": "0"}
    made.save(about)
    assert recorded(NAMES[0]) == (made, about)
    text = documented.updated(PAGE)
    before, after = documented.documented_rows(PAGE), documented.documented_rows(text)
    assert {name for name in NAMES if before.get(name) != after.get(name)} == {NAMES[0]}
    assert "4.2 of 5 s (1 scrape)" in after[NAMES[0]]
    assert f"**not held**: {OLD} (1 time): it was old; a note (2026-01-31) |" in after[NAMES[0]]
    assert "- machine: a machine" in text


def test_every_rule_of_all_rows_is_explained() -> None:
    explained = PAGE.partition("## The rules\n")[2].partition("\n## ")[0].lower()
    assert [rule for rule in RULES[:8] if rule.partition(",")[0].lower() not in explained] == []
