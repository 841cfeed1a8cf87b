"""What the documents point at is there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.repository import ROOT

DOCUMENTS = subprocess.run(
    ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split()
NAMED = re.compile(r"`((?:alerts|dashboards|deploy|docs|examples|exporter|testbed|tests|tools)/[\w./*-]*[\w/])`")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(#[^)\s]+)?\)")


def anchors(document: Path) -> set[str]:
    """The addresses of a document's headings, as they are made from their text."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    plain = [re.sub(r"[`*_]|\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    document = ROOT / name
    for path, anchor in LINK.findall(document.read_text(encoding="utf-8")):
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"{name} points at {path}"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{name} points at {path}{anchor}"


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "CHANGELOG.md"])
def test_every_file_that_is_named_is_there(name: str) -> None:
    named = NAMED.findall((ROOT / name).read_text(encoding="utf-8"))
    assert [path for path in named if not any(ROOT.glob(path))] == []


def test_the_two_commands_are_what_the_readme_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (commands,) = re.findall(r"## Two commands.*?```sh\n(.*?)```", readme, flags=re.DOTALL)
    targets = [line.split("#")[0].strip() for line in commands.splitlines()]
    assert targets == ["make demo", "make test"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(rf"^{target.split()[1]}:", makefile, flags=re.MULTILINE) for target in targets)
    assert re.search(r"^exec make test\b", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize(
    "heading",
    [
        "Two commands",
        "Install",
        "Configure",
        "Metrics",
        "How the verdicts are reached",
        "Compared with Burrow and others",
    ],
)
def test_the_readme_has_its_parts_in_order(heading: str) -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert heading in headings
    parts = ["Two commands", "Install", "Configure", "Metrics", "How the verdicts are reached"]
    assert [part for part in headings if part in parts] == parts
