"""The flags that commands share, and how they become settings."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from exporter import logs
from exporter.cli.command_failures import BadConfiguration
from exporter.config import Flag, Option, load, options
from exporter.schema import ConfigError
from exporter.schema.kinds import BOOLEAN, DIRECTORY, FILE, Kind

C = TypeVar("C", bound=Callable[..., Any])

CONFIG_FILE: Final = "--config.file"

RECORDING: Final = click.Path(exists=True, dir_okay=False, allow_dash=True)
"""The path of a recording; - is standard input."""


def settings_options(
    *, web: bool = False, again: bool = False, clusters_needed: bool = True, logging: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Adds the shared flags to a command, and calls it with the settings from the flags and the file, as ``settings``.

    ``web``: the command also serves. ``again``: it is also given, under that name, a function that loads the settings
    again. ``clusters_needed`` False: it works without a cluster. ``logging`` False: it logs nothing. Ends the
    command with exit code 2 and a line for each mistake in the configuration.
    """
    used = [option for option in options() if web or option.flag.startswith(("--kafka.", "--log."))]

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @click.pass_context
        @functools.wraps(command)
        def with_settings(ctx: click.Context, /, *args: Any, **given: Any) -> Any:
            flags = list(_given(ctx, used, {option.flag: given.pop(name_of(option.flag)) for option in used}))
            read = functools.partial(load, given.pop(name_of(CONFIG_FILE)), flags, clusters_needed=clusters_needed)
            if again:
                given["again"] = read
            try:
                settings = read()
            except ConfigError as error:
                raise BadConfiguration(error) from None
            if logging:
                logs.set_up(settings.log)
            return command(*args, settings=settings, **given)

        decorated: Callable[..., Any] = with_settings
        for option in reversed(used):
            decorated = click_option(
                option.flag, option.kind, option.doc, default=option.default, multiple=option.kind.many is not None
            )(decorated)
        return click_option(CONFIG_FILE, FILE, "Configuration file (YAML).")(decorated)

    return decorate


def click_option(flag: str, kind: Kind, doc: str, *, default: Any = None, **more: Any) -> Callable[[C], C]:
    """The flag of a key, with its environment variable; what is not given stays None."""
    shown = kind.show(default)
    return click.option(
        flag,
        name_of(flag),
        **({"metavar": kind.metavar} if kind is not BOOLEAN else {"is_flag": True, "default": None}),
        help=doc if shown is None or kind is BOOLEAN else f"{doc}  [default: {shown}]",
        envvar=variable(flag),
        show_envvar=True,
        shell_complete=functools.partial(_completions, kind),
        **more,
    )


def _completions(kind: Kind, _: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What a shell offers for the value of a flag: files, folders, or the words that there are."""
    if kind is FILE or kind is DIRECTORY:
        return [CompletionItem(incomplete, type="file" if kind is FILE else "dir")]
    words = kind.metavar.split("|") if "|" in kind.metavar else []
    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def variable(flag: str) -> str:
    """The environment variable that stands for a flag: KBE_WEB_LISTEN_ADDRESS for --web.listen-address."""
    return "KBE_" + name_of(flag).upper()


def name_of(flag: str) -> str:
    """The name of the parameter that a flag becomes: web_listen_address for --web.listen-address."""
    return flag.removeprefix("--").replace(".", "_").replace("-", "_")


def _given(ctx: click.Context, used: Iterable[Option], values: dict[str, Any]) -> Iterator[Flag]:
    """The flags that were given, each with where: on the command line or in the environment."""
    for option in used:
        value = values[option.flag]
        if value is None or value == ():
            continue
        from_environment = ctx.get_parameter_source(name_of(option.flag)) is ParameterSource.ENVIRONMENT
        yield Flag(option.key, _text(option.kind, value), variable(option.flag) if from_environment else option.flag)


def _text(kind: Kind, value: Any) -> str:
    """The value as the configuration file would have it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        # Click has split a variable's value at blanks already, so "a:1, b:2" comes as "a:1," and "b:2".
        return ",".join(part.strip(",") for part in value)
    # A path on the command line is relative to the working directory, not to the directory of --config.file.
    return str(Path.cwd() / value) if kind is FILE and value else str(value)
