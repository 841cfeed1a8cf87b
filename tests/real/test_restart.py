"""The exporter stopped, or killed, and started again: verdicts go on where they were."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from testbed.behaviours import Behaviour, consumer
from testbed.kafka import Kafka
from testbed.loops import Loop
from testbed.members import ClassicMember
from testbed.processes import wait_until
from testbed.producers import fill, producer
from testbed.scrape import Page, scrape
from testbed.servers import Server

pytestmark = pytest.mark.real

PATIENCE = 90.0
EXPECTED = {Behaviour.HEALTHY: "OK", Behaviour.STALLED: "STALL", Behaviour.STOPPED: "STOP"}


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_the_first_scrape_after_a_restart_has_the_verdicts_of_before(
    kafka: Kafka, start_exporter: Callable[..., Server], unique: Callable[[str], str], tmp_path: Path, how: str
) -> None:
    topic = kafka.create_topic(unique("topic"))
    fill(kafka, topic, 5000)
    groups = {behaviour: unique(behaviour) for behaviour in EXPECTED}
    config = {
        "clusters": {
            "real": {
                "bootstrap_servers": list(kafka.bootstrap_servers),
                "evaluation": {"window": "8s", "patience": "8s", "min_distance": "900ms"},
            }
        },
        "collection": {"min_interval": "0s"},
    }
    folder = tmp_path / "history"
    flag = f"--storage.path={folder}"
    with ExitStack() as stack:
        loops: list[Loop] = [producer(kafka, [topic], rate=50.0, lifetime=PATIENCE)]
        loops += [
            consumer(ClassicMember(kafka, group, topic), behaviour, lifetime=PATIENCE)
            for behaviour, group in groups.items()
        ]
        for loop in loops:
            stack.enter_context(loop)
        first = start_exporter(config, flag)

        def judged(page: Page) -> bool:
            return all(
                page.worst_status(group) == EXPECTED[behaviour]
                and page.value("burrow_kafka_consumer_complete_ratio", consumer_group=group) == 1.0
                for behaviour, group in groups.items()
            )

        wait_until(lambda: judged(scrape(f"{first.url}/metrics")), PATIENCE, "every group to be judged", interval=1.0)
        if how == "killed":

            def written() -> int:
                return max(file.stat().st_mtime_ns for file in folder.glob("*.history.*"))

            before = written()

            def written_again() -> bool:
                assert judged(scrape(f"{first.url}/metrics"))
                return written() > before

            wait_until(written_again, PATIENCE, "the history to be written", interval=1.0)
            first.kill()
        else:
            first.stop()
        second = start_exporter(config, flag)
        assert judged(scrape(f"{second.url}/metrics"))
        without = start_exporter(config)
        page = scrape(f"{without.url}/metrics")
        assert page.value("burrow_kafka_consumer_complete_ratio", consumer_group=groups[Behaviour.STOPPED]) == 0
        for loop in loops:
            loop.ask_to_stop()


def test_without_the_option_nothing_is_written(
    kafka: Kafka, start_exporter: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    server = start_exporter({"clusters": {"real": {"bootstrap_servers": list(kafka.bootstrap_servers)}}})
    scrape(f"{server.url}/metrics")
    written = [file for file in Path(f"/proc/{server.pid}/fd").iterdir() if file.readlink().suffix == ".npz"]
    server.stop()
    assert written == []
    assert list(tmp_path.rglob("*.npz*")) == []
