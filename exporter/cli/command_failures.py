"""How a command fails: one clear line, no traceback."""

from __future__ import annotations

import os
import sys
from typing import IO, Any

import click

from exporter.quoting import one_line
from exporter.schema import ConfigError


class BadArguments(click.ClickException):
    """The command line is wrong: exit code 2."""

    exit_code = 2

    @classmethod
    def of(cls, error: click.UsageError) -> BadArguments:
        """Click's message on one line, with a reference to the help."""
        command = error.ctx.command_path if error.ctx is not None else "kafka-burrow-exporter"
        message = " ".join(error.format_message().split()).rstrip(".")
        return cls(f"{command}: {message} (see {command} --help)")

    def show(self, file: IO[Any] | None = None) -> None:
        """Prints the message to standard error."""
        click.echo(one_line(self.message), err=True, file=file)


class BadConfiguration(click.ClickException):
    """The configuration is wrong: exit code 2, a line for each mistake."""

    exit_code = 2

    def __init__(self, error: ConfigError) -> None:
        super().__init__(str(error))
        self.mistakes = error.mistakes

    def show(self, file: IO[Any] | None = None) -> None:
        """Prints every mistake to standard error."""
        for mistake in self.mistakes:
            click.echo(str(mistake), err=True, file=file)


class RunFailed(click.ClickException):
    """A failure at run time (the port is taken, Kafka does not answer): exit code 1."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Prints the message to standard error."""
        click.echo(f"kafka-burrow-exporter: {one_line(self.message)}", err=True, file=file)


def discard_output() -> None:
    """Discards all further output, after some could not be written.

    What is still buffered would be written again when the interpreter exits, and fail again.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
