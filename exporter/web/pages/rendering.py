"""View → HTML, by the templates in this package; and the static files of the pages."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import DictLoader, Environment, StrictUndefined

from exporter import __version__
from exporter.quoting import one_line
from exporter.wording import failure_reason

_HERE: Final = Path(__file__).parent

_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file of the pages."""

    content: bytes
    media_type: str


ASSETS: Final = {
    file.name: Asset(file.read_bytes(), _TYPES[file.suffix])
    for file in sorted((_HERE / "assets").iterdir())
    if file.suffix in _TYPES
}

_TEMPLATES: Final = {file.name: file.read_text("utf-8") for file in sorted((_HERE / "templates").glob("*.html"))}
"""Read once, with the static files: later there may be no open file left for it."""

_DIGEST: Final = hashlib.sha256(b"".join(asset.content for asset in ASSETS.values())).hexdigest()[:12]
"""Changes when a file does, so that browsers can cache the files for ever."""


def environment() -> Environment:
    """The template environment, with autoescape. The filter ``name`` makes unprintable characters visible."""
    templates = Environment(
        loader=DictLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    templates.filters["name"] = one_line
    templates.filters["number"] = _number
    templates.filters["failure_reason"] = failure_reason
    templates.globals.update(version=__version__, digest=_DIGEST)
    return templates


def _number(value: Any) -> str:
    return f"{value:,}"
