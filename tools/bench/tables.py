"""The numbers as tables: in text, and in the documentation."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tools.bench.machine import ROOT
from tools.bench.measuring import THIS

DATA: Final = ROOT / "docs" / "performance.json"
"""The numbers that the documentation shows."""

PAGES: Final = (ROOT / "docs" / "performance.md",)
BLOCK: Final = re.compile(r"(?P<head><!-- measured: (?P<what>\w+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)

NOTHING: Final = "Not measured in this run."

Result = Mapping[str, Any]
Rows = Sequence[Sequence[str]]

STAGES: Final = ("metadata", "commits", "offsets", "share_groups", "judge", "page")


def as_text(result: Result) -> str:
    """All tables, with their columns aligned."""
    return "\n\n".join(_aligned(rows) for _, make in BLOCKS.items() if len(rows := list(make(result))) > 1)


def written(result: Result) -> dict[Path, str]:
    """Path → what it holds once the documentation shows these numbers."""
    return {DATA: json.dumps(result, indent=1) + "\n", **pages(result)}


def pages(result: Result) -> dict[Path, str]:
    """Path → text of each page that shows numbers."""
    return {page: BLOCK.sub(lambda match: _filled(match, result), page.read_text("utf-8")) for page in PAGES}


def _filled(match: re.Match[str], result: Result) -> str:
    rows = list(BLOCKS[match["what"]](result))
    return f"{match['head']}{markdown(rows) if len(rows) > 1 else NOTHING}\n{match['end']}"


def about(result: Result) -> Iterator[Sequence[str]]:
    """When, how, where and of what."""
    yield "", "what was measured"
    yield "date", result["date"]
    yield "command", f"`{result['command']}`"
    yield (
        "machine",
        ", ".join(f"{value} cores" if name == "cores" else value for name, value in result["machine"].items()),
    )
    yield "versions", ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    if "load_before" in result:
        yield "load before", f"{result['load_before']:.1f} processes that wanted to run, in the minute before"
    for line in result["not_measured"]:
        yield "", line


def scrapes(result: Result) -> Iterator[Sequence[str]]:
    """A row for each exporter at each size, and one for the floor."""
    yield (
        *("size", "exporter", "scrape", "÷ floor", "÷ this", "CPU", "÷ this", "resident", "peak", "series"),
        *("page", "packed", "first page"),
    )
    for size in result["sizes"]:
        floor, own = size["floor"]["seconds"], size["exporters"][THIS]
        yield size_name(size), "the floor", seconds(floor), "1", "", "", "", "", "", "", "", "", ""
        for name, numbers in size["exporters"].items():
            yield (
                "",
                name if name == THIS else f"{name} {numbers['version']}",
                seconds(numbers["seconds"]),
                f"{numbers['seconds'] / floor:.2f}",
                "" if name == THIS else f"{numbers['seconds'] / own['seconds']:.2f}",
                seconds(numbers["cpu_seconds"]),
                "" if name == THIS else f"{numbers['cpu_seconds'] / own['cpu_seconds']:.2f}",
                megabytes(numbers["resident_bytes"]),
                megabytes(numbers["peak_bytes"]),
                f"{numbers['series']:,}",
                megabytes(numbers["page_bytes"]),
                megabytes(numbers["packed_bytes"]),
                seconds(numbers["first_page_seconds"]),
            )


def stages(result: Result) -> Iterator[Sequence[str]]:
    """Where the time of a scrape goes, at each size."""
    yield "size", *STAGES
    for size in result["sizes"]:
        of_one = size["exporters"][THIS]["stages"]
        yield size_name(size), *(seconds(of_one[stage]) for stage in STAGES)


def requests(result: Result) -> Iterator[Sequence[str]]:
    """What is sent to Kafka, at each size."""
    kinds = sorted({kind for size in result["sizes"] for kind in size["exporters"][THIS]["requests"]})
    yield "size", *kinds, "answers"
    for size in result["sizes"]:
        of_one = size["exporters"][THIS]["requests"]
        yield size_name(size), *(str(of_one.get(kind, 0)) for kind in kinds), megabytes(size["floor"]["bytes"])


def at_once(result: Result) -> Iterator[Sequence[str]]:
    """Several scrapers at the same time, at each size."""
    yield "size", "one scraper", "scrapers at once", "each of them", "the slowest", "collections"
    for size in result["sizes"]:
        own, of_many = size["exporters"][THIS], size["scrapers_at_once"]
        yield (
            size_name(size),
            seconds(own["seconds"]),
            str(of_many["scrapers"]),
            seconds(of_many["seconds"]),
            f"{seconds(of_many['slowest_seconds'])} ({of_many['slowest_seconds'] / own['seconds']:.2f} ×)",
            str(of_many["collections"]),
        )


def growth(result: Result) -> Iterator[Sequence[str]]:
    """The exponents by which time, CPU and memory grow from one size to a larger one of as many groups."""
    yield "from", "to", "scrape", "CPU", "resident", "peak"
    sizes = result["sizes"]
    for one in sizes:
        for other in sizes:
            if one["groups"] == other["groups"] and one["partitions"] < other["partitions"]:
                names = ("seconds", "cpu_seconds", "resident_bytes", "peak_bytes")
                pairs = ((one["exporters"][THIS][name], other["exporters"][THIS][name]) for name in names)
                factor = other["group_partitions"] / one["group_partitions"]
                yield size_name(one), size_name(other), *(f"{exponent(*pair, factor):.2f}" for pair in pairs)


def commits(result: Result) -> Iterator[Sequence[str]]:
    """What commits cost that flow between scrapes."""
    yield "commits a second", "reached", "what runs", "CPU seconds a minute", "resident"
    for of_rate in result.get("commits", ()):
        for number, subject in enumerate(of_rate["subjects"]):
            yield (
                "" if number else f"{of_rate['rate']:,}",
                "" if number else f"{of_rate['reached']:,.0f}",
                subject["name"],
                f"{subject['cpu_seconds_per_minute']:.2f}",
                megabytes(subject["resident_bytes"]),
            )


BLOCKS: Final[Mapping[str, Callable[[Result], Iterator[Sequence[str]]]]] = {
    "about": about,
    "scrapes": scrapes,
    "stages": stages,
    "requests": requests,
    "scrapers": at_once,
    "growth": growth,
    "commits": commits,
}
"""The tables by the name of the block that shows them."""


def exponent(one: float, other: float, factor: float) -> float:
    """The power of ``factor``, by which the work has grown, that takes one number to the other."""
    return math.log(other / one) / math.log(factor) if one > 0 and other > 0 else math.nan


def size_name(size: Mapping[str, Any]) -> str:
    """A size in words."""
    return f"{size['groups']:,} groups × {size['partitions']:,} partitions"


def seconds(value: float) -> str:
    """Seconds, or milliseconds below a tenth."""
    return f"{value:.2f} s" if value >= 0.1 else f"{value * 1000:.1f} ms"


def megabytes(value: float) -> str:
    """Bytes in megabytes of a million."""
    return f"{value / 1e6:,.0f} MB" if value >= 1e7 else f"{value / 1e6:,.2f} MB"


def markdown(rows: Rows) -> str:
    """A table in Markdown."""
    head, *rest = rows
    lines = [head, ["---"] * len(head), *rest]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _aligned(rows: Rows) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
