"""Makes `shop.jsonl.gz` anew: 20 minutes of a real Kafka with consumers that are well, ill, or only look ill.

`python -m examples.shop` writes it beside this file. Names are invented; clients, commits and offsets are real.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from testbed.broker import Cluster
from testbed.kafka import Kafka, Offsets
from testbed.loops import Loop
from testbed.members import ConfluentMember
from testbed.processes import wait_until
from testbed.producers import fill, producer

RECORDING = Path(__file__).with_suffix(".jsonl.gz")

MINUTE = 60.0
LENGTH = 20 * MINUTE
INTERVAL = 15
RATE = 20.0
"""Records a second to each partition of `orders`."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A consumer about to commit: its positions, its last commits, and the seconds since the start."""

    positions: Offsets
    committed: Offsets
    at: float

    def working_off(self, records: float) -> Offsets:
        """That many records of each partition further than the last commit, if they have been read."""
        return {at: min(end, self.committed.get(at, end) + int(records)) for at, end in self.positions.items()}


Behaves = Callable[[Moment], Offsets | None]
"""What a consumer commits; None: it is away."""


def keeps_up(now: Moment) -> Offsets | None:
    """Commits what it has read, at once."""
    return now.positions


def exports(now: Moment) -> Offsets | None:
    """Writes a file every five minutes, and commits when that is closed."""
    return now.positions if now.at % (5 * MINUTE) < 5.0 or not any(now.committed.values()) else now.committed


def is_deployed(now: Moment) -> Offsets | None:
    """Is away for four minutes while its new version is rolled out, then goes on."""
    return None if 6 * MINUTE <= now.at < 10 * MINUTE else now.positions


def crashes(now: Moment) -> Offsets | None:
    """Goes away after eleven minutes, for good."""
    return None if now.at >= 11 * MINUTE else now.positions


def slows_down(now: Moment) -> Offsets | None:
    """Works off three records in four after nine minutes."""
    return now.positions if now.at < 9 * MINUTE else now.working_off(0.75 * RATE)


def reads_again(now: Moment) -> Offsets | None:
    """Is reset to the beginning after thirteen minutes, and works its way back."""
    if now.at < 13 * MINUTE:
        return now.positions
    if now.at < 13 * MINUTE + 5.0:
        return dict.fromkeys(now.positions, 0)
    return now.working_off(8 * RATE)


GROUPS: dict[str, tuple[str, Behaves]] = {
    "billing": ("orders", keeps_up),
    "newsletter": ("campaigns", keeps_up),
    "warehouse-export": ("orders", exports),
    "shipping": ("orders", is_deployed),
    "search-indexer": ("orders", crashes),
    "recommendations": ("orders", slows_down),
    "fraud-check": ("orders", reads_again),
}


def consumer(kafka: Kafka, group: str, topic: str, behaves: Behaves, started: float) -> Loop:
    """A loop that reads, and commits about once a second what it is to commit; to be away it leaves the group."""
    member: ConfluentMember | None = None
    committed: Offsets = {}

    def step() -> bool:
        nonlocal member
        at = time.monotonic() - started
        if behaves(Moment({}, committed, at)) is None:
            if member is not None:
                member.close()
                member = None
            time.sleep(0.5)
            return True
        if member is None:
            member = ConfluentMember(kafka, group, topic)
        member.read(1.0)
        commits = behaves(Moment(member.positions(), committed, at))
        if commits and member.commit(commits):
            committed.update(commits)
        return True

    def close() -> None:
        if member is not None:
            member.close()

    return Loop(group, step, close, LENGTH + 2 * MINUTE)


def play(recording: Path) -> None:
    """Plays it on a Kafka of its own, and records it into a file of JSON Lines."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kafka-burrow-exporter-shop-")))
        kafka = stack.enter_context(Cluster(folder))
        partitions = {"orders": 2, "campaigns": 1}
        for topic, count in partitions.items():
            kafka.create_topic(topic, partitions=count)
        fill(kafka, "orders", 5_000)
        fill(kafka, "campaigns", 300)
        # Before anybody joins: the first commit of all makes Kafka create the topic that commits are kept in.
        for group, (topic, _) in GROUPS.items():
            kafka.commit(group, {(topic, partition): 0 for partition in range(partitions[topic])})
        started = time.monotonic()
        loops = [producer(kafka, ["orders"], rate=RATE, lifetime=LENGTH + 2 * MINUTE)]
        loops += [consumer(kafka, group, topic, behaves, started) for group, (topic, behaves) in GROUPS.items()]
        for loop in loops:
            stack.enter_context(loop)

        def all_are_there() -> bool:
            return all(any(kafka.committed(group).values()) for group in GROUPS)

        wait_until(all_are_there, MINUTE, "every group to have read what is there", interval=1.0)
        command = [sys.executable, "-m", "exporter", "record", "--output", str(recording)]
        servers = f"--kafka.bootstrap-servers={kafka.address(1)}"
        how = [servers, "--kafka.cluster-name=shop", f"--interval={INTERVAL}s", f"--duration={LENGTH:.0f}s"]
        subprocess.run([*command, *how], check=True)  # noqa: S603 - the command is our own
        for loop in loops:
            loop.check()
            loop.ask_to_stop()


def main() -> None:
    """Makes the recording; the file is put in its place only once it is whole."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "shop.jsonl"
        play(lines)
        RECORDING.write_bytes(gzip.compress(lines.read_bytes(), mtime=0))
    print(f"wrote {RECORDING}")


if __name__ == "__main__":
    main()
