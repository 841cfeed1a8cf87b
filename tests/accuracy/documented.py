"""The figures in the documentation: in each block between ``<!-- accuracy: KIND -->`` and ``<!-- end -->``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tests.accuracy.sets import Scores
from tests.accuracy.table import as_markdown, blocks, summary
from tests.support.repository import ROOT

PAGES = (ROOT / "README.md", ROOT / "docs" / "accuracy.md")

BLOCK = re.compile(
    r"(?P<head><!-- accuracy: (?P<kind>table|summary) -->\n).*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def documented(scores: Mapping[str, Mapping[str, Scores]]) -> dict[Path, str]:
    """Page → what it should hold."""
    made = {
        "table": "\n\n".join(f"**{block.title}**\n\n{as_markdown(block)}" for block in blocks(scores)),
        "summary": summary(scores),
    }
    return {
        page: BLOCK.sub(lambda block: f"{block['head']}{made[block['kind']]}\n{block['end']}", page.read_text("utf-8"))
        for page in PAGES
    }
