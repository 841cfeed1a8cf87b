"""The flags that commands share, and how they become settings."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from exporter import logs
from exporter.cli.failures import BadConfiguration
from exporter.config import ConfigError, Flag, load

Command = Callable[..., Any]

_FILE = ("--config.file", "FILE", "Configuration file (YAML).")
_KAFKA = (
    (
        "--kafka.bootstrap-servers",
        "HOST:PORT,...",
        "Bootstrap servers; may be repeated. Sufficient without a file; with one, they override the cluster's.",
    ),
    (
        "--kafka.cluster-name",
        "NAME",
        "Name of the cluster (default: kafka); with a file, the one cluster in it to use.",
    ),
)
_LOG = (
    ("--log.level", "LEVEL", "Lowest level to log: debug, info, warning or error.  [default: info]"),
    ("--log.format", "FORMAT", "Format of log lines: logfmt or json.  [default: logfmt]"),
)
_WEB = (
    ("--web.listen-address", "[HOST]:PORT", "Address to listen on; without a host, all interfaces.  [default: :8000]"),
    ("--web.telemetry-path", "PATH", "Path of the metrics.  [default: /metrics]"),
    (
        "--web.config.file",
        "FILE",
        "TLS, client certificates, passwords and a rate limit, in the format of Prometheus' exporter-toolkit.",
    ),
    ("--web.enable-lifecycle", "", "Allow POST /-/reload to reload the configuration; SIGHUP always does."),
    ("--storage.path", "DIR", "Directory in which the history survives restarts; without it nothing is written."),
)


def settings_options(
    *, web: bool = False, again: bool = False, clusters_needed: bool = True, logging: bool = True
) -> Callable[[Command], Command]:
    """Adds the shared flags to a command, and calls it with the settings from the flags and the file, as ``settings``.

    ``web``: the command also serves. ``again``: it is also given, under that name, a function that loads the settings
    again. ``clusters_needed`` False: it works without a cluster. ``logging`` False: it logs nothing. Ends the
    command with exit code 2 and a line for each mistake in the configuration.
    """
    shown = (_FILE, *_KAFKA, *(_WEB if web else ()), *_LOG)

    def decorate(command: Command) -> Command:
        @click.pass_context
        @functools.wraps(command)
        def with_settings(ctx: click.Context, /, *args: Any, **given: Any) -> Any:
            flags = list(_flags(ctx, {_name(flag): given.pop(_name(flag)) for flag, _, _ in shown[1:]}))
            read = functools.partial(load, given.pop(_name(_FILE[0])), flags, clusters_needed=clusters_needed)
            if again:
                given["again"] = read
            try:
                settings = read()
            except ConfigError as error:
                raise BadConfiguration(error) from None
            if logging:
                logs.set_up(settings.log)
            return command(*args, settings=settings, **given)

        decorated: Command = with_settings
        for flag, metavar, text in reversed(shown):
            decorated = click.option(
                flag,
                _name(flag),
                **({"metavar": metavar} if metavar else {"is_flag": True, "default": None}),
                help=text,
                envvar=variable(flag),
                show_envvar=True,
                multiple=flag == "--kafka.bootstrap-servers",
            )(decorated)
        return decorated

    return decorate


def variable(flag: str) -> str:
    """The environment variable that stands for a flag: KBE_WEB_LISTEN_ADDRESS for --web.listen-address."""
    return "KBE_" + _name(flag).upper()


def _name(flag: str) -> str:
    return flag.removeprefix("--").replace(".", "_").replace("-", "_")


def _flags(ctx: click.Context, given: dict[str, Any]) -> Iterator[Flag]:
    """The flags that were given, each with where: on the command line or in the environment."""
    for flag, _, _ in (*_KAFKA, *_WEB, *_LOG):
        value = given.get(_name(flag))
        if value is None or value == ():
            continue
        from_environment = ctx.get_parameter_source(_name(flag)) is ParameterSource.ENVIRONMENT
        section, _, name = flag.removeprefix("--").partition(".")
        key = f"{section}.{_name(name)}"
        yield Flag(key, _text(flag, value), variable(flag) if from_environment else flag)


def _text(flag: str, value: Any) -> str:
    """The value as the configuration file would have it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        # Click has split a variable's value at blanks already, so "a:1, b:2" comes as "a:1," and "b:2".
        return ",".join(part.strip(",") for part in value)
    # A path on the command line is relative to the working directory, not to the directory of --config.file.
    return str(Path.cwd() / value) if flag == "--web.config.file" and value else str(value)
