"""What the documentation tells of tests that take long is what pytest has written of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.recorded_tests import read, table, written

RUN = """<testsuites><testsuite time="61.5">
<testcase name="test_all_is_well[4.4.0]"/>
<testcase name="test_something_fails"><failure>why</failure></testcase>
<testcase name="test_a_fixture_fails"/><testcase name="test_a_fixture_fails"><error>why</error></testcase>
<testcase name="test_nothing_is_run"><skipped/></testcase>
</testsuite></testsuites>"""


def test_each_test_is_a_row_and_what_failed_stays_visible(tmp_path: Path) -> None:
    file = tmp_path / "run.xml"
    file.write_text(RUN)
    run = read(file)
    assert run.outcomes == {
        "all is well (4.4.0)": "passed",
        "something fails": "**failed**",
        "a fixture fails": "**failed**",
        "nothing is run": "not run",
    }
    lines = table({"one": run}, "2026-01-01").splitlines()
    assert lines[2] == "| test | one |"
    assert lines[-1] == "| all of them, in seconds | 62 |"


def test_only_the_named_block_of_a_page_is_written() -> None:
    page = "a\n<!-- recorded: x -->\nold\n<!-- end -->\nb\n"
    assert written(page, "x", "new") == "a\n<!-- recorded: x -->\nnew\n<!-- end -->\nb\n"
    with pytest.raises(ValueError, match="no block"):
        written(page, "y", "new")
