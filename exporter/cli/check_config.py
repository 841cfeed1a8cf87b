"""`check-config`: every mistake in a configuration, or the effective settings."""

from __future__ import annotations

from collections.abc import Mapping

import click

from exporter.cli.command_failures import BadConfiguration
from exporter.cli.recorded_overrides import Topics, override_lines
from exporter.cli.shared_flags import RECORDING, settings_options
from exporter.config import effective_settings, reference, warnings
from exporter.quoting import quoted
from exporter.schema import ConfigError, as_yaml
from exporter.settings import Settings
from exporter.web import config as web_config


def _print_reference(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if value:
        click.echo(reference(), nl=False)
        ctx.exit()


@click.command("check-config")
@click.option(
    "--reference",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_reference,
    help="Print a reference configuration file that explains every key, and exit.",
)
@click.option(
    "--recording",
    type=RECORDING,
    metavar="FILE|-",
    help="Say which groups of a recording (made by `record`) each override for some groups takes.",
)
@settings_options(web=True, logging=False)
def check_config(settings: Settings, recording: str | None) -> None:
    """Check a configuration and print every mistake, or the effective settings.

    Connects to nothing. Secrets are read but not shown. Exit code 0 if the configuration can be used, else 2.
    """
    if settings.web.config_file is not None:
        try:
            web_config.load(settings.web.config_file)
        except ConfigError as error:
            raise BadConfiguration(error) from None
    names = ", ".join(quoted(cluster.name) for cluster in settings.clusters)
    click.echo(
        f"# ok: {len(settings.clusters)} cluster{'s'[: len(settings.clusters) != 1]}: {names}; effective settings:"
    )
    for line in override_lines(settings, None if recording is None else _recorded(recording)):
        click.echo(f"# {line}")
    click.echo(as_yaml(effective_settings(settings)), nl=False)
    for oddity in warnings(settings):
        click.echo(f"warning: {oddity}", err=True)


def _recorded(recording: str) -> Mapping[str, Topics]:
    """Cluster → the groups in a recording, with their topics."""
    # Only this needs numpy, which takes a while to load.
    from exporter.cli.recordings import recorded_topics  # noqa: PLC0415

    return recorded_topics(recording)
