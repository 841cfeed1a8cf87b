"""The documentation names the metrics there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.metrics import CATALOGUE
from exporter.metrics.__main__ import renewed

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_table_of_metrics_is_that_of_the_catalogue() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert renewed(document) == document, "run: python -m exporter.metrics docs/metrics.md"
    for family in CATALOGUE:
        assert f"| `{family.name}` |" in document


def test_a_document_without_a_place_for_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for the table"):
        renewed("# Metrics\n")
