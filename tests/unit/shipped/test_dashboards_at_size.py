"""The measuring of the dashboards at size, as far as that takes no server."""

import subprocess

import pytest

from tools.dashboards.at_size.__main__ import table
from tools.dashboards.at_size.asking import Answer
from tools.dashboards.at_size.fleet import SCRAPE, Fleet
from tools.dashboards.checks.board import boards
from tools.dashboards.checks.query_rules import selectors

FLEET = Fleet(groups=10, partitions=3, start=0, end=2 * SCRAPE)
# What few series tell of however many groups there are.
SMALL = ("burrow_exporter_", "burrow_kafka_cluster_", "process_")
# Recorded from what is there; and what exists where the exporter shows no partitions.
NOT_SCRAPED = {
    "topic:burrow_produced:deriv5m",
    "consumer_group_topic:burrow_consumed:deriv5m",
    "burrow_kafka_consumer_topic_status",
    "burrow_kafka_consumer_topic_lag",
}


def test_prometheus_reads_the_made_up_fleet(tmp_path):
    text = tmp_path / "fleet.txt"
    text.write_text("".join(FLEET.text()), encoding="utf-8")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", text, tmp_path / "data"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list((tmp_path / "data").glob("*/meta.json"))


@pytest.mark.parametrize(
    ("metric", "series"),
    [
        ("burrow_kafka_consumer_status", 10),
        ("burrow_kafka_topic_partition_status", 30),
        ("burrow_kafka_topic_partition_offset", 6),
        ("ALERTS", 2),
    ],
)
def test_the_fleet_is_as_large_as_it_says(metric, series):
    heads = {line.rsplit(" ", 2)[0] for lines in FLEET.text() for line in lines.splitlines()}
    assert sum(head.startswith(f"{metric}{{") for head in heads) == series


def test_the_fleet_has_every_metric_that_the_dashboards_ask_many_series_of():
    there = {lines.partition("{")[0] for lines in FLEET.text()}
    asked = {selector.name for board in boards() for query in board.queries() for selector, _ in selectors(query.expr)}
    assert {name for name in asked - there if not name.startswith(SMALL)} == NOT_SCRAPED


def test_the_page_tells_of_the_slowest_panels_and_of_all_together():
    answers = [Answer("Overview", name, float(seconds), seconds, 1) for seconds, name in enumerate("abcde")]
    text = table(answers, FLEET, "2026-01-31")
    assert "Recorded on 2026-01-31: 10 groups × 3 partitions" in text
    shown = [line.split(" | ")[1] for line in text.splitlines() if line.startswith("| Overview")]
    assert shown == ["e", "d", "c", "all 5, one after the other"]
    assert "| 10.00 |" in text
