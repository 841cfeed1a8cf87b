"""How a status is written and coloured: one word and one colour each, the same on every panel."""

from __future__ import annotations

from typing import Any

OK, WARN, ERR, STOP, STALL, REWIND = 1, 2, 3, 4, 5, 6

COLOURS = {
    "OK": "green",
    "WARN": "yellow",
    "ERR": "red",
    "STOP": "dark-red",
    "STALL": "orange",
    "REWIND": "purple",
}
GROUP = {OK: "OK", WARN: "WARN", ERR: "ERR"}
PARTITION = {OK: "OK", WARN: "WARN", STOP: "STOP", STALL: "STALL", REWIND: "REWIND"}

Mapping = dict[str, Any]


def words(meaning: dict[int, tuple[str, str]]) -> list[Mapping]:
    """A value mapping: number → (text, colour)."""
    options = {
        str(value): {"text": text, "color": colour, "index": index}
        for index, (value, (text, colour)) in enumerate(meaning.items())
    }
    return [{"type": "value", "options": options}]


def _statuses(names: dict[int, str]) -> list[Mapping]:
    return words({value: (name, COLOURS[name]) for value, name in names.items()})


GROUP_STATUS = _statuses(GROUP)
PARTITION_STATUS = _statuses(PARTITION)
READABLE = words({1: ("readable", "green"), 0: ("not readable", "red")})
SUBSCRIBED = words({1: ("subscribed", "green"), 0: ("no longer subscribed", "orange")})
PRESENT = words({1: ("", "blue")})
BOUND = words({0: ("measured", "text"), 1: ("at least", "orange")})
ANSWERS = words({1: ("answers", "green"), 0: ("does not answer", "red")})
LOADED = words({1: ("loaded", "green"), 0: ("refused: the one before is still used", "red")})
# +Inf, which JSON has no word for: whatever is above a hundred years.
NEVER: list[Mapping] = [
    {"type": "range", "options": {"from": 3_153_600_000, "to": None, "result": {"text": "never", "color": "red"}}}
]
SEVERITY: list[Mapping] = [
    {
        "type": "value",
        "options": {
            name: {"text": name, "color": color, "index": index}
            for index, (name, color) in enumerate((("critical", "red"), ("warning", "orange"), ("info", "blue")))
        },
    }
]
