"""View → HTML, by the templates beside this file; and the files that the pages bring with them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from exporter import __version__
from exporter.quoting import one_line

_HERE: Final = Path(__file__).parent

_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that a page brings with it."""

    content: bytes
    media_type: str


ASSETS: Final = {
    file.name: Asset(file.read_bytes(), _TYPES[file.suffix])
    for file in sorted((_HERE / "assets").iterdir())
    if file.suffix in _TYPES
}

_DIGEST: Final = hashlib.sha256(b"".join(asset.content for asset in ASSETS.values())).hexdigest()[:12]
"""Changes when a file does, so that browsers may keep the files for ever."""


def environment() -> Environment:
    """The templates, everything escaped. ``name`` shows what would not print."""
    templates = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    templates.filters["name"] = one_line
    templates.filters["number"] = _number
    templates.globals.update(version=__version__, digest=_DIGEST)
    return templates


def _number(value: Any) -> str:
    return f"{value:,}"
