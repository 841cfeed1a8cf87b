"""What the pages are shown without a Kafka: clusters with groups that behave in every way, and names of every kind."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from exporter.core.advance import advance
from exporter.core.history import empty
from exporter.core.model import NO_OFFSET, Failure, GroupObservation, Members, Observation, Owner
from exporter.core.report import Outcome, Report
from exporter.settings import Cluster, Sasl, Settings
from tests.support.observations import column, group
from tests.support.outcomes import down

SECRET = "not-to-be-shown"  # noqa: S105
ODD_NAMES = (
    "<script>alert(1)</script>",
    "quotes \"and\" 'these'",
    "a/b%2Fc",
    "two\nlines",
    "größe→數據",
    "..",
    "n" * 240,
    "",
)
SETTINGS = Settings(
    (
        Cluster("production", ("kafka-1.example:9092",), sasl=Sasl("PLAIN", "exporter", SECRET)),
        Cluster("staging", ("kafka-2.example:9092",)),
    )
)
STEP = 30
"""Seconds between two observations."""
STEPS = 12


class Known:
    """A collector that knows what it was given, and counts how often it was asked."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = outcomes
        self.asked = 0

    def latest(self) -> tuple[Outcome, ...]:
        self.asked += 1
        return self.outcomes

    def collect(self, _: float) -> tuple[Outcome, ...]:
        return self.latest()

    def forget(self, *_: str | None) -> None:
        raise AssertionError("nobody asks a page to forget")


def of(found: Report) -> Outcome:
    return Outcome(found.cluster, found, found.failures, up=True, last_read=found.at)


def judged(run: list[Observation]) -> Report:
    """The report on the last observation of a run, with the stages that a collector adds."""
    settings = SETTINGS.clusters[0].evaluation
    history = empty(settings)
    for seen in run:
        history, found = advance(history, seen, settings)
    return replace(found, stages={**found.stages, "judge": 0.0021, "total": 0.0873})


def run(cluster: str, groups: Any, ends: Any, *, until: int | None = None, **more: Any) -> list[Observation]:
    """Observations half a minute apart, the last one at ``until`` (ms), else now; groups and ends are asked by step."""
    last = int(time.time() * 1000) - 4000 if until is None else until
    return [
        Observation(
            cluster,
            last - (STEPS - 1 - step) * STEP * 1000,
            groups(step),
            {topic: column(values) for topic, values in ends(step).items()},
            **more,
        )
        for step in range(STEPS)
    ]


def everything(until: int | None = None) -> Report:
    """A cluster with a group of every status."""
    pace = 400

    def ends(step: int) -> Mapping[str, list[int]]:
        orders = [184_200 + pace * step + 97 * partition for partition in range(6)]
        return {"orders": orders, "payments": [9_120 + 45 * step] * 3, "audit-log": [77_000], "archive": [500, 500]}

    def groups(step: int) -> dict[str, GroupObservation]:
        end = ends(step)
        healthy = [offset - 3 * (step % 3 > 0) for offset in end["orders"]]
        slow = [offset - 60 - 10 * partition - 250 * step for partition, offset in enumerate(end["orders"])]
        gone = min(step, 3)
        return {
            "billing": _group("billing", {"orders": healthy, "payments": end["payments"]}),
            "search-indexer": _group("search-indexer", {"orders": slow}),
            "fraud-detection": _group("fraud", {"payments": [8_700, 8_700, 9_105 + 20 * step]}),
            "mail-sender": group({"payments": ends(gone)["payments"]}, state="Empty"),
            "reporting": _group("reporting", {"orders": [184_000 - 200 * step, *healthy[1:]]}),
            "warehouse": _group("warehouse", {"audit-log": [77_000], "archive": [500, 500]}, without="archive"),
            "catching-up": _group("late", {"audit-log": [60_000 + 900 * step]}),
            "just-created": group({"orders": [NO_OFFSET] * 6}, state="Stable"),
        }

    return judged(
        run(
            "production",
            groups,
            ends,
            until=until,
            start_offsets={
                "orders": column([120_000] * 6),
                "payments": column([8_000] * 3),
                "audit-log": column([61_000]),
                "archive": column([0, 500]),
            },
            other_groups={"share-1": "share"},
            brokers=3,
            requests={"Metadata": 1, "ListGroups": 3, "OffsetFetch": 3, "ListOffsets": 6},
            stages={"metadata": 0.0112, "commits": 0.0317, "end_offsets": 0.0401},
        )
    )


def odd(until: int | None = None) -> Report:
    """A cluster whose groups have the names that are hardest to show."""
    return judged(
        run(
            "staging",
            lambda step: {name: _group("c", {"t": [5 + 20 * step]}) for name in ODD_NAMES},
            lambda step: {"t": [5 + 100 * step], "nobody-reads-this": [0]},
            until=until,
            brokers=1,
            failures=(
                Failure("broker", "2", "timeout"),
                *(Failure("partition", f"t/{id_}", "no_leader") for id_ in range(12)),
            ),
            stages={"metadata": 0.004},
            requests={"Metadata": 1},
        )
    )


def many(count: int, until: int | None = None) -> Report:
    """A cluster of so many groups, every tenth of which stalls once its pace is known."""
    return judged(
        run(
            "production",
            lambda step: {
                f"group-{number:04}": _group("c", {"t": [50 * (min(step, 3) if number % 10 == 0 else step)] * 4})
                for number in range(count)
            },
            lambda step: {"t": [10 + 50 * step] * 4},
            until=until,
            brokers=3,
        )
    )


def some(until: int | None = None) -> Known:
    """A collector that knows one cluster that is read in full and one that is read in part."""
    return Known(of(everything(until)), of(odd(until)))


def half_down(until: int | None = None) -> Known:
    """A collector of which one cluster cannot be read."""
    return Known(of(everything(until)), down("staging", "authentication"))


def _group(client: str, commits: Mapping[str, list[int]], without: str = "") -> GroupObservation:
    owners = {
        topic: {id_: Owner(f"{client}-{id_ % 2 + 1}", f"/10.0.4.{17 + id_}") for id_ in range(len(values))}
        for topic, values in commits.items()
        if topic != without
    }
    return group(commits, type="consumer", protocol="uniform", coordinator=2, members=Members(2, owners))
