"""The alerting rules, runbooks and Alertmanager configuration, as far as no program is needed to read them."""

from __future__ import annotations

import re
from itertools import chain
from typing import Any

import pytest
import yaml

from exporter.core.evaluation import EvaluationSettings
from exporter.metrics.catalogue import CATALOGUE
from tests.support.repository import ROOT

RULES = ROOT / "alerts/rules/kafka-burrow-exporter.yml"
RUNBOOKS = ROOT / "docs/runbooks"
SETTINGS = "burrow-settings"

GROUPS: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"]
RECORDED = [rule for group in GROUPS for rule in group["rules"] if "record" in rule]
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in GROUPS for rule in group["rules"] if "alert" in rule
}
TIMELINES = [
    test for file in sorted((ROOT / "alerts/tests").glob("*.yml")) for test in yaml.safe_load(file.read_text())["tests"]
]
HOLD_TIMES: dict[str, str] = next(
    rule["labels"] for rule in RECORDED if rule["record"] == "burrow:alert_hold_times:info"
)
NAME = re.compile(r"\b(?:\w+:)?burrow_\w+(?::\w+)?|\bburrow:\w+:\w+")

# Served where the configuration can be read again.
OF_RELOADING = {"burrow_exporter_config_last_reload_successful"}
SERVED = {family.name for family in CATALOGUE} | OF_RELOADING


each_alert = pytest.mark.parametrize("name", sorted(ALERTS))


@each_alert
def test_an_alert_says_how_grave_it_is_what_it_means_and_where_to_look(name: str) -> None:
    alert = ALERTS[name]
    said = alert["annotations"]
    assert alert["labels"]["severity"] in {"critical", "warning", "info"}
    assert said["summary"].endswith(")." if "(" in said["summary"] else ".")
    assert "{{" not in said["summary"]
    assert "{{" in said["description"] or name == "BurrowExporterAbsent"
    assert said["runbook_url"].endswith(f"/{name}.md")
    assert "/d/kafka-burrow-" in said["dashboard_url"]
    assert ("page_url" in said) == name.startswith("KafkaConsumerGroup")


@each_alert
def test_an_alert_has_a_runbook_with_commands_to_paste(name: str) -> None:
    page = (RUNBOOKS / f"{name}.md").read_text()
    assert page.startswith(f"# {name}\n")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == ["Meaning", "Impact", "Diagnosis", "Mitigation"]
    sections = re.split(r"^## .+$", page, flags=re.MULTILINE)[1:]
    assert all(section.strip() for section in sections)
    assert re.search(r"^```(sh|promql)\n.+?^```$", sections[2], re.MULTILINE | re.DOTALL)


@each_alert
def test_a_runbook_sets_every_name_that_its_commands_use(name: str) -> None:
    page = (RUNBOOKS / f"{name}.md").read_text()
    lines = chain.from_iterable(re.findall(r"^```sh\n(.+?)^```$", page, re.MULTILINE | re.DOTALL))
    unset, known = set(), set()
    for line in "".join(lines).splitlines():
        known |= set(re.findall(r"\b([A-Z]+)=", line))
        unset |= set(re.findall(r"\$([A-Z]+)", line)) - known
    assert unset == set()


def test_there_is_no_runbook_without_an_alert_and_no_link_between_them_is_broken() -> None:
    pages = {page.stem: page.read_text() for page in RUNBOOKS.glob("*.md")}
    assert set(pages) == set(ALERTS)
    links = set(chain.from_iterable(re.findall(r"\]\((\w+)\.md\)", text) for text in pages.values()))
    assert links <= set(ALERTS)


def test_the_guide_lists_every_alert_with_its_severity_and_hold_time() -> None:
    guide = (ROOT / "docs/alerting.md").read_text()
    rows = re.findall(r"^\| \[(\w+)\]\(runbooks/(\w+)\.md\) \| (\w+) \| .+ \| (\d+) min \|$", guide, re.MULTILINE)
    assert rows == [
        (name, name, alert["labels"]["severity"], alert["for"].removesuffix("m")) for name, alert in ALERTS.items()
    ]


def test_every_metric_in_the_rules_and_runbooks_is_served_or_recorded() -> None:
    texts = [RULES.read_text(), *(page.read_text() for page in RUNBOOKS.glob("*.md"))]
    found = set(chain.from_iterable(NAME.findall(text) for text in texts))
    # A pattern of two metrics is no name.
    assert len(found) > 40
    assert found - SERVED - {rule["record"] for rule in RECORDED} == set()


def test_every_recorded_series_is_used() -> None:
    uses = " ".join(
        str(text)
        for group in GROUPS
        for rule in group["rules"]
        for text in (rule["expr"], *rule.get("annotations", {}).values())
    )
    informs = {"burrow:alert_hold_times:info"}  # it is where the anchors are
    unused = {rule["record"] for rule in RECORDED if rule["record"] not in uses}
    assert unused == informs


