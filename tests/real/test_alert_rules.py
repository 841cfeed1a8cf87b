"""The alerts as Prometheus' and Alertmanager's own programs take them."""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest
import yaml

from testbed import servers
from testbed.processes import wait_until
from tests.support.repository import ROOT

pytestmark = pytest.mark.real

ALERTS = ROOT / "alerts"
CONFIG = ALERTS / "alertmanager.yml"
TEMPLATES = ALERTS / "templates/*.tmpl"
DATA = Path(__file__).parent / "data/alerts"
ORDERS = {"cluster": "prod", "consumer_group": "orders"}


def run(*command: str | Path) -> str:
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.parametrize("rules", sorted((ALERTS / "rules").glob("*.yml")), ids=lambda file: file.stem)
def test_prometheus_takes_the_rules(rules: Path) -> None:
    count = sum(len(group["rules"]) for group in yaml.safe_load(rules.read_text())["groups"])
    assert f"SUCCESS: {count} rules found" in run("promtool", "check", "rules", rules)


@pytest.mark.parametrize("file", sorted((ALERTS / "tests").glob("*.yml")), ids=lambda file: file.stem)
def test_alerts_fire_and_resolve_when_their_timelines_say(file: Path) -> None:
    assert "SUCCESS" in run("promtool", "test", "rules", file)


def test_the_queries_of_the_runbooks_and_their_commands_can_be_read(tmp_path: Path) -> None:
    pages = [page.read_text() for page in sorted((ROOT / "docs/runbooks").glob("*.md"))]
    queries = [
        query for page in pages for query in re.findall(r"^```promql\n(.+?)^```$", page, re.MULTILINE | re.DOTALL)
    ]
    commands = [
        command for page in pages for command in re.findall(r"^```sh\n(.+?)^```$", page, re.MULTILINE | re.DOTALL)
    ]
    assert len(queries) > 10
    assert len(commands) > 18
    rules = tmp_path / "queries.yml"
    listed = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    rules.write_text(yaml.safe_dump({"groups": [{"name": "runbooks", "rules": listed}]}))
    run("promtool", "check", "rules", rules)
    for command in commands:
        run("bash", "-n", "-c", command)


def test_alertmanager_takes_the_configuration_and_its_templates() -> None:
    checked = run("amtool", "check-config", CONFIG)
    assert "7 inhibit rules" in checked
    assert "1 templates" in checked


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({"severity": "critical", "alertname": "KafkaConsumerGroupStopped", **ORDERS}, "pagerduty,slack"),
        ({"severity": "warning", "alertname": "KafkaConsumerGroupFallingBehind", **ORDERS}, "slack"),
        ({"severity": "info", "alertname": "KafkaConsumerGroupTopicUnsubscribed", **ORDERS}, "slack"),
        ({"severity": "critical", "alertname": "KafkaClusterUnreadable", "cluster": "prod"}, "pagerduty,slack"),
        ({"severity": "critical", "alertname": "BurrowExporterAbsent"}, "pagerduty,slack"),
        ({"severity": "warning", "alertname": "BurrowExporterFailures", "cluster": "prod"}, "slack"),
    ],
    ids=lambda value: value["alertname"] if isinstance(value, dict) else "",
)
def test_what_cannot_wait_pages_and_all_is_told_in_slack(labels: dict[str, str], receivers: str) -> None:
    words = [f"{name}={value}" for name, value in labels.items()]
    assert run("amtool", "config", "routes", "test", "--config.file", CONFIG, *words).strip() == receivers


@pytest.mark.parametrize("sample", sorted(DATA.glob("*.json")), ids=lambda sample: sample.stem)
def test_messages_read_as_they_are_meant_to(sample: Path) -> None:
    """Beside each sample of what Alertmanager hands to a template lies what comes of it."""
    receivers = {receiver["name"]: receiver for receiver in yaml.safe_load(CONFIG.read_text())["receivers"]}
    (slack,) = receivers["slack"]["slack_configs"]
    (pagerduty,) = receivers["pagerduty"]["pagerduty_configs"]
    parts = {
        **{f"slack {key}": slack[key] for key in ("title", "color", "title_link", "text")},
        **{f"pagerduty {key}": pagerduty[key] for key in ("description", "client_url", "component", "group", "class")},
        **{f"pagerduty {key}": text for key, text in pagerduty["details"].items()},
        **{f"pagerduty {link['text']}": link["href"] for link in pagerduty["links"]},
    }
    glob = f"--template.glob={TEMPLATES}"
    data = f"--template.data={sample}"
    message = "".join(
        f"== {name}\n{run('amtool', 'template', 'render', glob, f'--template.text={text}', data).rstrip()}\n"
        for name, text in parts.items()
    )
    assert message == sample.with_suffix(".txt").read_text()


def alert(name: str, **labels: str) -> dict[str, str]:
    return {"alertname": name, **labels}


