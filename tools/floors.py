"""The floors of the package, drawn from the import contracts in setup.cfg.

A contract of type `layers` lists the floors from the top down. What a room is for is the first sentence of its own
docstring.
"""

from __future__ import annotations

import ast
import configparser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SETUP = ROOT / "setup.cfg"
WIDTH = 96
"""The width of the picture in characters, borders not counted."""


def floors(contract: str, setup: Path = SETUP) -> list[list[str]]:
    """The names of the rooms on each floor of a contract, from the top down, without the package's own name."""
    config = _read(setup)
    package = config["importlinter"]["root_packages"].split()[0]
    layers = config[f"importlinter:contract:{contract}"]["layers"]
    return [
        [room.strip().removeprefix(f"{package}.") for room in line.split("|")]
        for line in layers.splitlines()
        if line.strip()
    ]


def contracts(setup: Path = SETUP) -> list[str]:
    """The names of all import contracts, as import-linter prints them."""
    config = _read(setup)
    return [config[name]["name"] for name in config.sections() if name.startswith("importlinter:contract:")]


def picture(rows: list[list[str]]) -> str:
    """A box with a line for each floor and, side by side, the rooms on it; for example, two floors:

    ┌─────────────┐
    │ cli         │
    ├──────┬──────┤
    │ core │ logs │
    └──────┴──────┘
    """  # noqa: D415 - the picture ends it
    drawn = []
    above: set[int] = set()
    for number, row in enumerate(rows):
        width = (WIDTH - len(row) + 1) // len(row)
        cells = [f" {room}".ljust(width) for room in row[:-1]]
        cells.append(f" {row[-1]}".ljust(WIDTH - sum(len(cell) + 1 for cell in cells)))
        walls = {sum(len(cell) + 1 for cell in cells[:end]) - 1 for end in range(1, len(cells))}
        drawn += [_floor(above, walls, "┌┐" if number == 0 else "├┤"), "│" + "│".join(cells) + "│"]
        above = walls
    return "\n".join([*drawn, _floor(above, set(), "└┘")])


def purpose(room: str) -> str:
    """The first sentence of the docstring of a room of the package."""
    path = ROOT / "exporter" / room.replace(".", "/")
    module = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(module.read_text("utf-8"))) or ""
    sentence, _, _ = text.partition("\n\n")[0].replace("\n", " ").partition(". ")
    return sentence.rstrip(".") + "."


def _floor(above: set[int], below: set[int], ends: str) -> str:
    crossings = {(True, True): "┼", (True, False): "┴", (False, True): "┬", (False, False): "─"}
    return ends[0] + "".join(crossings[at in above, at in below] for at in range(WIDTH)) + ends[1]


def _read(setup: Path) -> configparser.ConfigParser:
    config = configparser.ConfigParser(interpolation=None)
    config.read(setup, "utf-8")
    return config
