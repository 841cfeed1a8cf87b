"""The recipes: what is in them can be read, and the metrics they ask for exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import promql_parser
import pytest
import yaml

from exporter.config import load
from exporter.metrics.catalogue import CATALOGUE
from tests.support.certificates import Authority
from tests.support.repository import ROOT

PAGES = sorted((ROOT / "docs/recipes").glob("*.md"))
FAMILIES = {family.name for family in CATALOGUE}


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_can_be_read(page: Path) -> None:
    for text in blocks(page, "yaml"):
        assert yaml.safe_load(text)
    for text in blocks(page, "json"):
        assert json.loads(text)


def test_the_queries_parse_and_ask_for_metrics_that_exist() -> None:
    page = ROOT / "docs/recipes/autoscaling.md"
    (scaled,) = [text for text in blocks(page, "yaml") if "ScaledObject" in text]
    queries = [*blocks(page, "promql"), yaml.safe_load(scaled)["spec"]["triggers"][0]["metadata"]["query"]]
    assert len(queries) == 3
    for query in queries:
        promql_parser.parse(query)
        assert set(re.findall(r"burrow_\w+", query)) <= FAMILIES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_configurations_in_the_recipes_are_accepted(page: Path, tmp_path: Path) -> None:
    given = [yaml.safe_load(text) for text in blocks(page, "yaml")]
    configurations = [one.get("config", one) for one in given if "clusters" in one.get("config", one)]
    secret, authority = tmp_path / "secret", Authority(tmp_path)
    secret.write_text("secret")
    for number, configuration in enumerate(configurations):
        file = tmp_path / f"{number}.yml"
        # The files that a recipe names are not here.
        text = re.sub(r"/etc/\S+\.crt\b", str(authority.cert), yaml.safe_dump(configuration))
        file.write_text(re.sub(r"/(?:etc|run)/\S+", str(secret), text))
        assert load(str(file), []).clusters
