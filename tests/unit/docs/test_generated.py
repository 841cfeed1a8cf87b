"""The documentation says what the program does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from exporter.config import load, reference
from exporter.config.loading import FILE
from exporter.core.evaluation import EvaluationSettings
from exporter.metrics import CATALOGUE
from exporter.metrics.family import Columns, Level
from exporter.schema.section import Each, Key, Section
from exporter.settings import CLUSTER, SETTINGS, Cluster, Groups, Settings
from tests.support.repository import ROOT
from tools.documentation import generated

DOCS = ROOT / "docs"
GENERATED = generated()


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_generated_is_up_to_date(path: Path) -> None:
    assert path.read_text("utf-8") == GENERATED[path], "run: python -m tools.documentation"


def test_the_help_of_the_program_is_in_the_documentation() -> None:
    page = GENERATED[DOCS / "configuration.md"]
    assert "Usage: kafka-burrow-exporter [OPTIONS]" in page
    assert "KBE_WEB_LISTEN_ADDRESS" in page


def test_the_page_on_metrics_counts_the_series_of_a_partition_and_of_a_topic_right() -> None:
    families = Counter(family.level for family in CATALOGUE if isinstance(family, Columns))
    assert families[Level.GROUP_PARTITION] == 5
    assert families[Level.TOPIC_PARTITION] == 3
    assert families[Level.GROUP_TOPIC] == 2
    page = " ".join((DOCS / "metrics.md").read_text("utf-8").split())
    assert "five for each partition of each group and two for each partition of each topic (three if" in page
    assert "two for each topic of each group instead" in page


def test_loading_the_reference_file_gives_exactly_the_defaults() -> None:
    loaded = load(str(DOCS / "config.reference.yml"), environment={})
    assert loaded == Settings(clusters=(Cluster("kafka", ("kafka-1:9092", "kafka-2:9092")),))


def keys(section: Section) -> Iterator[str]:
    for name, part in section.parts.items():
        if isinstance(part, Each) and isinstance(part.part, Section):
            yield from keys(part.part)
        elif isinstance(part, Section):
            yield from keys(part)
        elif isinstance(part, Key):
            yield name


def test_the_reference_file_explains_every_key() -> None:
    lines = [line.strip() for line in reference().splitlines()]
    for name in [*keys(CLUSTER), *keys(SETTINGS)]:
        positions = [index for index, line in enumerate(lines) if re.match(rf"#?(- )?{name}: \S", line)]
        assert positions, name
        assert all(lines[position - 1].startswith("# ") for position in positions), name
    assert {line.strip("#:{} ") for line in reference().splitlines() if re.match(r"#?\w", line)} == set(FILE.parts)


def test_every_key_fills_a_field_and_every_field_has_a_key() -> None:
    filled: dict[type[Any], set[str]] = {}

    def visit(section: Section) -> None:
        fields = {part.into or name if isinstance(part, Key) else name for name, part in section.parts.items()}
        assert isinstance(section.of, type)
        filled.setdefault(section.of, set()).update(fields)
        for part in section.parts.values():
            below = part.part if isinstance(part, Each) else part
            if isinstance(below, Section):
                visit(below)

    for section in (CLUSTER, SETTINGS):
        visit(section)
    filled[Cluster].add("name")
    filled[Settings] |= {"clusters", "evaluation"}
    # The shard is that of the whole exporter.
    filled[Groups].add("shard")
    # These come from the overrides of a cluster's groups.
    filled[EvaluationSettings] |= {"evaluate", "overrides"}
    for dataclass, names in filled.items():
        assert names == {field.name for field in fields(dataclass)}, dataclass.__name__


def test_everything_in_the_reference_file_may_be_uncommented(tmp_path: Path) -> None:
    text = re.sub(r"^( *)#(?=\S)", r"\1", reference(), flags=re.MULTILINE)
    # Of two ways to say one thing the file shows both; files and libraries are not there to be read.
    text = re.sub(r"^ *(\w+_file|mechanism: ).*\n", "", text, flags=re.MULTILINE)
    text = text.replace("    sasl:\n", "    sasl:\n      mechanism: PLAIN\n")
    text = re.sub(r"^ {6}(oauth|kerberos):\n(?: {8}.*\n|\n| {6}#.*\n)*", "", text, flags=re.MULTILINE)
    text = text.replace("      key_password: ${KAFKA_KEY_PASSWORD}\n", "")
    # What concerns a whole group does not go together with topics.
    text = text.replace("          topics: ^orders\\.\n", "")
    path = tmp_path / "kbe.yml"
    path.write_text(text)
    (cluster,) = load(str(path), environment={"KAFKA_PASSWORD": "p", "ZOOKEEPER_PASSWORD": "p"}).clusters
    (override,) = cluster.groups.overrides
    assert override.over(cluster.evaluation) == cluster.evaluation
    assert cluster.tls is not None
    assert cluster.sasl is not None
    assert (cluster.sasl.username, cluster.sasl.password) == ("burrow", "p")


@pytest.mark.parametrize(
    "example",
    re.findall(r"^```yaml\n(.*?)^```", (DOCS / "configuration.md").read_text("utf-8"), re.DOTALL | re.MULTILINE),
)
def test_the_examples_can_be_used(tmp_path: Path, example: str) -> None:
    path = tmp_path / "kbe.yml"
    path.write_text(example)
    assert load(str(path), environment={"KAFKA_PASSWORD": "p", "ZOOKEEPER_PASSWORD": "p"}).clusters
