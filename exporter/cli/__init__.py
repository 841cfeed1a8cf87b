"""The command line: `kafka-burrow-exporter` and its commands.

A command's module is imported when the command runs, so that `--help` and `check-config` load no Kafka and no numpy.
"""

from __future__ import annotations

import importlib
import io
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from exporter import __version__
from exporter.cli.command_failures import BadArguments, RunFailed, discard_output
from exporter.quoting import quoted
from exporter.schema import suggestion

COMMANDS: Final = {
    "serve": "Serve the metrics for Prometheus to scrape (the default).",
    "check-config": "Check a configuration and print every mistake, or the effective settings.",
    "healthcheck": "Ask the exporter on this machine whether it is healthy.",
    "status": "Watch the clusters for a few intervals and print their groups, worst first.",
    "record": "Write observations of the clusters as JSON Lines.",
    "replay": "Judge a recording with the given settings.",
    "convert-config": "Convert a configuration of Burrow's.",
    "assets": "Write alerts, dashboards and deployment files to a folder.",
}
"""Command → help text; each command has a module of the same name."""

DEFAULT: Final = "serve"


class Commands(click.Group):
    """The command group, which runs `serve` if no command is given."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's interface
        """The names, in the order of `--help`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        word = cmd_name.replace("-", "_")
        command: click.Command = getattr(importlib.import_module(f"{__name__}.{word}"), word)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses the arguments, those of `serve` if they do not begin with a command."""
        own = {"--version", *ctx.help_option_names}
        # A shell that completes the first word asks for the commands, too.
        if (not args and not ctx.resilient_parsing) or (args and args[0].startswith("-") and args[0] not in own):
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with; an unknown one fails with a suggestion."""
        if args[0] not in COMMANDS:
            hint = suggestion(args[0], COMMANDS) or f"there are {', '.join(COMMANDS)}"
            ctx.fail(f"no command {quoted(args[0])}; {hint}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What a shell offers for the first word: commands, or the flags of the default one."""
        if not incomplete.startswith("-"):
            return [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        default = self.get_command(ctx, DEFAULT)
        own = super().shell_complete(ctx, incomplete)
        return own if default is None else own + default.shell_complete(ctx, incomplete)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the commands, and the options of the default command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        command = self.get_command(ctx, DEFAULT)
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        parameters = command.get_params(ctx) if command is not None else []
        records = [parameter.get_help_record(ctx) for parameter in parameters if not own & set(parameter.opts)]
        with formatter.section(f"Options of {DEFAULT}, shared by the other commands where they apply"):
            formatter.write_dl([record for record in records if record is not None])
        with formatter.section("Options"):
            formatter.write_dl(
                [record for parameter in self.get_params(ctx) if (record := parameter.get_help_record(ctx)) is not None]
            )

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Click's context; errors in the arguments are reported on one line."""
        with _one_line():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; errors in its arguments or its output are reported on one line."""
        with _one_line():
            return super().invoke(ctx)


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        raise BadArguments.of(error) from error
    except BrokenPipeError:
        discard_output()
        raise click.exceptions.Exit(0) from None  # as `head` has read all it wants
    except OSError as error:
        if error.filename is not None:
            raise  # commands report errors of their files themselves
        discard_output()
        raise RunFailed(f"cannot write to standard output: {(error.strerror or str(error)).lower()}") from error


def _print_version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if value:
        kafka = metadata.version("kafka-python")
        click.echo(f"kafka-burrow-exporter {__version__} (Python {platform.python_version()}, kafka-python {kafka})")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the versions of the exporter, Python and kafka-python, and exit.",
)
def commands() -> None:
    """Judge Kafka consumer groups by Burrow's rules, for Prometheus.

    A flag wins over its environment variable, which wins over the configuration file.
    """


def main(args: Sequence[str] | None = None) -> None:
    """The console script; exits with 0, with 1 for a failure at run time, or with 2 for bad input."""
    if sys.stdout is None:  # closed before the process started
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - it stays open to the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that the terminal's encoding does not have is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    commands.main(args=args, prog_name="kafka-burrow-exporter")