def muted(folder: Path, *alerts: dict[str, str]) -> set[str]:
    """The names of the alerts that Alertmanager, with the routes and inhibitions of the configuration, mutes."""
    config = yaml.safe_load(CONFIG.read_text())
    del config["templates"], config["global"]
    config["receivers"] = [{"name": receiver["name"]} for receiver in config["receivers"]]
    # Alertmanager takes note of what mutes others a moment after it takes the alerts, one after the other.
    last = [
        alert("KafkaClusterUnreadable", severity="critical", cluster="last"),
        alert("KafkaConsumerGroupStopped", severity="critical", status="STOP", cluster="last", consumer_group="last"),
    ]
    with servers.alertmanager(folder, yaml.safe_dump(config)) as server:
        now = datetime.now(UTC)
        times = {"startsAt": now.isoformat(), "endsAt": (now + timedelta(hours=1)).isoformat()}
        body = json.dumps([{"labels": labels, **times} for labels in [*alerts, *last]]).encode()
        with closing(HTTPConnection(server.address, timeout=10)) as connection:
            connection.request("POST", "/api/v2/alerts", body, {"Content-Type": "application/json"})
            assert connection.getresponse().status == 200

        def mute() -> list[dict[str, str]]:
            known = json.loads(servers.get(f"{server.url}/api/v2/alerts")[1])
            return [each["labels"] for each in known if each["status"]["inhibitedBy"]]

        wait_until(lambda: last[1] in mute(), 30, "Alertmanager to have taken note of all alerts")
        return {labels["alertname"] for labels in mute() if labels not in last}


def test_an_error_mutes_the_warnings_of_its_own_group_and_of_no_other(tmp_path: Path) -> None:
    assert muted(
        tmp_path,
        alert("KafkaConsumerGroupStopped", severity="critical", status="STOP", **ORDERS),
        alert("KafkaConsumerGroupFallingBehind", severity="warning", status="WARN", **ORDERS),
        alert("KafkaConsumerGroupRetentionMarginLow", severity="warning", **ORDERS),
        alert("KafkaConsumerGroupLagHigh", severity="warning", cluster="prod", consumer_group="payments"),
        alert("KafkaConsumerGroupNotCatchingUp", severity="warning", cluster="test", consumer_group="orders"),
    ) == {"KafkaConsumerGroupFallingBehind"}


def test_a_cluster_that_cannot_be_read_mutes_its_groups_and_those_of_no_other(tmp_path: Path) -> None:
    assert muted(
        tmp_path,
        alert("KafkaClusterUnreadable", severity="critical", cluster="prod"),
        alert("KafkaConsumerGroupStopped", severity="critical", status="STOP", **ORDERS),
        alert(
            "KafkaConsumerGroupStalled", severity="critical", status="STALL", cluster="test", consumer_group="orders"
        ),
    ) == {"KafkaConsumerGroupStopped"}


def test_labels_that_are_missing_on_both_sides_mute_nothing(tmp_path: Path) -> None:
    assert (
        muted(
            tmp_path,
            alert("KafkaClusterUnreadable", severity="critical"),
            alert("KafkaConsumerGroupStopped", severity="critical", status="STOP"),
            alert("KafkaConsumerGroupFallingBehind", severity="warning", status="WARN"),
        )
        == set()
    )


def test_an_exporter_that_is_down_mutes_the_clusters_that_are_missing_because_of_it(tmp_path: Path) -> None:
    assert muted(
        tmp_path,
        alert("BurrowExporterDown", severity="critical", job="kafka-burrow-exporter", instance="a:8000"),
        alert("KafkaClusterUnreported", severity="critical", job="kafka-burrow-exporter", cluster="prod"),
        alert("KafkaClusterUnreadable", severity="critical", cluster="test"),
        alert("KafkaConsumerGroupStopped", severity="critical", status="STOP", **ORDERS),
    ) == {"KafkaClusterUnreported", "KafkaConsumerGroupStopped"}


def test_an_exporter_that_is_down_mutes_no_cluster_of_another_job(tmp_path: Path) -> None:
    assert (
        muted(
            tmp_path,
            alert("BurrowExporterDown", severity="critical", job="burrow-dev", instance="a:8000"),
            alert("KafkaClusterUnreported", severity="critical", job="burrow-prod", cluster="prod"),
        )
        == set()
    )


def test_many_groups_in_error_mute_the_single_ones_of_their_cluster(tmp_path: Path) -> None:
    assert muted(
        tmp_path,
        alert("KafkaClusterManyGroupsInError", severity="critical", cluster="prod"),
        alert("KafkaConsumerGroupStopped", severity="critical", status="STOP", **ORDERS),
        alert("KafkaConsumerGroupRecordsLost", severity="critical", cluster="prod", consumer_group="payments"),
        alert("KafkaConsumerGroupInError", severity="critical", status="ERR", cluster="test", consumer_group="orders"),
    ) == {"KafkaConsumerGroupStopped"}
