"""The engine, with keys that only these tests have."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from exporter.name_pattern import NamePattern
from exporter.schema import ConfigError, document
from exporter.schema.inputs import Inputs
from exporter.schema.kinds import BOOLEAN, REGEX, TEXT, choices, duration
from exporter.schema.reading import build, read
from exporter.schema.section import Each, Key, Section, from_key, from_section, section
from exporter.schema.writing import show


@dataclass(frozen=True)
class Override:
    match: NamePattern = field(metadata=from_key(REGEX, "Which groups.", required=True, example="^a"))
    window: float | None = field(default=None, metadata=from_key(duration(), "Length of the window."))
    evaluate: bool = field(default=True, metadata=from_key(BOOLEAN, "Whether they are judged."))


@dataclass(frozen=True)
class Groups:
    overrides: tuple[Override, ...] = field(default=(), metadata=from_section(Each(section(Override))))
    include: tuple[str, ...] = field(default=(), metadata=from_key(choices("family", ("lag", "status"))))
    owners: dict[str, str] | None = field(default=None, metadata=from_section(Each(Key(TEXT), names=TEXT)))


TOP: Section = section(dict, parts={"groups": section(Groups)})


def values(folder: Path, text: str) -> Any:
    file = folder / "file.yml"
    file.write_text(text)
    root, mistakes = document.load(str(file), TOP.parts)
    return build(TOP, read(TOP, root, Inputs(folder, {}), mistakes))


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        values(folder, text)
    return [str(mistake).removeprefix(f"{folder / 'file.yml'}:") for mistake in caught.value.mistakes]


def test_a_list_of_mappings_is_read_in_order_each_over_its_defaults(tmp_path: Path) -> None:
    text = "groups: {overrides: [{match: ^a, window: 5m}, {match: b$, evaluate: no}], include: [lag]}"

    groups = values(tmp_path, text)["groups"]

    assert groups == Groups(
        (Override(NamePattern("^a"), window=300.0), Override(NamePattern("b$"), evaluate=False)), include=("lag",)
    )
    assert show(TOP.parts["groups"], groups) == {
        "overrides": [{"match": "^a", "window": "300s", "evaluate": True}, {"match": "b$", "evaluate": False}],
        "include": ["lag"],
    }


def test_a_mapping_with_free_names_is_read_by_name(tmp_path: Path) -> None:
    groups = values(tmp_path, "groups: {owners: {no: Eve, b: Bob}}")["groups"]

    assert groups.owners == {"no": "Eve", "b": "Bob"}
    assert show(TOP.parts["groups"], groups)["owners"] == {"no": "Eve", "b": "Bob"}


def test_every_mistake_in_a_list_is_told_with_its_index(tmp_path: Path) -> None:
    text = """\
groups:
  overrides:
    - {match: '[', windw: 5m}
    - window: soon
    - b
    -
  include: [lag, stats]
  owners: {' ': Eve}
"""
    expected = """\
3:15: groups.overrides[0].match: "[" is not a regular expression of RE2: missing ]: [
3:20: groups.overrides[0].windw: unknown key; did you mean "window"?
4:7: groups.overrides[1]: match is missing; it is a regular expression; "" is none, as in ^a
4:15: groups.overrides[1].window: "soon" is not a duration; write it as 150s, 2m30s, 900ms, or a number of seconds
5:7: groups.overrides[2]: must be a mapping of keys, not a text
6:6: groups.overrides[3]: is empty; write {} if that is intended, or leave it out
7:18: groups.include[1]: "stats" is no family; did you mean "status"?
8:12: groups.owners." ": is empty
"""
    assert mistakes(tmp_path, text) == expected.splitlines()


def test_what_should_be_a_list_and_is_none_is_told(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "groups: {overrides: {match: a}}") == [
        "1:10: groups.overrides: must be a list, not a mapping"
    ]


def test_a_key_in_the_wrong_place_is_led_to_where_it_belongs(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "evaluate: no") == [
        '1:1: evaluate: unknown key; did you mean "groups.overrides[].evaluate"?'
    ]
