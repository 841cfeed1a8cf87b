"""Writes what the documentation shows of the program from the program itself.

`python docs/generate.py` fills `config.reference.yml` and, in the README and the pages here, each block between
``<!-- generated: help COMMAND -->`` and ``<!-- end -->``. A test fails where a page says something else.
"""

from __future__ import annotations

import re
from pathlib import Path

import click

from exporter.cli import commands
from exporter.config import reference

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(?P<head><!-- generated: help ?(?P<command>[a-z-]*) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)


def generated() -> dict[Path, str]:
    """Path → what the file should hold, for every file with something generated in it."""
    pages = {
        page: page.read_text("utf-8")
        for page in (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")))
        if page.exists()
    }
    filled = {page: BLOCK.sub(_block, text) for page, text in pages.items() if BLOCK.search(text)}
    return {ROOT / "docs" / "config.reference.yml": reference(), **filled}


def _block(match: re.Match[str]) -> str:
    return f"{match['head']}```\n{help_of(match['command'])}\n```\n{match['end']}"


def help_of(name: str) -> str:
    """What `--help` prints, 100 columns wide."""
    top = click.Context(commands, info_name="kafka-burrow-exporter", terminal_width=100, **commands.context_settings)
    if not name:
        return commands.get_help(top)
    command = commands.get_command(top, name)
    if command is None:
        raise LookupError(f"no command {name}")
    settings = {**commands.context_settings, **command.context_settings}
    return command.get_help(click.Context(command, parent=top, info_name=name, terminal_width=100, **settings))


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, "utf-8")