def test_every_hold_time_is_set_at_the_top_of_the_file_and_used() -> None:
    text = RULES.read_text()
    top, rest = text.split("- name: burrow-consumer-groups")
    assert GROUPS[0]["name"] == SETTINGS
    named = set(re.findall(r"^ +(\w+): &\1 \d+[smh]$", top, re.MULTILINE))
    held = re.findall(r"^ +(?:for|keep_firing_for): (.+)$", rest, re.MULTILINE)
    assert {time.removeprefix("*") for time in held} == named
    assert all(time.startswith("*") for time in held)
    assert all({"for", "keep_firing_for"} <= alert.keys() for alert in ALERTS.values())


def test_hold_times_outlast_the_time_for_which_windows_are_young() -> None:
    judged = EvaluationSettings()
    minutes = {key: int(value.removesuffix("m")) for key, value in HOLD_TIMES.items()}
    start = 60
    for name in ("error", "warn"):
        assert minutes[f"{name}_keep_firing_for"] * 60 > judged.window + start
    assert minutes["error_keep_firing_for"] > minutes["error_for"]
    (young,) = (rule["expr"] for rule in RECORDED if rule["record"] == "burrow:young_verdict:seconds")
    assert float(young.removeprefix("vector(").removesuffix(")")) > judged.window


def test_every_threshold_is_set_at_the_top_of_the_file() -> None:
    numbers = {
        name: set(re.findall(r"[<>=]=? *(-?[\d.]+)", str(alert["expr"]))) - {"0"} for name, alert in ALERTS.items()
    }
    # 4 is STOP; up and down again are 2 changes, and a segment that is deleted makes the margin fall once; the rest
    # are settings' shares of others.
    assert {name: found for name, found in numbers.items() if found} == {
        "KafkaConsumerGroupTopicUnsubscribed": {"4"},
        "KafkaConsumerGroupTopicAbandoned": {"4", "1"},
        "KafkaConsumerGroupInError": {"1", "2"},
        "KafkaConsumerGroupRetentionMarginLow": {"0.2", "1"},
        "KafkaClusterUnsteady": {"2"},
        "BurrowExporterUnsteady": {"2"},
    }


def test_no_alert_rests_on_a_number_of_messages() -> None:
    expressions = " ".join(str(rule["expr"]) for group in GROUPS for rule in group["rules"])
    counts = {
        "burrow_kafka_consumer_lag_total",
        "burrow_kafka_consumer_max_lag",
        "burrow_kafka_consumer_partition_lag",
        "burrow_kafka_consumer_topic_lag",
    }
    assert counts & set(NAME.findall(expressions)) == set()
    assert "burrow_kafka_consumer_partition_lag" in RULES.read_text()  # it is told, not judged


@each_alert
def test_an_alert_has_timelines_in_which_it_fires_and_in_which_it_does_not(name: str) -> None:
    steps = [
        (test["name"], bool(step["exp_alerts"]))
        for test in TIMELINES
        for step in test.get("alert_rule_test", [])
        if step["alertname"] == name
    ]
    changes = {test: [fires for of, fires in steps if of == test] for test, _ in steps}
    assert any(fires[0] is False and True in fires for fires in changes.values())
    assert any(True in fires and fires[-1] is False for fires in changes.values())


def test_the_templates_that_alertmanager_is_told_to_use_are_there() -> None:
    defined = re.findall(r'define "([\w.]+)"', (ROOT / "alerts/templates/kafka-burrow-exporter.tmpl").read_text())
    texts = [path.read_text() for path in (ROOT / "alerts/alertmanager.yml", *(ROOT / "alerts/templates").iterdir())]
    used = set(chain.from_iterable(re.findall(r'template "([\w.]+)"', text) for text in texts))
    assert sorted(defined) == sorted(used)


def test_inhibition_by_equal_labels_demands_that_they_be_there() -> None:
    for rule in yaml.safe_load((ROOT / "alerts/alertmanager.yml").read_text())["inhibit_rules"]:
        for label in rule.get("equal", []):
            for side in ("source_matchers", "target_matchers"):
                assert f'{label} =~ ".+"' in rule[side], rule


def test_inhibition_speaks_of_alerts_that_exist() -> None:
    text = (ROOT / "alerts/alertmanager.yml").read_text()
    named = set(re.findall(r"\b(?:Kafka(?:ConsumerGroup|Cluster)|BurrowExporter)[A-Z]\w+", text))
    assert named
    assert named <= set(ALERTS)


def test_no_secret_is_in_the_configuration_itself() -> None:
    text = (ROOT / "alerts/alertmanager.yml").read_text()
    assert re.findall(r"^ *-? *(\w*(?:url|key|token|password)\w*):", text, re.MULTILINE) == [
        "slack_api_url_file",
        "routing_key_file",
        "client_url",
    ]
