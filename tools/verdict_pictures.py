"""Draws how each status is reached: `docs/images/verdict-*.svg`, from recorded consumers and the verdicts on them.

Four are groups of `examples/shop.jsonl.gz`, recorded from a real Kafka; one is a trace of `tests/accuracy/data/`. The
upper graph of a picture shows offsets, the lower what the verdict goes by, the strip the verdict itself.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np

from exporter.cli.replay import reports
from exporter.core.evaluation import EvaluationSettings
from exporter.core.model import GroupObservation, Observation, Status
from exporter.core.reasons import Reason
from exporter.core.report import Report
from exporter.recording import read
from exporter.web.pages.words import sentence
from exporter.wording import duration, explanation

ROOT: Final = Path(__file__).resolve().parent.parent
SHOP: Final = ROOT / "examples" / "shop.jsonl.gz"
RHYTHM: Final = ROOT / "tests" / "accuracy" / "data" / "rhythm.jsonl.gz"

WIDTH, LEFT, RIGHT = 760, 16, 744
OFFSETS, BASIS, STRIP, FOOT = (34, 136), (172, 236), (248, 268), 286
"""Top and bottom of the two graphs and of the strip, and where the times are written."""

COLOURS: Final = {
    Status.OK: "#2f7d46",
    Status.WARN: "#9a6200",
    Status.STOP: "#a8201a",
    Status.STALL: "#a8201a",
    Status.REWIND: "#a8201a",
}


@dataclass(frozen=True, slots=True)
class Look:
    """One observation of a partition, and the verdict on it; ``at`` in minutes since the picture begins."""

    at: float
    end: int
    committed: int
    status: Status
    lag_seconds: float
    reason: Reason


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn: ``looks`` reads all of them, ``first`` and ``last`` (min) say which are shown.

    ``basis``: what the verdict goes by, silence or lag in seconds.
    """

    status: Status
    title: str
    looks: Callable[[], Sequence[Look]]
    first: float
    last: float
    basis: str


def _shop(group: str) -> Callable[[], Sequence[Look]]:
    return lambda: _looks(_shop_reports(), group)


def _trace(number: int) -> Callable[[], Sequence[Look]]:
    return lambda: _looks(_judged(_observations(number)), "g")


@cache
def _shop_reports() -> Sequence[Report]:
    return tuple(_judged(seen for _, seen in read(gzip.decompress(SHOP.read_bytes()).splitlines())))


def _judged(observations: Iterable[Observation]) -> Iterator[Report]:
    """The report on each, by the defaults."""
    return reports(observations, lambda _: EvaluationSettings())


