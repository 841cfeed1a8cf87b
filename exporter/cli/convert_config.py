"""`convert-config`: Burrow's configuration as the exporter's, and as Alertmanager's."""

from __future__ import annotations

from pathlib import Path

import click

from exporter.cli.command_failures import BadArguments, BadConfiguration
from exporter.cli.whole_files import write_whole
from exporter.conversion import ALERTMANAGER_FILE, WEB_FILE, Converted, convert
from exporter.quoting import quoted
from exporter.schema import ConfigError
from exporter.schema.document import text_of


@click.command("convert-config")
@click.argument("burrow_toml", metavar="BURROW.TOML", type=click.Path())
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write to this file, which only its owner may read, because there may be passwords in it.  [default:"
    " standard output]",
)
@click.option("--overwrite", is_flag=True, help="Write also where there is a file already.")
def convert_config(burrow_toml: str, output: Path | None, overwrite: bool) -> None:
    """Convert a configuration of Burrow's, and name in comments what has no equivalent, with the reason.

    Beside the file --output, `alertmanager.yml` is written if there are notifiers, and `web.yml` if Burrow's port has
    TLS. `check-config` checks the result.
    """
    try:
        converted = convert(text_of(burrow_toml), burrow_toml)
    except ConfigError as error:
        raise BadConfiguration(error) from None
    if output is None:
        click.echo(converted.exporter, nl=False)
        for name, what in _beside(converted):
            click.echo(f"{name} is needed too, {what}: give --output, and it is written beside that file", err=True)
        return
    others = {output.with_name(name): text for name, text in _texts(converted).items()}
    if output in others:
        raise BadArguments(f"{quoted(str(output))} is the name of a file that is written beside it; choose another")
    # The file that names the others comes last.
    write_whole({**others, output: converted.exporter}, overwrite=overwrite)
    for name, what in _beside(converted):
        click.echo(f"wrote {quoted(str(output.with_name(name)))}, {what}", err=True)


def _texts(converted: Converted) -> dict[str, str]:
    texts = {WEB_FILE: converted.web, ALERTMANAGER_FILE: converted.alertmanager}
    return {name: text for name, text in texts.items() if text is not None}


def _beside(converted: Converted) -> list[tuple[str, str]]:
    what = {WEB_FILE: "for TLS of the port", ALERTMANAGER_FILE: "for the notifiers"}
    return [(name, what[name]) for name in _texts(converted)]
