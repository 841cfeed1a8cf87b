"""The scores as one table: by set and scenario, Burrow's beside ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.accuracy.scoring import Score, total
from tests.accuracy.sets import BURROW, SETS, Scores

BESIDE_BURROW = 3
"""This many of our columns stand beside Burrow's."""

LEGEND = """\
false: of the checks at which nothing was wrong, those with a verdict other than OK (%)
found: incidents with such a verdict before they ended; after: how long after their start (s, the median)
told:  once found, of the checks until the end of the incident those with such a verdict (%, the mean)"""

FIGURES = ("false", "found", "after", "told")
EARLY = ("false",)
UNITS = {"false": " %", "found": "", "after": " s", "told": " %"}

ALL = "all"
"""The name of the last row."""

Row = tuple[tuple[str, ...], ...]
"""For each column its figures; a figure that does not apply is empty."""


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the table: under each heading the same figures, for each scenario and for all of them."""

    title: str
    headings: tuple[str, ...]
    figures: tuple[str, ...]
    rows: Mapping[str, Row]


def blocks(scores: Mapping[str, Mapping[str, Scores]]) -> Iterator[Block]:
    """The parts of the table in their order."""
    for name, by_way in scores.items():
        ways = [way for way in by_way if way != BURROW]
        for start in range(0, len(ways), BESIDE_BURROW):
            headings = (BURROW, *ways[start : start + BESIDE_BURROW])
            yield Block(
                f"{name}, {SETS[name].title}",
                headings,
                FIGURES,
                _rows(by_way, headings, figures_of),
            )
        if any(score.early_checks for score in by_way[BURROW].values()):
            yield Block(
                f"{name}, false in the first 90 minutes, with no history yet",
                tuple(by_way),
                EARLY,
                _rows(by_way, by_way, _early_figures),
            )


def summary(scores: Mapping[str, Mapping[str, Scores]], way: str = "30 s") -> str:
    """All scenarios of each set together, scraped in one way that every set has, for a page."""
    lines = [
        ("", "judged by", "false alarms", "in the first 90 minutes", "incidents found", "median delay", "stayed told"),
        ("---",) * 7,
    ]
    for name, by_way in scores.items():
        for heading, judge, who in (
            (SETS[name].title, BURROW, "Burrow, seeing every commit"),
            ("", way, f"this, scraped every {way}"),
        ):
            score = total(by_way[judge].values())
            false, found, after, told = _cells(figures_of(score, score.incidents), FIGURES)
            (early,) = _cells(_early_figures(score, 0), EARLY) if score.early_checks else ("",)
            lines.append((heading, who, false, early, found.replace("/", " of "), after, told))
    return _table(lines)


def _rows(
    scores: Mapping[str, Scores], ways: Iterable[str], figures: Callable[[Score, int], tuple[str, ...]]
) -> dict[str, Row]:
    burrow, ways = scores[BURROW], tuple(ways)
    rows = {
        scenario: tuple(figures(scores[way][scenario], known.incidents) for way in ways)
        for scenario, known in burrow.items()
    }
    incidents = total(burrow.values()).incidents
    return rows | {ALL: tuple(figures(total(scores[way].values()), incidents) for way in ways)}


def figures_of(score: Score, incidents: int) -> tuple[str, ...]:
    """The figures of a score; of several runs over the same ``incidents`` the mean."""
    false = f"{100 * score.false_alarm_ratio:.2f}"
    if not score.incidents:
        return false, "", "", ""
    found = f"{score.found * incidents / score.incidents:.4g}/{incidents}"
    if score.median_delay is None or score.held_ratio is None:
        return false, found, "", ""
    return false, found, f"{score.median_delay:.0f}", f"{100 * score.held_ratio:.0f}"


def _early_figures(score: Score, _: int) -> tuple[str, ...]:
    return (f"{100 * score.early_alarm_ratio:.2f}",)


def as_text(block: Block) -> str:
    """A part of the table for a terminal."""
    cells = [cell for row in block.rows.values() for cell in row]
    widths = [max(len(figure), *(len(cell[n]) for cell in cells)) for n, figure in enumerate(block.figures)]
    across = max(sum(widths) + len(widths) - 1, *map(len, block.headings))
    names = max(map(len, block.rows))

    def line(name: str, cells: Iterable[str]) -> str:
        return "   ".join((f"{name:{names}}", *(f"{cell:>{across}}" for cell in cells))).rstrip()

    def figures(cell: Sequence[str]) -> str:
        return " ".join(f"{figure:>{width}}" for figure, width in zip(cell, widths, strict=True))

    return "\n".join(
        (
            block.title,
            line("", (f"{heading:^{across}}" for heading in block.headings)),
            line("", (figures(block.figures) for _ in block.headings)),
            *(line(name, map(figures, row)) for name, row in block.rows.items()),
        )
    )


def as_markdown(block: Block) -> str:
    """A part of the table for a page, whose figures carry their units."""
    rows = [
        (name, *(", ".join(filter(None, _cells(figures, block.figures))) for figures in row))
        for name, row in block.rows.items()
    ]
    return _table([("", *block.headings), ("---", *("---:" for _ in block.headings)), *rows])


def _cells(figures: Sequence[str], names: Sequence[str]) -> list[str]:
    return [figure and f"{figure}{UNITS[name]}" for figure, name in zip(figures, names, strict=True)]


def _table(lines: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
