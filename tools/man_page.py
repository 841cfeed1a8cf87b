"""The manual page, made from the help of the program and its commands."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from exporter import __version__
from exporter.cli import COMMANDS, DEFAULT, commands

PROGRAM = "kafka-burrow-exporter"
SUMMARY = "judge Kafka consumer groups by Burrow's rules, for Prometheus"


def man_page() -> str:
    """`kafka-burrow-exporter(1)`, in the macros of man(7)."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f'.TH KAFKA\\-BURROW\\-EXPORTER 1 "" "{PROGRAM} {_escaped(__version__)}" "User Commands"'
    yield ".nh"  # no name of a variable is broken
    yield from (".SH NAME", f"{_escaped(PROGRAM)} \\- {_escaped(SUMMARY)}")
    yield ".SH SYNOPSIS"
    for name in COMMANDS:
        context = _context(name)
        pieces = " ".join(context.command.collect_usage_pieces(context))
        words = f"[{name}]" if name == DEFAULT else name
        yield from (".br", f".B {_escaped(PROGRAM)} {_escaped(f'{words} {pieces}')}")
    yield ".SH DESCRIPTION"
    yield from _paragraphs(commands.help or "")
    for name in COMMANDS:
        context = _context(name)
        yield f'.SH "{_escaped(name.upper())}"'
        yield from _paragraphs(context.command.help or "")
        for parameter in context.command.get_params(context):
            if (record := parameter.get_help_record(context)) is not None:
                yield from (".TP", f".B {_escaped(record[0])}", _text(record[1]))
    yield ".SH EXIT STATUS"
    yield from (".TP", ".B 0", "Success, also after SIGTERM and SIGINT.")
    yield from (".TP", ".B 1", "A failure at run time, for example if the port is taken.")
    yield from (".TP", ".B 2", "A mistake in the arguments or in the configuration.")


def _context(name: str) -> click.Context:
    top = click.Context(commands, info_name=PROGRAM, **commands.context_settings)
    command = commands.get_command(top, name)
    if command is None:
        raise LookupError(f"no command {name}")
    settings = {**commands.context_settings, **command.context_settings}
    return click.Context(command, parent=top, info_name=name, **settings)


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        yield from (".PP", _text(paragraph))


def _text(text: str) -> str:
    """Running text on one line; what stands in backticks is bold."""
    return re.sub(r"`([^`]+)`", r"\\fB\1\\fR", _escaped(" ".join(text.split())))


def _escaped(text: str) -> str:
    """Text that groff prints as it is: no hyphen becomes a dash, and no line is taken for a macro."""
    return re.sub(r"^([.'])", r"\\&\1", text.replace("\\", r"\e").replace("-", r"\-"))
