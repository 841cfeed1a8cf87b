"""What one scrape showed of the cluster, and the rules that hold for every scrape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from testbed.scrape import Page
from tests.faults.ledger import Ledger
from tests.faults.traffic import BAD, GROUPS, HEALTHY

CLUSTER = "real"
"""The name of the cluster that is watched; others may stand beside it."""

SLACK = 2.0
"""Seconds by which a busy machine may delay what is measured here."""

OK, ERR, REWIND = 1, 3, 6

EXITS = "the exporter never exits"
LATE = "no scrape outlasts the scraper's timeout"
OLD = "no old number is shown as new"
MISSING = "missing data is never OK"
FALSE = "no healthy group is in error"
AGAIN = "right again within two scrapes"
LINES = "one log line per change of state"
FLAT = "memory, threads and descriptors stay flat"
GHOST = "what is deleted is on no page"
REFUSED = "a second exporter on the same folder is refused"
WRITTEN = "the history is written again as soon as that is possible"
NAMED = "the failure is called what it is"
RULES = (EXITS, LATE, OLD, MISSING, FALSE, AGAIN, LINES, FLAT, GHOST, REFUSED, WRITTEN, NAMED)


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that did not hold, and how that showed."""

    rule: str
    how: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the page says of the watched cluster.

    ``age``: how old (s) the page says that its numbers are; ``read_at``: when (seconds since 1970) it says that the
    cluster was last read. None if it says nothing of that.
    """

    up: bool
    age: float | None
    read_at: float | None
    failures: frozenset[tuple[str, str]]
    statuses: dict[str, int]
    rewound: frozenset[str]
    numbers: dict[tuple[str, ...], int]
    elsewhere: frozenset[tuple[str, str, str]] = frozenset()
    """The failures of the clusters beside it: cluster, scope, reason."""

    @property
    def state(self) -> dict[str, object]:
        """Cluster → that of which a change is worth a line in the log."""
        others: dict[str, object] = {
            cluster: frozenset(failure[1:] for failure in self.elsewhere if failure[0] == cluster)
            for cluster, _, _ in self.elsewhere
        }
        return {**others, CLUSTER: (self.up, self.failures)}


@dataclass(frozen=True, slots=True)
class Look:
    """One scrape: when it began (seconds since 1970), how long it took, and what it showed; None: no answer."""

    began: float
    seconds: float
    seen: Seen | None
    error: str = ""
    memory: float = 0.0
    descriptors: float = 0.0
    threads: int = 0
    breaches: list[Breach] = field(default_factory=list)


def seen_on(page: Page) -> Seen:
    """What the page says of the watched cluster."""
    of = {"cluster": CLUSTER}
    numbers: dict[tuple[str, ...], int] = {}
    for sample in page.select("burrow_kafka_topic_partition_offset", **of):
        numbers[sample.labels["topic"], sample.labels["partition"]] = int(sample.value)
    for sample in page.select("burrow_kafka_consumer_current_offset", **of):
        labels = sample.labels
        numbers[labels["consumer_group"], labels["topic"], labels["partition"]] = int(sample.value)
    return Seen(
        up=page.value("burrow_kafka_cluster_up", **of) == 1,
        age=page.value("burrow_exporter_offsets_age_seconds", **of),
        read_at=page.value("burrow_exporter_last_collection_timestamp_seconds", **of),
        failures=frozenset(
            (sample.labels["scope"], sample.labels["reason"])
            for sample in page.select("burrow_exporter_failures", **of)
            if sample.value
        ),
        statuses={
            sample.labels["consumer_group"]: int(sample.value)
            for sample in page.select("burrow_kafka_consumer_status", **of)
        },
        rewound=frozenset(
            sample.labels["consumer_group"]
            for sample in page.select("burrow_kafka_topic_partition_status", **of)
            if sample.value == REWIND
        ),
        numbers=numbers,
        elsewhere=frozenset(
            (sample.labels["cluster"], sample.labels["scope"], sample.labels["reason"])
            for sample in page.select("burrow_exporter_failures")
            if sample.value and sample.labels["cluster"] != CLUSTER
        ),
    )


def whole(seen: Seen | None) -> bool:
    """Whether the page shows everything, whatever the verdicts."""
    return seen is not None and seen.up and not seen.failures and seen.statuses.keys() >= GROUPS


def right(seen: Seen | None) -> bool:
    """Whether the page shows everything as it is."""
    if seen is None or not whole(seen):
        return False
    return all(seen.statuses.get(group) == ERR for group in BAD) and all(
        seen.statuses.get(group, ERR) != ERR for group in HEALTHY
    )


def numbers_breaches(
    seen: Seen, ledger: Ledger, patience: float, read_at: float, clock_ahead: float
) -> Iterator[Breach]:
    """What is wrong with the numbers of a page.

    ``patience``: the scraper's timeout; ``read_at``: when (seconds since 1970) they were read at the earliest, by the
    age that the page gives them; ``clock_ahead``: by how many seconds the exporter's clock is wrong on purpose.
    """
    if not seen.numbers:
        return
    if seen.age is None:
        yield Breach(OLD, "there are numbers and nothing says how old they are")
        return
    if seen.up and seen.age > patience + SLACK:
        yield Breach(OLD, f"up is 1 with numbers {seen.age:.0f} s old")
    if seen.read_at is None or abs(seen.read_at - clock_ahead - read_at) > patience + SLACK:
        yield Breach(
            OLD, f"the cluster was last read at {seen.read_at}, with numbers read at {read_at + clock_ahead:.0f}"
        )
    for place, number in seen.numbers.items():
        if ledger.known(place):
            least = ledger.acknowledged(place, read_at - SLACK / 4)
            if number < least:
                yield Breach(
                    OLD, f"{'/'.join(place)} is {number} where {least} was acknowledged before it is said to be read"
                )
            elif number > ledger.sent(place):
                yield Breach(OLD, f"{'/'.join(place)} is {number}, which never was")


def verdict_breaches(seen: Seen, ledger: Ledger, window: float, read_at: float, *, judged: bool) -> Iterator[Breach]:
    """What is wrong with the verdicts of a page; ``judged``: everything has been judged before."""
    for group in BAD if judged else ():
        if seen.statuses.get(group, ERR) < ERR:
            failing = ", ".join(f"{scope} {reason}" for scope, reason in sorted(seen.failures)) or "nothing"
            yield Breach(MISSING, f"{group}, which is bad, has the status {seen.statuses[group]} ({failing} failing)")
    if seen.up and not seen.failures and (absent := GROUPS - seen.statuses.keys()):
        yield Breach(MISSING, f"{len(absent)} groups are on no page, and no failure says so")
    for group in sorted(seen.rewound):
        yield Breach(FALSE, f"{group} is REWIND")
    for group in HEALTHY:
        if seen.statuses.get(group) == ERR and group not in seen.rewound and _steady(ledger, group, read_at, window):
            yield Breach(FALSE, f"{group} is in error though it commits")


def _steady(ledger: Ledger, group: str, read_at: float, window: float) -> bool:
    """Whether a group has been committing on all its partitions for a window and more."""
    places = [place for place in ledger.places() if place[0] == group and len(place) == 3]
    return all(ledger.steady(place, read_at - 2 * window, read_at, gap=SLACK) for place in places)