def _observations(number: int) -> Iterator[Observation]:
    """A trace of the accuracy tests as it would be seen every 30 s."""
    with gzip.open(RHYTHM) as lines:
        trace = next(json.loads(line) for position, line in enumerate(lines) if position == number)
    ((start, state, protocol),) = trace["states"]
    for position, (end, committed) in list(enumerate(trace["samples"]))[:: 30 // trace["step"]]:
        at = (start + position * trace["step"]) * 1000
        group = GroupObservation(state, {"t": np.array([committed])}, type="classic", protocol=protocol)
        yield Observation("traces", at, {"g": group}, {"t": np.array([end])})


PICTURES: Final = {
    "ok": Picture(
        Status.OK,
        "OK: an export that commits every five minutes, when a file is full",
        _shop("warehouse-export"),
        0,
        20,
        "silence",
    ),
    "stall": Picture(
        Status.STALL,
        "STALL: a consumer that commits every five minutes, and then no more",
        _trace(34),
        110,
        190,
        "silence",
    ),
    "stop": Picture(Status.STOP, "STOP: a consumer that crashes", _shop("search-indexer"), 4, 20, "silence"),
    "warn": Picture(
        Status.WARN, "WARN: a consumer that is slower than its producer", _shop("recommendations"), 4, 20, "lag"
    ),
    "rewind": Picture(
        Status.REWIND, "REWIND: a group that is reset to the beginning", _shop("fraud-check"), 8, 20, "lag"
    ),
}


def pictures() -> dict[Path, str]:
    """Path → picture, for each status of a partition."""
    return {ROOT / "docs" / "images" / f"verdict-{name}.svg": _svg(name) for name in PICTURES}


def told(name: str) -> str:
    """The sentence with which a picture's verdict begins; of one that is OK all the time, that of the last silence."""
    status = PICTURES[name].status
    found = [explanation(look.reason) for look in shown(name) if look.status is status]
    return found[-1] if status is Status.OK else found[0]


def markdown(name: str) -> str:
    """A picture and its sentence, for a page in `docs/`."""
    return f"![{PICTURES[name].title}](images/verdict-{name}.svg)\n\n*{sentence(told(name))}.*"


@cache
def shown(name: str) -> Sequence[Look]:
    """The observations that a picture shows."""
    picture = PICTURES[name]
    return [look for look in picture.looks() if picture.first <= look.at <= picture.last]


def _looks(of: Iterable[Report], group: str) -> Sequence[Look]:
    """The first partition of the group in each report."""
    looks: list[Look] = []
    start: int | None = None
    for report in of:
        start = report.at if start is None else start
        one = next(report.partitions(report.groups[group]))
        if one.readable:
            at, lag, reason = (report.at - start) / 60_000, one.lag_seconds, one.reason()
            looks.append(Look(at, one.end, one.committed, one.status, lag, reason))
    return looks


def _svg(name: str) -> str:
    picture, looks = PICTURES[name], shown(name)
    first, last = looks[0].at, looks[-1].at

    def x(at: float) -> float:
        return LEFT + (RIGHT - LEFT) * (at - first) / (last - first)

    low = min(min(look.committed, look.end) for look in looks)
    high = max(max(look.committed, look.end) for look in looks)

    def offset(value: int) -> float:
        return OFFSETS[1] - (OFFSETS[1] - OFFSETS[0]) * (value - low) / (high - low)

    ends = _points((x(look.at), offset(look.end)) for look in looks)
    commits = _points((x(look.at), offset(look.committed)) for look in looks)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {FOOT + 8}" role="img"',
        f' width="{WIDTH}" height="{FOOT + 8}" font-family="system-ui, sans-serif" font-size="12">',
        f"<title>{escape(picture.title)}</title>",
        f"<desc>{escape(told(name))}</desc>",
        f'<rect width="{WIDTH}" height="{FOOT + 8}" fill="#ffffff"/>',
        _key(LEFT, OFFSETS[0] - 14, (("end offset", "#6b7582", ""), ("committed offset", "#0b63b8", ""))),
        f'<polyline points="{ends}" fill="none" stroke="#6b7582" stroke-width="1.5"/>',
        f'<polyline points="{commits}" fill="none" stroke="#0b63b8" stroke-width="2"/>',
        *_basis(picture, looks, x),
        *_strip(looks, x),
        *_times(first, last, x),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _basis(picture: Picture, looks: Sequence[Look], x: Callable[[float], float]) -> Iterator[str]:
    """The lower graph: silence against what is tolerated, or lag in seconds."""
    silence = picture.basis == "silence"
    values = [look.reason.silence if silence else look.lag_seconds for look in looks]
    # What is tolerated is drawn as far as it fits.
    most = 1.15 * max(*values, min(look.reason.tolerated_silence for look in looks) if silence else 0.0)
    top, bottom = BASIS

    def y(value: float) -> float:
        return bottom - (bottom - top) * min(value / most, 1.0)

    surface = [(x(looks[0].at), bottom), *((x(look.at), y(value)) for look, value in zip(looks, values, strict=True))]
    surface.append((x(looks[-1].at), bottom))
    drawn = (f"{'silence' if silence else 'lag in seconds'}, at most {duration(max(values))}", "#e0a04a", "")
    yield _key(LEFT, top - 14, (drawn, ("tolerated silence", "#a8201a", "5 3")) if silence else (drawn,))
    yield f'<polygon points="{_points(surface)}" fill="#f3c98b" stroke="#c9791a" stroke-width="1"/>'
    if silence:
        for within, run in groupby(looks, key=lambda look: look.reason.tolerated_silence <= most):
            points = [(x(look.at), y(look.reason.tolerated_silence)) for look in run]
            if within and len(points) > 1:
                yield (
                    f'<polyline points="{_points(points)}" fill="none" stroke="#a8201a" stroke-width="1.5"'
                    ' stroke-dasharray="5 3"/>'
                )


def _strip(looks: Sequence[Look], x: Callable[[float], float]) -> Iterator[str]:
    """The verdicts: each holds until the next observation."""
    top, bottom = STRIP
    position = 0
    for status, run in groupby(looks, key=lambda look: look.status):
        count = len(list(run))
        began, ended = x(looks[position].at), x(looks[min(position + count, len(looks) - 1)].at)
        position += count
        yield (
            f'<rect x="{began:.1f}" y="{top}" width="{ended - began:.1f}" height="{bottom - top}"'
            f' fill="{COLOURS[status]}"/>'
        )
        if ended - began > 60:
            middle = (began + ended) / 2
            yield f'<text x="{middle:.1f}" y="{bottom - 6}" text-anchor="middle" fill="#ffffff">{status.name}</text>'


def _times(first: float, last: float, x: Callable[[float], float]) -> Iterator[str]:
    """Minutes since the recording began."""
    step = 10 if last - first > 40 else 2
    at = -(-first // step) * step
    while at <= last:
        anchor = "start" if x(at) < LEFT + 20 else "end" if x(at) > RIGHT - 20 else "middle"
        yield f'<text x="{x(at):.1f}" y="{FOOT}" text-anchor="{anchor}" fill="#57606a">{at:.0f} min</text>'
        at += step


def _key(left: int, y: int, entries: Sequence[tuple[str, str, str]]) -> str:
    """What the lines of a graph are."""
    parts = []
    for text, colour, dashes in entries:
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        parts.append(f'<path d="M{left} {y}h18" stroke="{colour}" stroke-width="3"{dashed}/>')
        parts.append(f'<text x="{left + 24}" y="{y + 4}" fill="#1b1f24">{text}</text>')
        left += 40 + 7 * len(text)
    return "".join(parts)


def _points(points: Iterator[tuple[float, float]] | Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
