"""Writes the dashboards as JSON into `dashboards/`: `python -m tools.dashboards`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tools.dashboards import FOLDER, group, health, overview, variables


def files(exporter_url: str = variables.EXPORTER_URL) -> dict[str, str]:
    """File name → its text, for each dashboard."""
    made = [part.build(exporter_url) for part in (overview, group, health)]
    return {f"{one['uid']}.json": json.dumps(one, indent=2, ensure_ascii=False) + "\n" for one in made}


def main() -> None:
    """Writes every dashboard."""
    arguments = argparse.ArgumentParser(prog="python -m tools.dashboards", description=__doc__)
    arguments.add_argument(
        "--exporter-url",
        default=variables.EXPORTER_URL,
        help="where browsers reach the exporter's own pages (default: %(default)s)",
    )
    arguments.add_argument(
        "--folder", type=Path, default=FOLDER, help="where to write the files (default: %(default)s)"
    )
    chosen = arguments.parse_args()
    for name, text in files(chosen.exporter_url).items():
        (chosen.folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
