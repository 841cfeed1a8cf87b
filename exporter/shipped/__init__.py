"""What an operator takes: alerts, dashboards, and files for Compose, Kubernetes and systemd.

In a checkout the folders here are links to those at its top; in an installation they are folders with the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

FILES: Final = (
    "alerts/*.yml",
    "alerts/*/*.yml",
    "alerts/*/*.tmpl",
    "dashboards/*.json",
    "dashboards/*.yaml",
    "dashboards/*/*/*.yaml",
    "deploy/*/*.yml",
    "deploy/*/*.yaml",
    "deploy/kubernetes/*/*.yaml",
    "deploy/compose/secrets/README.md",
    "deploy/systemd/*",
)
"""Which files are shipped: no more than these, because there may be secrets beside them in a checkout."""


def shipped_files() -> Mapping[str, str]:
    """Path → text of every file that is shipped, in order; the paths are those in the repository."""
    here = Path(__file__).parent
    found = sorted({path for pattern in FILES for path in here.glob(pattern) if path.is_file()})
    return {path.relative_to(here).as_posix(): path.read_text("utf-8") for path in found}
