"""docs/architecture.md leaves no room out, and its picture shows the contracts as they are."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.repository import ROOT
from tools.floors import WIDTH, contracts, floors, picture, purpose

TEXT = (ROOT / "docs" / "architecture.md").read_text("utf-8")
SETUP = """
[importlinter]
root_packages =
    p

[importlinter:contract:floors]
name = Down only
type = layers
layers =
    p.top
    p.left | p.right

[importlinter:contract:pure]
name = Pure
type = forbidden
"""


def test_a_committed_offset_is_followed_in_ten_steps_each_of_which_names_a_file() -> None:
    way = TEXT.partition("## The way of a committed offset\n")[2].partition("\n## ")[0]
    steps = re.split(r"^\d+\. ", way.partition("\n\nAfter the response")[0], flags=re.MULTILINE)[1:]
    assert len(steps) == 10
    assert [step for step in steps if "`exporter/" not in step] == []


def test_every_room_of_the_package_has_its_floor() -> None:
    there = {
        path.stem for path in (ROOT / "exporter").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert sorted(room for row in floors("floors") for room in row) == sorted(there - {"__init__", "__main__"})


def test_every_folder_of_the_unit_tests_is_a_room_or_is_explained() -> None:
    folders = {path.name for path in (ROOT / "tests/unit").iterdir() if (path / "__init__.py").exists()}
    rooms = {room for row in floors("floors") for room in row}
    assert [name for name in folders - rooms if f"`tests/unit/{name}/`" not in TEXT] == []


def test_the_floors_are_those_of_the_contract(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").write_text(SETUP)
    assert floors("floors", tmp_path / "setup.cfg") == [["top"], ["left", "right"]]
    assert contracts(tmp_path / "setup.cfg") == ["Down only", "Pure"]


def test_the_walls_of_two_floors_meet() -> None:
    top, first, between, second, bottom = picture([["top"], ["left", "right"]]).splitlines()
    assert first == "│ top" + " " * (WIDTH - 4) + "│"
    wall = second.index("│", 1)
    assert second[:6] == "│ left"
    assert second[wall : wall + 7] == "│ right"
    assert (top[wall], between[wall], bottom[wall]) == ("─", "┬", "┴")
    assert {len(line) for line in (top, first, between, second, bottom)} == {WIDTH + 2}


def test_every_room_says_in_a_sentence_what_it_is() -> None:
    assert [room for row in floors("floors") for room in row if len(purpose(room)) < 20] == []


def test_readers_of_the_readme_and_contributors_are_led_to_it() -> None:
    for name in ("README.md", "CONTRIBUTING.md"):
        assert "(docs/architecture.md)" in (ROOT / name).read_text("utf-8"), name
