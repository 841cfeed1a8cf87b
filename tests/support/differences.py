"""The differences from Burrow that the documentation owns up to."""

from __future__ import annotations

import re

from tests.support.repository import ROOT

PAGE = ROOT / "docs" / "burrow-compatibility.md"


def documented() -> set[str]:
    """The names in the first column of the tables."""
    return set(re.findall(r"^\| `([a-z-]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
