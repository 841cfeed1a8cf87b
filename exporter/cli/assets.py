"""`assets`: the files that an operator takes, written to a folder."""

from __future__ import annotations

from pathlib import Path

import click

from exporter.cli.command_failures import RunFailed
from exporter.cli.whole_files import write_whole
from exporter.config import reference
from exporter.quoting import quoted
from exporter.shipped import shipped_files

REFERENCE = "config.reference.yml"


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Write also where there is a file already.")
def assets(folder: Path, overwrite: bool) -> None:
    """Write alerts, dashboards, a reference configuration, and files for Compose, Kubernetes and systemd to DIR.

    They are those of this version of the exporter. None is written if one of them is there already.
    """
    files = shipped_files()
    if not files:
        raise RunFailed("this installation holds no such files; take them from the repository")
    texts = {folder / path: text for path, text in {**files, REFERENCE: reference()}.items()}
    write_whole(texts, overwrite=overwrite, mode=0o644)
    click.echo(f"wrote {len(texts)} files to {quoted(str(folder))}", err=True)
